#include <bit>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/softcuda/ptx/parsed.h"

/// Every form that an operand takes ("Instruction Operands", PTX ISA 6).
namespace softcuda::ptx {
namespace {

TEST(Operands, ARegisterIsItsNumber) {
  const Function entry = entry_of("add.s32 %r1, %r2, %r3;");
  for (int i = 0; i < 3; ++i) {
    const Operand& operand = entry.body[0].operands[static_cast<std::size_t>(i)];
    ASSERT_EQ(operand.kind, OperandKind::reg);
    EXPECT_EQ(entry.registers[static_cast<std::size_t>(operand.index)].name, "%r" + std::to_string(i + 1));
    EXPECT_EQ(entry.registers[static_cast<std::size_t>(operand.index)].type, Type::b32);
  }
}

TEST(Operands, ASpecialRegisterIsItsName) {
  for (const char* name : {"%tid.x", "%nctaid.z", "%laneid", "%lanemask_lt", "%globaltimer", "%clock64"}) {
    const Operand operand = operand_of(name);
    EXPECT_EQ(operand.kind, OperandKind::special) << name;
    EXPECT_EQ(operand.name, name);
  }
}

TEST(Operands, Integers) {
  EXPECT_EQ(operand_of("12").bits, 12u);
  EXPECT_EQ(operand_of("-1").bits, ~std::uint64_t{0});
  EXPECT_EQ(operand_of("0xFFFFFFFF").bits, 0xFFFFFFFFu);
  EXPECT_EQ(operand_of("-9223372036854775808").bits, std::uint64_t{1} << 63);
  EXPECT_EQ(operand_of("WARP_SZ").bits, 32u);
  for (const char* text : {"12", "-1", "0x10", "WARP_SZ"})
    EXPECT_EQ(operand_of(text).kind, OperandKind::integer);
}

TEST(Operands, FloatingPoint) {
  EXPECT_EQ(operand_of("0f3F800000").kind, OperandKind::f32);
  EXPECT_EQ(operand_of("0f3F800000").bits, 0x3F800000u);
  EXPECT_EQ(operand_of("-0f3F800000").bits, 0xBF800000u);
  EXPECT_EQ(operand_of("0d3FF0000000000000").kind, OperandKind::f64);
  EXPECT_EQ(operand_of("0.").kind, OperandKind::f64);
  EXPECT_EQ(operand_of("-1.5").bits, std::bit_cast<std::uint64_t>(-1.5));
}

TEST(Operands, AddressOfARegister) {
  for (const auto& [text, offset] : {std::pair{"[%rd1]", 0},
                                     {"[%rd1+16]", 16},
                                     {"[%rd1+-76]", -76},
                                     {"[%rd1-8]", -8},
                                     {"[ %rd1 + 0 ]", 0},
                                     {"[%rd1+0x10]", 16}}) {
    const Operand operand = operand_of(text);
    ASSERT_EQ(operand.kind, OperandKind::address) << text;
    ASSERT_EQ(operand.elements.size(), 1u);
    EXPECT_EQ(operand.elements[0].kind, OperandKind::reg);
    EXPECT_EQ(static_cast<std::int64_t>(operand.bits), offset) << text;
  }
}

TEST(Operands, AddressOfASymbol) {
  const Operand parameter = operand_of("[block+8]");
  EXPECT_EQ(parameter.elements.at(0).owner, SymbolOwner::parameter);
  EXPECT_EQ(parameter.elements.at(0).index, 1);
  EXPECT_EQ(parameter.bits, 8u);
  const Operand variable = operand_of("[table]");
  EXPECT_EQ(variable.elements.at(0).kind, OperandKind::symbol);
  EXPECT_EQ(variable.elements.at(0).owner, SymbolOwner::module_variable);
  EXPECT_EQ(variable.elements.at(0).index, 1);
}

TEST(Operands, AbsoluteAddress) {
  const Operand operand = operand_of("[64]");
  EXPECT_EQ(operand.kind, OperandKind::address);
  EXPECT_TRUE(operand.elements.empty());
  EXPECT_EQ(operand.bits, 64u);
}

TEST(Operands, AddressOfATensorWithCoordinates) {
  const Operand operand = operand_of("[%rd1, {%r1, %r2}]");
  ASSERT_EQ(operand.elements.size(), 2u);
  EXPECT_EQ(operand.elements[0].kind, OperandKind::reg);
  EXPECT_EQ(operand.elements[1].kind, OperandKind::vector);
  EXPECT_EQ(operand.elements[1].elements.size(), 2u);
}

TEST(Operands, VectorsOfOneAndOfMany) {
  EXPECT_EQ(operand_of("{ %r1 }").elements.size(), 1u);
  const Operand four = operand_of("{%f1, _, 0., 0f3F800000}");
  ASSERT_EQ(four.kind, OperandKind::vector);
  EXPECT_EQ(four.elements[0].kind, OperandKind::reg);
  EXPECT_EQ(four.elements[1].kind, OperandKind::sink);
  EXPECT_EQ(four.elements[2].kind, OperandKind::f64);
  EXPECT_EQ(four.elements[3].kind, OperandKind::f32);
}

TEST(Operands, PairsSinksAndNegatedPredicates) {
  const Instruction shuffle = instruction_of("shfl.sync.bfly.b32 %r1|%p1, %r2, 16, 31, -1;");
  ASSERT_EQ(shuffle.operands.size(), 5u);
  ASSERT_EQ(shuffle.operands[0].kind, OperandKind::pair);
  EXPECT_EQ(shuffle.operands[0].elements.size(), 2u);
  const Operand half_sunk = operand_of("_|%p1");
  EXPECT_EQ(half_sunk.kind, OperandKind::pair);
  EXPECT_EQ(half_sunk.elements.at(0).kind, OperandKind::sink);
  EXPECT_EQ(operand_of("_").kind, OperandKind::sink);
  const Operand negated = operand_of("!%p2");
  EXPECT_EQ(negated.kind, OperandKind::negated);
  EXPECT_EQ(negated.elements.at(0).kind, OperandKind::reg);
}

TEST(Operands, AddressOfAVariableAsAValue) {
  const Instruction move = instruction_of("mov.u64 %rd1, dynamic_shared;");
  EXPECT_EQ(move.operands.at(1).kind, OperandKind::symbol);
  EXPECT_EQ(move.operands.at(1).owner, SymbolOwner::module_variable);
  EXPECT_EQ(move.operands.at(1).index, 0);
}

TEST(Operands, ModifiersStayInTheOrderWritten) {
  using ::testing::ElementsAre;
  EXPECT_THAT(
      instruction_of("ldmatrix.sync.aligned.x4.trans.m8n8.shared.b16 {%r1,%r2,%r3,%r4}, [%r5];").modifiers,
      ElementsAre("sync", "aligned", "x4", "trans", "m8n8", "shared", "b16"));
  EXPECT_THAT(instruction_of("cp.async.cg.shared.global.L2::128B [%r1], [%rd1], 16, %r2;").modifiers,
              ElementsAre("async", "cg", "shared", "global", "L2::128B"));
}

}  // namespace
}  // namespace softcuda::ptx
