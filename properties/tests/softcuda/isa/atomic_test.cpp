#include <algorithm>
#include <functional>
#include <numeric>

#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Against the same operations one after the other: on one place they commute, or are tested lane by lane.
namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;

/// `red`/`atom` by 4 blocks of 64 threads on out[0], operand: the thread's number times 3 plus 1.
u32 all_on_one(const std::string& instruction, u32 start) {
  const auto got = run_kernel(kernel_text("mad.lo.u32 %r5, %r1, 3, 1; " + instruction + " [%rd2], %r5; ret;"),
                              std::vector<u32>{start}, 4, 64);
  return got.empty() ? 0 : got[0];
}
u32 folded(u32 start, const std::function<u32(u32, u32)>& f) {
  for (u32 t = 0; t < 256; ++t) start = f(start, 3 * t + 1);
  return start;
}

TEST(Atomic, ReductionsOfManyBlocks) {
  EXPECT_EQ(all_on_one("red.global.add.u32", 5), folded(5, std::plus<u32>()));
  EXPECT_EQ(all_on_one("red.global.max.u32", 5), 766u);
  EXPECT_EQ(all_on_one("red.global.min.s32", 5), 1u);
  EXPECT_EQ(all_on_one("red.global.xor.b32", 5), folded(5, std::bit_xor<u32>()));
  EXPECT_EQ(all_on_one("red.global.or.b32", 0), folded(0, std::bit_or<u32>()));
  EXPECT_EQ(all_on_one("red.relaxed.gpu.global.and.b32", ~0u), folded(~0u, std::bit_and<u32>()));
  EXPECT_EQ(all_on_one("atom.global.add.u32 %r6,", 5), folded(5, std::plus<u32>()));
  EXPECT_EQ(all_on_one("atom.add.release.gpu.u32 %r6,", 5), folded(5, std::plus<u32>()));
}

TEST(Atomic, OldValuesAreEachOnce) {
  auto got = run_kernel(
      kernel_text("atom.global.add.u32 %r5, [%rd2], 1; bar.sync 0; st.global.u32 [%rd1+4], %r5; ret;"),
      std::vector<u32>(257, 0), 1, 256);
  ASSERT_EQ(got.size(), 257u);
  std::vector<u32> old(got.begin() + 1, got.end());
  std::ranges::sort(old);
  std::vector<u32> wanted(256);
  std::iota(wanted.begin(), wanted.end(), 0u);
  EXPECT_EQ(old, wanted);
}

/// inc wraps behind b, dec below 0 or above b to b; each lane has a place of its own.
TEST(Atomic, WrappingCounters) {
  std::vector<u32> start(32);
  std::iota(start.begin(), start.end(), 0u);
  const auto up = run_kernel(kernel_text("atom.global.inc.u32 %r5, [%rd1], 9; ret;"), start);
  const auto down = run_kernel(kernel_text("atom.global.dec.u32 %r5, [%rd1], 9; ret;"), start);
  ASSERT_EQ(up.size(), 32u);
  for (u32 k = 0; k < 32; ++k) {
    EXPECT_EQ(up[k], k >= 9 ? 0 : k + 1);
    EXPECT_EQ(down[k], k == 0 || k > 9 ? 9 : k - 1);
  }
}

TEST(Atomic, CompareAndSwapLocksInShared) {
  // A lock in shared memory around an increment that is no atomic: every thread of four warps gets in once.
  const auto got = run_kernel(
      kernel_text(
          "setp.ne.u32 %p1, %r4, 0; @%p1 bra ready; st.shared.u32 [lock], 0; st.shared.u32 [lock+4], "
          "0;\nready: bar.sync 0;\n"
          "again: atom.shared.cas.b32 %r5, [lock], 0, 1; setp.ne.u32 %p2, %r5, 0; @%p2 bra again;\n"
          "ld.shared.u32 %r6, [lock+4]; add.u32 %r6, %r6, 1; st.shared.u32 [lock+4], %r6; membar.cta;\n"
          "atom.shared.exch.b32 %r7, [lock], 0; bar.sync 0; ld.shared.u32 %r8, [lock+4]; st.global.u32 "
          "[%rd1], %r8; ret;",
          ".shared .align 4 .b8 lock[8];\n"),
      std::vector<u32>(128, 0), 1, 128);
  EXPECT_EQ(got, std::vector<u32>(128, 128));
}

TEST(Atomic, Floats) {
  const auto got = run_kernel(kernel_text("mov.u32 %r5, 0x3e800000; red.global.add.f32 [%rd2], %r5; "
                                          "atom.shared.exch.b32 %r6, [f], 0; bar.sync 0;"
                                          "red.shared.add.f32 [f], %r5; bar.sync 0; ld.shared.u32 %r6, [f]; "
                                          "st.global.u32 [%rd2+4], %r6; ret;",
                                          ".shared .align 4 .b8 f[4];\n"),
                              std::vector<float>{1.0f, 0.0f}, 1, 64);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0], 17.0f);
  EXPECT_EQ(got[1], 16.0f);
}

}  // namespace
}  // namespace softcuda::testing
