#include "harness/compare/counters.h"

#include <fstream>

#include <gmock/gmock.h>

#include "properties/tests/run/temporary_folder.h"

namespace flashdiff::compare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Counters : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
    return folder_.path() / name;
  }
  [[nodiscard]] static std::string bench(const std::string& entries) {
    return R"({"context": {"host_name": "vm"}, "benchmarks": [)" + entries + "]}";
  }
  [[nodiscard]] CounterChanges changes(const std::string& base, const std::string& next,
                                       double threshold = 0) const {
    return compare_counters(read_bench_file(file("base.json", bench(base))).value().counters,
                            read_bench_file(file("next.json", bench(next))).value().counters, threshold);
  }
  test::TemporaryFolder folder_;
};

const std::string kLoop =
    R"({"name": "figures/k/loop", "run_type": "iteration", "iterations": 1, "real_time": 5.0, "cpu_time": 5.0,
        "wavefronts_over_ideal": 1.0, "registers": 250, "blocks_a_multiprocessor": 2, "bound_tflops_A100": 200.0})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(Counters, ThatAreTheSameAreCleanWhateverTheClockSays) {
  const CounterChanges same = changes(kLoop, with(kLoop, "\"real_time\": 5.0", "\"real_time\": 9.0"));
  EXPECT_EQ(same.compared, 4);
  EXPECT_EQ(same.equal, 4);
  EXPECT_THAT(same.changed, IsEmpty());
}

TEST_F(Counters, ThoseOfAGpusClockAreNotHeldToTheLastOnes) {
  const std::string timed =
      R"({"name": "gpu/k/d64", "run_type": "iteration", "real_time": 5.0, "watts": 600.0})";
  const CounterChanges same =
      changes(kLoop + "," + timed, kLoop + "," + with(timed, "\"watts\": 600.0", "\"watts\": 700.0"));
  EXPECT_EQ(same.compared, 4);
  EXPECT_THAT(same.changed, IsEmpty());
  EXPECT_THAT(changes(kLoop, kLoop + "," + timed).only_next, IsEmpty());
}

TEST_F(Counters, MoreIsWorseButOfBoundsAndBlocks) {
  for (const auto& [from, to, worse] : std::vector<std::tuple<std::string, std::string, bool>>{
           {"\"wavefronts_over_ideal\": 1.0", "\"wavefronts_over_ideal\": 6.8", true},
           {"\"registers\": 250", "\"registers\": 240", false},
           {"\"blocks_a_multiprocessor\": 2", "\"blocks_a_multiprocessor\": 1", true},
           {"\"bound_tflops_A100\": 200.0", "\"bound_tflops_A100\": 210.0", false}}) {
    const CounterChanges one = changes(kLoop, with(kLoop, from, to));
    ASSERT_THAT(one.changed, SizeIs(1));
    EXPECT_EQ(one.changed[0].worse, worse) << to;
    EXPECT_EQ(one.worse(), worse ? 1 : 0);
  }
}

TEST_F(Counters, MayBeWorseByTheThreshold) {
  const std::string next = with(kLoop, "\"registers\": 250", "\"registers\": 252");
  EXPECT_EQ(changes(kLoop, next).worse(), 1);
  EXPECT_EQ(changes(kLoop, next, 0.01).worse(), 0);
  EXPECT_EQ(changes(kLoop, next, 0.007).worse(), 1);
  const std::string zero = with(kLoop, "\"registers\": 250", "\"spill_bytes\": 0");
  EXPECT_EQ(changes(zero, with(zero, "\"spill_bytes\": 0", "\"spill_bytes\": 4"), 0.5).worse(), 1)
      << "of nothing, any";
}

TEST_F(Counters, OfBenchmarksThatCameOrWentAreNamed) {
  const std::string other = with(kLoop, "figures/k/loop", "figures/k/other");
  const CounterChanges c =
      changes(kLoop + "," + other, kLoop + "," + with(kLoop, "figures/k/loop", "figures/k/new"));
  EXPECT_THAT(c.only_base, ElementsAre("figures/k/other"));
  EXPECT_THAT(c.only_next, ElementsAre("figures/k/new"));
  EXPECT_EQ(c.compared, 4);
  const CounterChanges failed = changes(kLoop, with(kLoop, "\"iterations\": 1", "\"error_occurred\": true"));
  EXPECT_THAT(failed.only_base, ElementsAre("figures/k/loop")) << "what did not run has no counters";
}

TEST_F(Counters, OfAnotherFileAreBadInput) {
  for (const char* text : {"", "{", "[]", R"({"benchmarks": {}})", R"({"benchmarks": [{}]})",
                           R"({"benchmarks": [{"name": 5}]})"}) {
    const auto read = read_bench_file(file("bad.json", text));
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(read.error().what, HasSubstr("bad.json"));
  }
  EXPECT_THAT(read_bench_file("/nowhere.json").error().what, HasSubstr("/nowhere.json: cannot be read"));
}

TEST_F(Counters, ThatATimedBenchmarkHasAreNotExactAndNotCompared) {
  const std::string timed = with(kLoop, "figures/k/loop", "softcuda/k/seq2048");
  const CounterChanges none = changes(timed, with(timed, "\"registers\": 250", "\"registers\": 251"));
  EXPECT_EQ(none.compared, 0);
}

TEST_F(Counters, NamesAreWithoutWhatGoogleBenchmarkPutsBehindThem) {
  EXPECT_EQ(plain_name("figures/k/d64/seq2048/iterations:1"), "figures/k/d64/seq2048");
  EXPECT_EQ(plain_name("check/k/repeats:10/iterations:1"), "check/k");
  EXPECT_EQ(plain_name("softcuda/iterations/seq2048/iterations:1/process_time"),
            "softcuda/iterations/seq2048/process_time");
}

}  // namespace
}  // namespace flashdiff::compare
