#include <cstring>

#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Modules that must not load, with every reason in a line of its own.
namespace softcuda::testing {
namespace {

using Lines = std::vector<std::string>;

TEST(Loader, EveryUnsupportedInstructionIsNamed) {
  EXPECT_EQ(refused(kernel_text("frobnicate.u32 %r5, %r6;\nadd.wild.u32 %r5, %r6, 1;\nret;")),
            (Lines{"m.ptx:9: `frobnicate.u32`: no such instruction is supported, in kernel `k`",
                   "m.ptx:10: `add.wild.u32`: modifier `.wild` is not supported, in kernel `k`"}));
}

TEST(Loader, OperandsMustFitTheirTypes) {
  for (const char* wrong :
       {"add.u32 %r5, %rd1, 1;", "add.u32 5, %r5, 1;", "add.u64 %rd5, %r5, %rd1;", "and.pred %p1, %r1, %p2;",
        "ld.global.u64 %r5, [%rd1];", "ld.global.u32 %r5, [%r6];", "mul.wide.u32 %r5, %r6, %r7;",
        "selp.b32 %r5, %r6, %r7, %r8;", "ld.global.v2.u32 {%r5, %rd1}, [%rd1];", "mov.b32 %h1, %r1;",
        "cvt.u32.u64 %r1, %r2;", "st.param.u32 [out], %r1;", "mov.u32 %r5, %nothing;"}) {
    const Lines why = refused(kernel_text(std::string(wrong) + " ret;"));
    ASSERT_FALSE(why.empty()) << wrong;
    EXPECT_NE(why[0].find("m.ptx:9: "), std::string::npos) << wrong << " -> " << why[0];
  }
}

/// A kernel whose parameters are an array of words and `out`: thread t stores word t + `first`.
std::string with_parameters(std::uint32_t words, std::uint32_t first) {
  return ".version 8.1\n.target sm_80\n.address_size 64\n.visible .entry k(.param .align 4 .b8 all[" +
         std::to_string(4 * words) +
         "],\n.param .u64 out)\n{\n.reg .b32 %r<4>; .reg .b64 %rd<8>;\n"
         "ld.param.u64 %rd1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 4; mov.b64 %rd3, all;\n"
         "add.s64 %rd3, %rd3, %rd2; add.s64 %rd1, %rd1, %rd2;\nld.param.u32 %r2, [%rd3+" +
         std::to_string(4 * first) + "]; st.global.u32 [%rd1], %r2; ret;\n}\n";
}

/// 4,096 bytes, as every toolkit takes, and what CUDA 12.1 and later take: the last words arrive.
TEST(Loader, ParametersMayBeLarge) {
  for (const std::uint32_t words : {1022u, 1024u, 8188u}) {
    const auto image = loaded(with_parameters(words, words - 32));
    ASSERT_NE(image, nullptr);
    const OnDevice<std::uint32_t> out(std::vector<std::uint32_t>(32));
    std::vector<std::byte> bytes(image->kernel("k")->parameter_bytes);
    ASSERT_EQ(bytes.size(), 4 * words + 8);
    for (std::uint32_t k = 0; k < words; ++k) std::memcpy(bytes.data() + 4 * k, &k, 4);
    const std::uint64_t address = out.address();
    std::memcpy(bytes.data() + 4 * words, &address, 8);
    ASSERT_TRUE(machine().launch(*image->kernel("k"), {1, 1, 1}, {32, 1, 1}, 0, bytes));
    for (std::uint32_t t = 0; t < 32; ++t) EXPECT_EQ(out.values()[t], words - 32 + t);
  }
}

TEST(Loader, ParametersAboveTheLimitAreRefused) {
  EXPECT_EQ(refused(with_parameters(8190, 0)),
            (Lines{"m.ptx:0: 32768 bytes of parameters, where a kernel takes at most 32764, in kernel `k`"}));
}

/// Found by properties/fuzz/: nothing has been drafted when the first instruction is wrong.
TEST(Loader, AWrongBarrierMayComeFirst) {
  const Lines why = refused(
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k() {\n.reg .b64 %d<2>;\n"
      "bar.sync %d1;\nret;\n}\n");
  ASSERT_FALSE(why.empty());
  EXPECT_NE(why[0].find("m.ptx:6: "), std::string::npos) << why[0];
}

TEST(Loader, CallsOfUndefinedAndRecursiveFunctions) {
  const std::string head = ".version 8.0\n.target sm_80\n.address_size 64\n";
  const Lines undefined =
      refused(head + ".extern .func nobody();\n.visible .entry k() { call nobody; ret; }");
  ASSERT_EQ(undefined.size(), 1u);
  EXPECT_NE(undefined[0].find("`nobody`, which the module does not define"), std::string::npos)
      << undefined[0];
  const Lines recursive = refused(
      head + ".func again();\n.func again() { call again; ret; }\n.visible .entry k() { call again; ret; }");
  ASSERT_FALSE(recursive.empty());
  EXPECT_NE(recursive[0].find("recursive"), std::string::npos) << recursive[0];
}

TEST(Loader, VariablesAreFreedWithTheirImage) {
  const std::uint64_t before = machine().memory().used_bytes();
  {
    const auto image =
        loaded(kernel_text("ret;", ".global .align 8 .b8 space[1000];\n.global .u32 one = 1;\n"));
    ASSERT_TRUE(image);
    EXPECT_EQ(machine().memory().used_bytes(), before + 1004);
    ASSERT_NE(image->variable("one"), nullptr);
    EXPECT_EQ(image->variable("space")->bytes, 1000u);
    std::uint32_t one = 0;
    EXPECT_TRUE(machine().memory().copy_out(&one, image->variable("one")->address, 4));
    EXPECT_EQ(one, 1u);
  }
  EXPECT_EQ(machine().memory().used_bytes(), before);
}

}  // namespace
}  // namespace softcuda::testing
