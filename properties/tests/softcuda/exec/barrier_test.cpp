#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;
const std::string kArea = ".shared .align 4 .b8 s[4096];\n";

/// Threads that have exited are not waited for.
TEST(Barrier, GoesOnWithoutExitedThreads) {
  const auto got =
      run_kernel(kernel_text("setp.ge.u32 %p1, %r4, 70; @%p1 ret; bar.sync 0; st.global.u32 [%rd1], 9; ret;"),
                 std::vector<u32>(128, 1), 1, 128);
  ASSERT_EQ(got.size(), 128u);
  for (u32 t = 0; t < 128; ++t) EXPECT_EQ(got[t], t < 70 ? 9u : 1u);
}

/// Threads that exit while the others already wait.
TEST(Barrier, CompletesWhenTheRestExits) {
  const auto got = run_kernel(
      kernel_text(
          "setp.lt.u32 %p1, %r4, 64; @%p1 bra wait; ret;\nwait: bar.sync 0; st.global.u32 [%rd1], 9; ret;"),
      std::vector<u32>(128, 1), 1, 128);
  ASSERT_EQ(got.size(), 128u);
  EXPECT_EQ(got[0], 9u);
  EXPECT_EQ(got[127], 1u);
}

/// Lanes of one warp that come to the barrier by two ways count one by one (sm_70 and later).
TEST(Barrier, LanesOfAWarpMayArriveApart) {
  const auto got = run_kernel(
      kernel_text("mov.u64 %rd4, s; mul.wide.u32 %rd5, %r4, 4; add.s64 %rd4, %rd4, %rd5; st.shared.u32 "
                  "[%rd4], %r4; and.b32 %r5, %r4, 1;"
                  "setp.eq.u32 %p1, %r5, 0; @%p1 bra even; barrier.sync 0; mov.u32 %r6, 100; bra "
                  "both;\neven: barrier.sync 0; mov.u32 %r6, 200;\n"
                  "both: ld.shared.u32 %r7, [s+252]; add.u32 %r6, %r6, %r7; st.global.u32 [%rd1], %r6; ret;",
                  kArea),
      std::vector<u32>(64, 0), 1, 64);
  ASSERT_EQ(got.size(), 64u);
  for (u32 t = 0; t < 64; ++t) EXPECT_EQ(got[t], (t % 2 == 0 ? 200u : 100u) + 63);
}

/// A producer warp arrives and does not wait; consumers sync with it.
TEST(Barrier, ArriveDoesNotWait) {
  const auto got = run_kernel(
      kernel_text(
          "setp.ge.u32 %p1, %r4, 32; @%p1 bra consumer; st.shared.u32 [s], 41; bar.arrive 2, 64; bra done;\n"
          "consumer: bar.sync 2, 64;\ndone: bar.sync 0; ld.shared.u32 %r5, [s]; st.global.u32 [%rd1], %r5; "
          "ret;",
          kArea),
      std::vector<u32>(64, 0), 1, 64);
  EXPECT_EQ(got, std::vector<u32>(64, 41));
}

/// A barrier in a loop whose trip count is the same for all; values go around the block.
TEST(Barrier, InALoop) {
  const auto got = run_kernel(
      kernel_text(
          "mov.u64 %rd4, s; mul.wide.u32 %rd5, %r4, 4; add.s64 %rd6, %rd4, %rd5; add.u32 %r5, %r4, 1; "
          "rem.u32 %r5, %r5, %r3; mul.wide.u32 %rd5, %r5, 4;"
          "add.s64 %rd7, %rd4, %rd5; mov.u32 %r6, %r4; mov.u32 %r7, 0;\nagain: st.shared.u32 [%rd6], %r6; "
          "bar.sync 0; ld.shared.u32 %r6, [%rd7]; bar.sync 0;"
          "add.u32 %r7, %r7, 1; setp.lt.u32 %p1, %r7, 10; @%p1 bra again; st.global.u32 [%rd1], %r6; ret;",
          kArea),
      std::vector<u32>(192, 0), 1, 192);
  ASSERT_EQ(got.size(), 192u);
  for (u32 t = 0; t < 192; ++t) EXPECT_EQ(got[t], (t + 10) % 192);
}

/// A guarded barrier: the guard is uniform in each warp.
TEST(Barrier, UnderAGuard) {
  const auto got = run_kernel(kernel_text("setp.lt.u32 %p1, %r4, 64; @%p1 bar.sync 1, 64; @!%p1 bar.sync 2, "
                                          "32; st.global.u32 [%rd1], 3; ret;"),
                              std::vector<u32>(96, 0), 1, 96);
  EXPECT_EQ(got, std::vector<u32>(96, 3));
}

/// A warp that waits for another one's store, without a barrier.
TEST(Warps, TakeTurns) {
  const auto got = run_kernel(
      kernel_text("setp.ge.u32 %p1, %r4, 32; @%p1 bra writer;\nspin: ld.volatile.global.u32 %r5, [%rd2]; "
                  "setp.eq.u32 %p2, %r5, 0; @%p2 bra spin;\n"
                  "st.global.u32 [%rd2+4], 8; ret;\nwriter: st.volatile.global.u32 [%rd2], 1; ret;"),
      std::vector<u32>(2, 0), 1, 64);
  EXPECT_EQ(got, (std::vector<u32>{1, 8}));
}

/// Lanes of one warp: one waits for a flag that another one sets behind the loop.
TEST(Lanes, TakeTurns) {
  const auto got =
      run_kernel(kernel_text("setp.eq.u32 %p1, %r4, 31; @%p1 bra writer;\nspin: ld.volatile.global.u32 %r5, "
                             "[%rd2]; setp.eq.u32 %p2, %r5, 0; @%p2 bra spin;\nbra done;\n"
                             "writer: st.volatile.global.u32 [%rd2], 5;\ndone: ret;"),
                 std::vector<u32>(1, 0));
  EXPECT_EQ(got, std::vector<u32>{5});
}

}  // namespace
}  // namespace softcuda::testing
