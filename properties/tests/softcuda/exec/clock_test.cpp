#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// %clock, %clock64, %globaltimer and their halves: instructions issued, and time slept.
namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;

/// A kernel that stores %r10, of one block of a warp.
u32 told(const std::string& body) {
  const auto got = run_kernel(kernel_text(body + "st.global.u32 [%rd1], %r10; ret;"), std::vector<u32>(32));
  for (const u32 value : got) EXPECT_EQ(value, got[0]);
  return got[0];
}

TEST(Clock, CountsInstructionsSinceTheBlockStarted) {
  EXPECT_EQ(told("mov.u32 %r10, %clock;"), 7u) << "what kernel_text puts before it";
  EXPECT_EQ(told("add.u32 %r5, %r1, 1; add.u32 %r5, %r5, 1; mov.u32 %r10, %globaltimer_lo;"), 9u);
}

/// Ten rounds of three instructions, and the move itself.
TEST(Clock, CountsRoundsOfALoop) {
  EXPECT_EQ(told("mov.u32 %r5, 0; mov.u32 %r6, %clock;\n"
                 "again: add.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, 10; @%p1 bra again;\n"
                 "mov.u32 %r7, %clock; sub.u32 %r10, %r7, %r6;"),
            31u);
}

TEST(Clock, CountsBothSidesOfABranch) {
  EXPECT_EQ(told("mov.u32 %r6, %clock; setp.lt.u32 %p1, %r4, 5; @%p1 bra few; add.u32 %r7, %r7, 1; bra "
                 "both;\nfew: add.u32 %r7, %r7, 2;\nboth: mov.u32 %r7, %clock; sub.u32 %r10, %r7, %r6;"),
            6u);
}

TEST(Clock, CountsWhatWasSlept) {
  EXPECT_EQ(told("mov.u32 %r6, %clock; and.b32 %r7, %r4, 3; nanosleep.u32 %r7; mov.u32 %r7, %clock; sub.u32 "
                 "%r10, %r7, %r6;"),
            3u + 3u)
      << "the longest of the lanes";
}

TEST(Clock, HasTwoHalves) {
  const std::string sleep_much = "mov.u32 %r5, 0xffffffff; nanosleep.u32 %r5; ";
  EXPECT_EQ(told(sleep_much + "mov.u32 %r10, %clock_hi;"), 1u);
  EXPECT_EQ(told(sleep_much + "mov.u32 %r10, %clock;"), 8u) << "nine instructions, less 1";
  EXPECT_EQ(told(sleep_much + "mov.u32 %r10, %globaltimer_hi;"), 1u);
  EXPECT_EQ(told(sleep_much + "mov.u64 %rd5, %clock64; shr.u64 %rd5, %rd5, 32; cvt.u32.u64 %r10, %rd5;"), 1u);
}

/// A loop that waits for its time to pass ends.
TEST(Clock, RunsOutForWhoWaits) {
  EXPECT_GE(told("mov.u64 %rd5, %globaltimer; add.u64 %rd6, %rd5, 10000;\n"
                 "wait: mov.u64 %rd7, %globaltimer; setp.lt.u64 %p1, %rd7, %rd6; @%p1 bra wait;\n"
                 "sub.u64 %rd7, %rd7, %rd5; cvt.u32.u64 %r10, %rd7;"),
            10000u);
}

/// Blocks on other host threads, other warps before this one, detectors or none: the same.
TEST(Clock, IsTheSameHoweverTheLaunchIsRun) {
  const std::string text = kernel_text(
      ".reg .pred %q; mov.u32 %r5, 0;\nagain: add.u32 %r5, %r5, 1; setp.lt.u32 %q, %r5, %r4; @%q bra again;\n"
      "bar.sync 0; mov.u32 %r10, %clock; st.global.u32 [%rd1], %r10; ret;");
  std::vector<std::vector<u32>> all;
  for (const unsigned threads : {1u, 3u}) {
    for (const bool looked_at : {false, true}) {
      for (const auto order : {exec::WarpOrder::round_robin, exec::WarpOrder::reversed}) {
        const WithSettings some([&](auto& s) {
          s.threads = threads;
          s.checks.race = s.checks.init = looked_at;
          s.warp_order = order;
        });
        all.push_back(run_kernel(text, std::vector<u32>(512), 8, 64));
      }
    }
  }
  for (const auto& one : all) EXPECT_EQ(one, all[0]);
  for (u32 block = 1; block < 8; ++block) EXPECT_EQ(all[0][block * 64], all[0][0]);
}

}  // namespace
}  // namespace softcuda::testing
