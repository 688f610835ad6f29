#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/problem/case.h"
#include "harness/run/store.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/cli/wrong_image.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::flashdiff;
using test::lines_of;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// Where figures are those of one kernel.
const std::string one = "flash_forward_simt";
const std::string sound_case =
    "fd1 b=2 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=5,17 kv=70,64 mask=causal_br data=rising seed=0x2a";

class Program : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  const std::string store_ = (folder_.path() / "run.db").string();

  [[nodiscard]] std::vector<CaseRecord> stored() const {
    std::vector<CaseRecord> records;
    const auto store = Store::open_readonly(store_);
    EXPECT_TRUE(store) << store.error().what;
    if (!store) return records;
    EXPECT_TRUE(store->for_each_case([&](CaseRecord r) { records.push_back(std::move(r)); }));
    return records;
  }
  /// While somebody else may still be writing, or not have begun.
  [[nodiscard]] bool holds_cases() const {
    if (!std::filesystem::exists(store_)) return false;
    const auto store = Store::open_readonly(store_);
    bool any = false;
    return store && store->for_each_case([&](const CaseRecord&) { any = true; }) && any;
  }
};

TEST_F(Program, EveryCommandHelpsWithAnExample) {
  for (const char* command : {"check", "repro", "report", "backends", "devices", "bench"}) {
    const auto said = flashdiff({command, "--help"});
    EXPECT_EQ(said.code, 0) << command;
    EXPECT_THAT(said.out, HasSubstr("Example")) << command;
  }
  EXPECT_THAT(flashdiff({"--help"}).out,
              AllOf(HasSubstr("Exit codes"), HasSubstr("check"), Not(HasSubstr("worker"))));
  EXPECT_THAT(flashdiff({"--version"}).out, StartsWith("flashdiff 0."));
}

TEST_F(Program, ASoundKernelPassesAndEveryCaseIsStored) {
  const auto said =
      flashdiff({"check", "--corpus", "none", "--cases", "60", "--seed", "4", "--layout", "left,packed",
                 "--page", "0", "--dtype", "f16", "--backend", one, "--store", store_});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, IsEmpty());
  EXPECT_THAT(said.err, AllOf(HasSubstr("seed 4"), HasSubstr("PASS: 60 cases judged, 0 failed"),
                              Not(HasSubstr("\x1b"))));
  const auto records = stored();
  ASSERT_THAT(records, SizeIs(60));
  for (const CaseRecord& record : records) {
    EXPECT_THAT(record.line,
                AllOf(AnyOf(HasSubstr("lay=left"), HasSubstr("lay=packed")), HasSubstr("dt=f16")));
    EXPECT_THAT(record.device, HasSubstr("softcuda"));
  }
  const auto run = Store::open_readonly(store_)->runs().value()[0];
  EXPECT_TRUE(run.finished);
  EXPECT_EQ(run.context.seed, 4u);
  for (const std::string& field :
       {run.context.flashdiff_version, run.context.commit, run.context.host, run.context.cpu, run.context.os,
        run.context.compiler, run.context.nvcc, run.context.device, run.context.driver,
        run.context.command_line, run.context.started_utc})
    EXPECT_FALSE(field.empty());
}

TEST_F(Program, TheSameSeedDrawsTheSameCasesWhateverTheJobs) {
  const auto lines = [this](const char* jobs) {
    fs::remove(store_);
    EXPECT_EQ(flashdiff({"check", "--corpus", "none", "--cases", "30", "--seed", "9", "--backend", one,
                         "--jobs", jobs, "--store", store_})
                  .code,
              0);
    std::map<std::uint64_t, std::string> by_index;
    for (const CaseRecord& record : stored()) by_index[record.index] = record.line;
    return by_index;
  };
  EXPECT_EQ(lines("1"), lines("3"));
}

TEST_F(Program, HeadDimsAbove128AreDrawnWhereTheyAreAskedFor) {
  const auto largest = [this](std::vector<std::string> asked) {
    fs::remove(store_);
    asked.insert(asked.begin(), {"check", "--corpus", "none", "--cases", "40", "--seed", "4", "--dtype",
                                 "f16", "--backend", "flash_forward", "--store", store_});
    const auto said = flashdiff(asked);
    EXPECT_EQ(said.code, 0) << said.err;
    int largest = 0;
    for (const CaseRecord& record : stored()) {
      const Problem p = parse_case(record.line).value().problem;
      largest = std::max({largest, p.d_qk, p.d_v});
    }
    return largest;
  };
  EXPECT_LE(largest({}), 128);
  EXPECT_GT(largest({"--largest-head-dim", "256"}), 192);
}

TEST_F(Program, AWrongKernelIsFoundMadeSmallAndReproduced) {
  const std::string mutant = test::wrong_image_option();
  const auto said = flashdiff({"check", "--corpus", "none", "--cases", "40", "--seed", "3", "--backend", one,
                               "--image", mutant, "--store", store_});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err, AllOf(HasSubstr("FAIL"), HasSubstr("made smaller in"), HasSubstr("repro 'fd1 ")));
  const auto lines = lines_of(said.out);
  ASSERT_FALSE(lines.empty());
  for (const std::string& line : lines) {
    const auto c = parse_case(line);
    ASSERT_TRUE(c) << line;
    EXPECT_LE(c->problem.batch(), 2);
  }
  const auto wrong = flashdiff({"repro", lines[0], "--backend", one, "--image", mutant});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.out,
              AllOf(HasSubstr("mismatch"), HasSubstr("worst"), HasSubstr("budget"), HasSubstr("where")));
  EXPECT_EQ(flashdiff({"repro", lines[0], "--backend", one}).code, 0) << "the kernel itself is right there";
}

TEST_F(Program, ReproTellsAPassAndTakesALineWithoutQuotes) {
  const auto said = flashdiff({"repro", sound_case, "--backend", "flash_forward_simt,reference"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out,
              AllOf(HasSubstr("flash_forward_simt on"), HasSubstr("reference on cpu"), HasSubstr("budget")));
  std::vector<std::string> words{"repro", "--backend", one, "--json"};
  std::istringstream stream(sound_case);
  for (std::string word; stream >> word;) words.push_back(word);
  const auto told = json::parse(flashdiff(words).out);
  EXPECT_EQ(told["verdict"]["kind"], "pass");
  EXPECT_EQ(told["case"], print(parse_case(sound_case).value()));
}

TEST_F(Program, WhatTheKernelDoesNotTakeIsNotJudged) {
  const auto said = flashdiff(
      {"repro", "fd1 b=1 hq=1 hk=1 d=256 dv=256 dt=f32 lay=left q=2 kv=2 mask=none data=normal seed=0x1"});
  EXPECT_EQ(said.code, 5) << "not judged is not passed";
  EXPECT_THAT(said.out, HasSubstr("unsupported"));
}

/// flash_decode takes none of 17 queries: whom nobody has named need not.
TEST_F(Program, OneKernelThatJudgesIsEnoughWhereNobodyWasNamed) {
  const std::string prefill =
      "fd1 b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=17 kv=17 mask=none data=normal seed=0x1";
  const auto all = flashdiff({"repro", prefill});
  EXPECT_EQ(all.code, 0) << all.out << all.err;
  EXPECT_THAT(all.out, HasSubstr("flash_decode on flashdiff softcuda (sm_80): unsupported"));
  EXPECT_EQ(flashdiff({"repro", prefill, "--backend", "flash_forward,flash_decode"}).code, 5);
}

/// With the reference they are three or more; a planted bug stands alone, whoever is asked first.
TEST_F(Program, ReproTellsWhoAgreesWithWhom) {
  const std::string line =
      "fd1 b=1 hq=1 hk=1 d=32 dv=32 dt=f16 lay=right q=2 kv=66 mask=none data=normal seed=0x1";
  const auto all = flashdiff({"repro", line, "--backend", "flash_forward,flash_forward_simt,flash_decode"});
  EXPECT_EQ(all.code, 0) << all.out << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("who agrees with whom"),
                             HasSubstr("reference and flash_decode: agree"), HasSubstr("all agree")));
  std::string f32 = line;
  f32.replace(f32.find("dt=f16"), 6, "dt=f32");  // which the planted bug's image has an entry for
  const auto wrong = flashdiff(
      {"repro", f32, "--backend", "flash_forward_simt,openvino", "--image", test::wrong_image_option()});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.out, AllOf(HasSubstr("reference and flash_forward_simt: DISAGREE"),
                               HasSubstr("flash_forward_simt alone is contradicted by all")));
  EXPECT_THAT(flashdiff({"repro", line, "--backend", "flash_forward"}).out, Not(HasSubstr("who agrees")));
}

TEST_F(Program, ACaptureRunsThroughAllLayouts) {
  const auto said = flashdiff({"check", "--activations", "properties/data/minilm_layer5.safetensors",
                               "--cases", "64", "--store", store_});
  EXPECT_EQ(said.code, 0) << said.err;
  std::map<std::string, int> paddings;
  for (const CaseRecord& record : stored()) ++paddings[name_of(parse_case(record.line)->layout.padding)];
  EXPECT_THAT(paddings, SizeIs(4));
}

TEST_F(Program, ChosenCasesComeFirstAndNamedOnesAreAll) {
  const std::string file = (folder_.path() / "my.cases").string();
  std::ofstream(file) << "# why\n" << sound_case << '\n';
  const auto named = flashdiff({"check", "--corpus", file, "--backend", one, "--store", store_});
  EXPECT_EQ(named.code, 0) << named.err;
  EXPECT_THAT(named.err, AllOf(HasSubstr("1 chosen case of " + file), HasSubstr("PASS: 1 case judged")));
  ASSERT_THAT(stored(), SizeIs(1));
  EXPECT_EQ(stored()[0].line, print(parse_case(sound_case).value()));
  const auto both = flashdiff(
      {"check", "--corpus", file, "--cases", "3", "--seed", "5", "--backend", one, "--store", store_});
  EXPECT_THAT(both.err, HasSubstr("3 random cases, seed 5"));
  EXPECT_THAT(stored(), SizeIs(1 + 1 + 3));
  const auto own = flashdiff({"check", "--cases", "2", "--seed", "5", "--mask", "window", "--backend", one});
  EXPECT_EQ(own.code, 0) << own.err;
  EXPECT_THAT(own.err, HasSubstr(" chosen cases of flashdiff's own, 2 random cases, seed 5"));
  std::ofstream(file) << "\nfd1 b=two\n";
  const auto wrong = flashdiff({"check", "--corpus", file});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr(file + ":2: "));
  EXPECT_THAT(lines_of(wrong.err), SizeIs(1));
}

TEST_F(Program, ClassifyShowsEveryClassDrawnOrNot) {
  const auto said = flashdiff({"check", "--corpus", "none", "--cases", "50", "--seed", "1", "--layout",
                               "left", "--backend", one, "--classify"});
  EXPECT_EQ(said.code, 0);
  const auto lines = lines_of(said.out);
  EXPECT_THAT(lines, ::testing::Contains(AllOf(HasSubstr("50"), HasSubstr("100"), HasSubstr("left"))));
  EXPECT_THAT(lines, ::testing::Contains(AllOf(HasSubstr(" 0 "), HasSubstr("packed"))));
  EXPECT_THAT(lines, ::testing::Contains(
                         AllOf(HasSubstr("phase x layout: 5 of 20; none: "), HasSubstr("decode packed"))));
}

TEST_F(Program, APassIsAskedByNameOrByWhoComputesIt) {
  for (const auto& [arguments, pass] :
       {std::pair<std::vector<std::string>, std::string>{{"--pass", "append"}, "append"},
        {{"--backend", "append_kv,reference"}, "append"},
        {{"--backend", "flash_backward", "--dtype", "f16"}, "backward"}}) {
    fs::remove(store_);
    std::vector<std::string> words{"check",  "--corpus", "none",       "--cases", "20",
                                   "--seed", "6",        "--classify", "--store", store_};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto said = flashdiff(words);
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_THAT(said.err, AllOf(HasSubstr("20 random " + pass + " cases, seed 6"), HasSubstr(" 0 failed")));
    EXPECT_THAT(lines_of(said.out), ::testing::Contains(AllOf(HasSubstr("100"), HasSubstr(pass))));
    for (const CaseRecord& record : stored()) EXPECT_THAT(record.line, HasSubstr("pass=" + pass));
  }
}

TEST_F(Program, APassThatNobodyNamedComputesIsRefused) {
  for (const auto& [arguments, words] :
       {std::pair<std::vector<std::string>, std::string>{
            {"--pass", "backward", "--backend", "flash_backward,append_kv"},
            "--backend append_kv (append): expected one that computes the backward pass, as --pass says"},
        {{"--backend", "flash_forward,flash_backward"},
         "--backend flash_forward (forward), flash_backward (backward): expected backends that compute the "
         "same "
         "pass"},
        {{"--pass", "backward", "--activations", "properties/data/minilm_layer5.safetensors"},
         "--activations with the backward pass: expected forward, of which captures are"},
        {{"--backend", "append_kv", "--mask", "causal_br"},
         "--mask with the append pass: expected no mask, it has no scores"},
        {{"--pass", "sideways"}, "sideways"}}) {
    std::vector<std::string> line{"check", "--cases", "5", "--store", store_};
    line.insert(line.end(), arguments.begin(), arguments.end());
    const auto said = flashdiff(line);
    EXPECT_EQ(said.code, 2) << words;
    EXPECT_THAT(said.err, HasSubstr(words));
    EXPECT_THAT(lines_of(said.err), SizeIs(1)) << said.err;
    EXPECT_FALSE(fs::exists(store_));
  }
}

TEST_F(Program, CtrlCEndsTheRunAndLosesNothing) {
  const auto said = test::flashdiff_with_signal({"check", "--time", "10m", "--seed", "1", "--store", store_},
                                                SIGINT, [this] { return holds_cases(); });
  EXPECT_EQ(said.code, 5) << said.err;
  EXPECT_THAT(said.err, AllOf(HasSubstr("INCOMPLETE"), HasSubstr("interrupted")));
  ASSERT_FALSE(stored().empty());
  EXPECT_FALSE(Store::open_readonly(store_)->runs().value()[0].finished);
  const auto report = flashdiff({"report", store_, "-o", (folder_.path() / "site").string()});
  EXPECT_EQ(report.code, 0);
  EXPECT_THAT(report.err, StartsWith("INCOMPLETE"));
}

TEST_F(Program, AKillLeavesAStoreThatCanBeReadAndAddedTo) {
  EXPECT_EQ(test::flashdiff_with_signal(
                {"check", "--time", "10m", "--seed", "1", "--backend", one, "--store", store_}, SIGKILL,
                [this] { return holds_cases(); })
                .code,
            -SIGKILL);
  const std::size_t before = stored().size();
  EXPECT_GT(before, 0u);
  EXPECT_EQ(flashdiff({"check", "--corpus", "none", "--cases", "5", "--seed", "2", "--backend", one,
                       "--store", store_})
                .code,
            0);
  EXPECT_THAT(stored(), SizeIs(before + 5));
}

TEST_F(Program, AReportIsWrittenAndItsPathsPrinted) {
  ASSERT_EQ(flashdiff({"check", "--cases", "40", "--seed", "3", "--image", test::wrong_image_option(),
                       "--store", store_})
                .code,
            1);
  const auto said = flashdiff({"report", store_, "-o", (folder_.path() / "site").string()});
  EXPECT_EQ(said.code, 0) << "a report tells, check judges";
  EXPECT_THAT(said.err, StartsWith("FAIL: flash_forward_simt is wrong"));
  const auto paths = lines_of(said.out);
  ASSERT_THAT(paths, SizeIs(3));
  for (const std::string& path : paths) {
    std::ifstream file(path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_THAT(text, AllOf(HasSubstr("repro"), HasSubstr("--image"), HasSubstr("tail_keys_scored_zero")))
        << path << ": a repro without the image would run another kernel";
  }
  EXPECT_EQ(flashdiff({"report", store_, "-o", "/proc/site"}).code, 2);
}

TEST_F(Program, ColoursOnlyWhereTheyAreWanted) {
  const std::vector<std::string> check{"check",  "--corpus", "none",      "--cases", "5",
                                       "--seed", "1",        "--backend", one};
  EXPECT_THAT(flashdiff(check, {"FORCE_COLOR=1"}).err, HasSubstr("\x1b["));
  EXPECT_THAT(flashdiff(check, {"FORCE_COLOR=1", "NO_COLOR=1"}).err, Not(HasSubstr("\x1b[")));
  auto always = check;
  always.insert(always.end(), {"--color", "always"});
  EXPECT_THAT(flashdiff(always, {"NO_COLOR=1"}).err, HasSubstr("\x1b["));
}

TEST_F(Program, WithoutADeviceNothingRunsAndThatIsSaid) {
  if (flashdiff({"devices"}).out.find("gpu   none") == std::string::npos)
    GTEST_SKIP() << "SKIPPED: there is a GPU here";
  const auto said = flashdiff({"check", "--device", "gpu", "--cases", "1", "--store", store_});
  EXPECT_EQ(said.code, 5);
  EXPECT_THAT(lines_of(said.err), SizeIs(1));
  EXPECT_THAT(said.err, HasSubstr("libcuda.so.1"));
  EXPECT_FALSE(fs::exists(store_)) << "no empty run is left behind";
  const auto backends = flashdiff({"backends", "--device", "gpu"});
  EXPECT_THAT(backends.out, AllOf(HasSubstr("because"), HasSubstr("libcuda.so.1")));
}

TEST_F(Program, BenchWritesGoogleBenchmarksJson) {
  const std::string out = (folder_.path() / "bench.json").string();
  const auto said = flashdiff({"bench", "--filter",
                               "reference/64_keys_d32/forward|flash_forward_simt/prefill_256_d64_f16_causal",
                               "--min-time", "0.01", "-o", out});
  EXPECT_EQ(said.code, 0) << said.err;
  std::ifstream file(out);
  const json told = json::parse(file);
  EXPECT_FALSE(told["context"]["flashdiff_commit"].get<std::string>().empty());
  ASSERT_EQ(told["benchmarks"].size(), 2u);
  EXPECT_GT(told["benchmarks"][0]["of_eigen_gemm"], 0.0);
  EXPECT_GT(told["benchmarks"][1]["warp_instructions"], 100'000.0);
}

TEST_F(Program, ABenchmarkThatIsNotThereIsNoSuccess) {
  const auto said = flashdiff({"bench", "--filter", "no_such_benchmark"});
  EXPECT_EQ(said.code, 5);
  EXPECT_THAT(said.err, HasSubstr("no_such_benchmark"));  // Google Benchmark's own words
}

TEST(ProcessorCheck, AnotherProcessorIsSaidInASentence) {
  const auto said = test::run_program({FLASHDIFF_BINARY_DIR "/of_another_processor"}, {});
  EXPECT_EQ(said.code, 3);
  EXPECT_THAT(said.err, AllOf(HasSubstr("built for another processor"), HasSubstr("avx512er"),
                              HasSubstr("./run build")));
  EXPECT_THAT(lines_of(said.err), SizeIs(1));
}

}  // namespace
}  // namespace flashdiff
