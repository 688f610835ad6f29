#include <atomic>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "properties/tests/softcuda/exec/on_machine.h"

/// Blocks on two host threads at once, and the host's own calls beside a launch, with detectors on: for
/// ThreadSanitizer to look at what they share (CMake preset tsan). Results and reports are checked as well.
namespace softcuda::testing {
namespace {

using check::FaultKind;

constexpr std::uint64_t kBlocks = 2, kThreads = 64, kAll = kBlocks * kThreads;

/// Memory that nobody has written, for as long as this lives.
class Unwritten {
 public:
  explicit Unwritten(std::uint64_t bytes) : address_(*machine().memory().allocate(bytes)) {}
  ~Unwritten() { EXPECT_TRUE(machine().memory().free(address_)); }
  Unwritten(const Unwritten&) = delete;
  Unwritten& operator=(const Unwritten&) = delete;
  [[nodiscard]] std::uint64_t address() const { return address_; }

 private:
  std::uint64_t address_;
};

std::vector<float> read_by_all() {
  std::vector<float> values(4 * kThreads);
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(k % 11);
  return values;
}

struct RanBeside {
  std::vector<float> results;
  unsigned counted = 0;
  std::vector<check::Report> reports;
};

/// A launch of neighbours.cu, in memory of its own; `meet`: blocks that wait for each other first.
RanBeside run_neighbours(unsigned meet) {
  static const auto image = compiled("neighbours");
  if (image == nullptr) return {};
  const OnDevice<float> read(read_by_all()), rows(std::vector<float>(kAll + 2));
  const OnDevice<unsigned> counted({0}), here({0});
  const Unwritten unwritten(kThreads * 4), bytes(kAll), words(kAll * 4), vectors(kAll * 16),
      results(kAll * 4);
  EXPECT_EQ(machine().memory().describe({"rows", "", rows.address() + 4, 4, {{"row", kAll, 4}}}), "");
  machine().reset_reports();
  const auto done = machine().launch(
      *image->kernel("neighbours"), {kBlocks, 1, 1}, {kThreads, 1, 1}, 0,
      parameters(read.address(), unwritten.address(), bytes.address(), words.address(), vectors.address(),
                 rows.address(), results.address(), counted.address(), here.address(), std::uint64_t{meet}));
  EXPECT_TRUE(done) << (done ? "" : done.error().fault.report + exec::name_of(done.error().refused));
  RanBeside ran;
  ran.reports = machine().reports();
  ran.results.resize(kAll);
  EXPECT_TRUE(machine().memory().copy_out(ran.results.data(), results.address(), kAll * 4));
  ran.counted = counted.values()[0];
  return ran;
}

std::set<std::pair<FaultKind, std::uint64_t>> kinds_and_counts(const std::vector<check::Report>& reports) {
  std::set<std::pair<FaultKind, std::uint64_t>> all;
  for (const check::Report& report : reports) all.emplace(report.kind, report.count);
  return all;
}

/// Blocks that have met are on two host threads. Race detection runs blocks on one (check/README.md), so it
/// is off where they meet.
TEST(Neighbours, OnTwoHostThreadsAsOnOneWithDetectorsOn) {
  for (const bool late : {false, true}) {
    const WithSettings some([&](auto& s) {
      s.checks = {true, true, true, true, true};
      s.threads = 2;
      s.modes.late_copies = late;
      s.instruction_limit = 1'000'000'000;  // a block that waits in vain ends
    });
    const RanBeside one = run_neighbours(0);
    EXPECT_EQ(one.counted, kAll);
    EXPECT_THAT(kinds_and_counts(one.reports),
                ::testing::UnorderedElementsAre(std::pair(FaultKind::unwritten_value, kAll / 32),
                                                std::pair(FaultKind::padding_read, kBlocks)));
    const WithSettings no_races([](auto& s) { s.checks.race = false; });
    for (int launch = 0; launch < 20; ++launch) {
      const RanBeside two = run_neighbours(kBlocks);
      ASSERT_EQ(two.results, one.results);
      ASSERT_EQ(two.counted, kAll);
      ASSERT_EQ(kinds_and_counts(two.reports), kinds_and_counts(one.reports));
    }
  }
}

/// What another host thread may do while a kernel runs; the kernel works in other memory.
void call_everything(unsigned turn) {
  exec::DeviceMemory& memory = machine().memory();
  const std::vector<float> values(100, static_cast<float>(turn));
  const OnDevice<float> from(values);
  const Unwritten to(400), other(401);
  EXPECT_TRUE(memory.copy(to.address(), from.address(), 400));
  EXPECT_TRUE(memory.copy(to.address() + 1, other.address(), 77));  // takes back what was written
  EXPECT_TRUE(memory.fill(to.address() + 4, turn, 4, 3));
  EXPECT_EQ(memory.describe({"t", "", to.address(), 4, {{"row", 50, 4}}}), "");
  EXPECT_NE(memory.extents().words(to.address(), to.address()), "");
  EXPECT_TRUE(memory.forget_extents(to.address()));
  EXPECT_EQ(from.values(), values);
  machine().set(machine().settings());
  (void)machine().reports();
  (void)machine().footprint();
  (void)machine().counters();
  (void)machine().kernel_counters();
}

TEST(Neighbours, AreNotDisturbedByTheHostsOtherCalls) {
  for (const bool races : {false, true}) {
    const WithSettings some([&](auto& s) {
      s.checks = {races, true, true, true, true};
      s.threads = 2;
    });
    const RanBeside alone = run_neighbours(0);
    std::atomic<bool> over{false};
    std::thread host([&] {
      for (unsigned turn = 0; !over; ++turn) call_everything(turn);
    });
    for (int launch = 0; launch < 20; ++launch) {
      const RanBeside ran = run_neighbours(0);
      EXPECT_EQ(ran.results, alone.results);
      EXPECT_EQ(kinds_and_counts(ran.reports), kinds_and_counts(alone.reports));
    }
    over = true;
    host.join();
  }
}

}  // namespace
}  // namespace softcuda::testing
