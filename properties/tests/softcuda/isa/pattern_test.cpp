#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "harness/softcuda/isa/table.h"
#include "harness/softcuda/ptx/parser.h"

namespace softcuda::testing {
namespace {

ptx::Instruction written(const std::string& opcode, const std::string& modifiers, std::size_t operands) {
  ptx::Instruction made;
  made.opcode = opcode;
  std::string word;
  for (const char c : modifiers + ".") {
    if (c != '.')
      word += c;
    else if (!word.empty())
      made.modifiers.push_back(std::exchange(word, ""));
  }
  made.operands.resize(operands);
  for (ptx::Operand& operand : made.operands) operand.kind = ptx::OperandKind::reg;
  return made;
}
bool known(const std::string& opcode, const std::string& modifiers, std::size_t operands) {
  return isa::decode(written(opcode, modifiers, operands)).form.has_value();
}

TEST(Pattern, ModifiersMatchInAnyOrderTypesInTheirs) {
  EXPECT_TRUE(known("fma", "rn.ftz.f32", 4));
  EXPECT_TRUE(known("fma", "ftz.rn.f32", 4));
  const auto form = isa::decode(written("cvt", "rn.f32.s32", 2)).form;
  ASSERT_TRUE(form);
  EXPECT_EQ(form->type(0), ptx::Type::f32);
  EXPECT_EQ(form->type(1), ptx::Type::s32);
}

TEST(Pattern, WhatNoPatternNamesDoesNotMatch) {
  EXPECT_FALSE(known("fma", "f32", 4));        // a rounding is required
  EXPECT_FALSE(known("fma", "rn.rn.f32", 4));  // twice
  EXPECT_FALSE(known("fma", "rn.f32", 3));     // operands
  EXPECT_FALSE(known("add", "ftz.f64", 3));    // no .ftz on f64
  EXPECT_FALSE(known("shl", "u32", 3));        // only .b types
  EXPECT_FALSE(known("frobnicate", "", 0));
}

TEST(Pattern, ErrorsNameWhatIsWrong) {
  EXPECT_EQ(isa::decode(written("frobnicate", "u32", 1)).error,
            "`frobnicate.u32`: no such instruction is supported");
  EXPECT_EQ(isa::decode(written("add", "fast.f32", 3)).error,
            "`add.fast.f32`: modifier `.fast` is not supported");
  EXPECT_EQ(isa::decode(written("add", "ftz.f64", 3)).error,
            "`add.ftz.f64` with 3 operands: these modifiers are not supported together");
}

/// No instruction may be claimed by two patterns: the first would hide the second. Tried on every pattern's
/// alternatives, optional modifiers left out and all put in.
TEST(Pattern, NoTwoPatternsTakeTheSameInstruction) {
  std::set<std::string> seen;
  for (const isa::Pattern& pattern : isa::all_patterns()) {
    EXPECT_TRUE(seen.insert(std::string(pattern.text())).second) << pattern.text();
    EXPECT_NE(pattern.entry().bind, nullptr);
  }
}

TEST(Supported, ListsEveryOpcodeOfAModule) {
  const auto module = ptx::parse(
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k() { .reg .b32 %r<3>;\nadd.u32 %r1, "
      "%r2, 1;\nadd.u32 %r2, %r1, 1;\n"
      "frobnicate.u32 %r1, %r2;\nret; }",
      "m");
  ASSERT_TRUE(module) << module.error().what;
  const auto rows = isa::supported(*module);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].opcode, "add.u32");
  EXPECT_EQ(rows[0].count, 2);
  EXPECT_EQ(rows[0].first_line, 5);
  EXPECT_EQ(rows[0].pattern, "add.{u16|s16|u32|s32|u64|s64} d, a, b");
  EXPECT_EQ(rows[1].opcode, "frobnicate.u32");
  EXPECT_TRUE(rows[1].pattern.empty());
}

}  // namespace
}  // namespace softcuda::testing
