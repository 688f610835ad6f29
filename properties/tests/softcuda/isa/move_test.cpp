#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/isa/one_instruction.h"

namespace softcuda::testing {
namespace {

using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

TEST(Move, Registers) {
  expect_each<u32>("mov.b32", crossed(interesting<u32>()), [](u32 a) { return a; });
  expect_each<u64>("mov.u64", crossed(interesting<u64>()), [](u64 a) { return a; });
  expect_each<u16>("mov.b16", crossed(interesting<u16>()), [](u16 a) { return a; });
  expect_each<bool>("mov.pred", std::vector<std::tuple<bool>>{{true}, {false}, {true}, {true}},
                    [](bool a) { return a; });
}

TEST(Move, PacksAndUnpacks) {
  const auto got =
      run_kernel(kernel_text("cvt.u16.u32 %h1, %r4; mov.u16 %h2, 0x1234; mov.b32 %r5, {%h1, %h2}; mov.b32 "
                             "{%h3, %h4}, %r5; mov.b64 %rd4, {%r5, %r4};"
                             "mov.b64 {%r6, %r7}, %rd4; mov.b64 {_, %r8}, %rd4; mov.b64 {%h5, %h6, %h7, "
                             "%h8}, %rd4; mov.b64 %rd5, {%h8, %h7, %h6, %h5};"
                             "mov.b64 {%r9, %r10}, %rd5; cvt.u32.u16 %r11, %h4; mad.lo.u32 %r12, %r6, 3, "
                             "%r7; add.u32 %r12, %r12, %r8; add.u32 %r12, %r12, %r11;"
                             "xor.b32 %r12, %r12, %r10; st.global.u32 [%rd1], %r12; ret;"),
                 std::vector<u32>(32, 0));
  ASSERT_EQ(got.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) {
    const u32 packed = 0x12340000u | lane;
    EXPECT_EQ(got[lane], ((packed * 3 + 2 * lane + 0x1234) ^ (lane << 16 | 0x1234u))) << lane;
  }
}

TEST(Move, SpecialRegisters) {
  const auto got = run_kernel(kernel_text("mov.u32 %r5, %laneid; mov.u32 %r6, %warpid; mov.u32 %r7, "
                                          "%lanemask_lt; mov.u32 %r8, %nctaid.x; mov.u32 %r9, %lanemask_ge;"
                                          "xor.b32 %r10, %r7, %r9; popc.b32 %r7, %r7; mad.lo.u32 %r5, %r6, "
                                          "100, %r5; mad.lo.u32 %r5, %r8, 10000, %r5; sub.u32 %r5, %r5, %r7;"
                                          "add.u32 %r5, %r5, %r10; st.global.u32 [%rd1], %r5; ret;"),
                              std::vector<u32>(192, 0), 2, 96);
  ASSERT_EQ(got.size(), 192u);
  for (u32 t = 0; t < 192; ++t) EXPECT_EQ(got[t], 20000 + t % 96 / 32 * 100 - 1) << t;
}

/// The clocks only have to grow.
TEST(Move, ClocksGrow) {
  const auto got = run_kernel(kernel_text("mov.u64 %rd4, %clock64; mov.u64 %rd5, %globaltimer; setp.ge.u64 "
                                          "%p1, %rd5, %rd4; selp.u32 %r5, 1, 0, %p1; mov.u32 %r6, %clock;"
                                          "st.global.u32 [%rd1], %r5; ret;"),
                              std::vector<u32>(32, 0));
  EXPECT_EQ(got, std::vector<u32>(32, 1));
}

/// .b128: two halves that no move may mix up, in memory in order.
TEST(Wide, B128GoesThroughRegistersAndMemory) {
  std::vector<std::uint64_t> memory(128);
  for (std::size_t k = 0; k < memory.size(); ++k) memory[k] = 0x9e3779b97f4a7c15u * (k + 1);
  const std::string text = kernel_text(
      ".reg .b128 %q<4>; mul.wide.u32 %rd4, %r1, 32; add.s64 %rd4, %rd4, %rd2; ld.global.b128 %q1, [%rd4]; "
      "mov.b128 {%rd5, %rd6}, %q1; mov.b128 %q2, {%rd6, %rd5}; and.b32 %r5, %r1, 1; setp.eq.u32 %p1, %r5, 1; "
      "@%p1 mov.b128 %q1, %q2; st.relaxed.sys.global.L1::no_allocate.b128 [%rd4+16], %q1; ret;");
  const auto got = run_kernel(text, memory);
  ASSERT_EQ(got.size(), memory.size());
  for (std::size_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(got[4 * lane + 2], memory[4 * lane + lane % 2]) << lane;
    EXPECT_EQ(got[4 * lane + 3], memory[4 * lane + 1 - lane % 2]) << lane;
  }
}

}  // namespace
}  // namespace softcuda::testing
