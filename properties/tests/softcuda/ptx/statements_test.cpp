#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/softcuda/ptx/parsed.h"

/// Bodies: scopes, labels, guards, calls, tables of branches.
namespace softcuda::ptx {
namespace {

TEST(Statements, GuardsNameAPredicate) {
  const Function entry = entry_of("@%p1 add.s32 %r1, %r2, %r3;\n@!%p2 bra DONE;\nDONE: ret;");
  EXPECT_EQ(entry.registers[static_cast<std::size_t>(entry.body[0].guard)].name, "%p1");
  EXPECT_FALSE(entry.body[0].guard_negated);
  EXPECT_EQ(entry.registers[static_cast<std::size_t>(entry.body[1].guard)].name, "%p2");
  EXPECT_TRUE(entry.body[1].guard_negated);
  EXPECT_EQ(entry.body[2].guard, -1);
}

TEST(Statements, LabelsAreInstructionNumbersBeforeAndBehindTheirUse) {
  const Function entry = entry_of("LOOP: add.s32 %r1, %r1, 1;\nbra LOOP;\nbra END;\nret;\nEND:");
  EXPECT_EQ(entry.body[1].operands[0].kind, OperandKind::label);
  EXPECT_EQ(entry.body[1].operands[0].index, 0);
  EXPECT_EQ(entry.body[2].operands[0].index, 4);  // behind the last instruction
  EXPECT_EQ(entry.body.size(), 4u);
  EXPECT_EQ(entry.labels.size(), 2u);
}

TEST(Statements, AScopeHidesTheNamesOfTheOuterOne) {
  const Function entry = entry_of(
      "mov.b32 %r1, 1;\n"
      "{ .reg .b32 %r1; .reg .pred p; mov.b32 %r1, 2; @p mov.b32 %r1, %r2; }\n"
      "{ .reg .b32 %r1; .reg .pred p; mov.b32 %r1, 3; @p mov.b32 %r1, %r2; }\n"
      "mov.b32 %r1, 4;");
  const auto target = [&](std::size_t i) { return entry.body[i].operands[0].index; };
  EXPECT_EQ(target(0), target(5));
  EXPECT_EQ(target(1), target(2));
  EXPECT_EQ(target(3), target(4));
  EXPECT_NE(target(0), target(1));
  EXPECT_NE(target(1), target(3));
  EXPECT_EQ(entry.body[2].operands[1].index, entry.body[4].operands[1].index);  // %r2 is the outer one
  EXPECT_NE(entry.body[2].guard, entry.body[4].guard);
}

TEST(Statements, LabelsAreLocalToTheirScope) {
  const Function entry = entry_of(
      "{ WAIT: nanosleep.u32 20; bra WAIT; }\n"
      "{ WAIT: nanosleep.u32 20; bra WAIT; bra OUT; }\n"
      "OUT: ret;");
  EXPECT_EQ(entry.body[1].operands[0].index, 0);
  EXPECT_EQ(entry.body[3].operands[0].index, 2);
  EXPECT_EQ(entry.body[4].operands[0].index, 5);
}

TEST(Statements, VariablesOfABody) {
  const Function entry = entry_of(
      ".shared .align 16 .b8 tile[4096];\n.local .align 8 .b8 __local_depot0[32];\n.shared .f32 a, b[4];\n"
      "mov.u64 %rd1, __local_depot0;\nst.shared.f32 [b+8], %f1;");
  ASSERT_EQ(entry.variables.size(), 4u);
  EXPECT_EQ(entry.variables[0].space, Space::shared);
  EXPECT_EQ(entry.variables[0].bytes, 4096u);
  EXPECT_EQ(entry.variables[0].align, 16u);
  EXPECT_EQ(entry.variables[1].space, Space::local);
  EXPECT_EQ(entry.variables[2].bytes, 4u);
  EXPECT_EQ(entry.variables[3].bytes, 16u);
  EXPECT_EQ(entry.variables[3].align, 4u);
  EXPECT_EQ(entry.body[0].operands[1].owner, SymbolOwner::function_variable);
  EXPECT_EQ(entry.body[0].operands[1].index, 1);
  EXPECT_EQ(entry.body[1].operands[0].elements[0].index, 3);
}

TEST(Statements, ACallWithItsParameterBlocks) {
  const Module module = module_of(
      ".extern .func (.param .b32 func_retval0) vprintf(.param .b64 vprintf_param_0, .param .b64 "
      "vprintf_param_1);\n"
      ".func late(.param .b32 x) { ret; }\n"
      ".entry k() {\n .reg .b32 %r<2>; .reg .b64 %rd<3>;\n"
      "{ .param .b64 param0; .param .b64 param1; .param .b32 retval0;\n"
      "st.param.b64 [param0+0], %rd1;\ncall.uni (retval0),\nvprintf,\n(\nparam0,\nparam1\n);\n"
      "ld.param.b32 %r1, [retval0+0]; }\n ret; }");
  const Function& entry = module.functions.at(2);
  const Instruction& call = entry.body.at(1);
  EXPECT_EQ(call.opcode, "call");
  ASSERT_EQ(call.operands.size(), 3u);
  EXPECT_EQ(call.operands[0].kind, OperandKind::vector);
  EXPECT_EQ(call.operands[0].elements.at(0).owner, SymbolOwner::function_variable);
  EXPECT_EQ(call.operands[1].kind, OperandKind::function);
  EXPECT_EQ(call.operands[1].index, 0);
  EXPECT_EQ(call.operands[2].elements.size(), 2u);
  EXPECT_TRUE(module.functions[0].is_declared_only);
  EXPECT_EQ(module.functions[0].returns.size(), 1u);
}

TEST(Statements, ACallOfAFunctionDefinedFurtherDownWithoutResult) {
  const Module module = module_of(
      ".func later(.param .b64 a, .param .b32 b);\n"
      ".entry k() { .param .b64 p0; .param .b32 p1; call.uni later, (p0, p1); ret; }\n"
      ".func later(.param .b64 a, .param .b32 b) { .reg .b64 %rd<2>; ld.param.b64 %rd1, [a]; ret; }");
  ASSERT_EQ(module.functions.size(), 2u);
  const Instruction& call = module.functions[1].body.at(0);
  EXPECT_EQ(call.operands.at(0).kind, OperandKind::function);
  EXPECT_EQ(call.operands[0].index, 0);
  EXPECT_FALSE(module.functions[0].is_declared_only);
  EXPECT_EQ(module.functions[0].body.at(0).operands.at(1).elements.at(0).owner, SymbolOwner::parameter);
}

TEST(Statements, AFunctionsResultCountsOnBehindItsParameters) {
  const Module module = module_of(
      ".func (.param .b32 out) f(.param .b64 a, .param .b32 b) { .reg .b32 %r<2>; st.param.b32 [out+0], %r1; "
      "ret; }");
  const Operand& out = module.functions.at(0).body.at(0).operands.at(0).elements.at(0);
  EXPECT_EQ(out.owner, SymbolOwner::parameter);
  EXPECT_EQ(out.index, 2);
}

TEST(Statements, ATableOfBranches) {
  const Function entry = entry_of(
      "$L_brx_0: .branchtargets A, B, A;\nbrx.idx %r1, $L_brx_0;\nA: ret;\nB: mov.b32 %r1, 1;\nret;");
  ASSERT_EQ(entry.tables.size(), 1u);
  EXPECT_THAT(entry.tables[0].targets, ::testing::ElementsAre(1, 2, 1));
  const Operand& table = entry.body.at(0).operands.at(1);
  EXPECT_EQ(table.kind, OperandKind::symbol);
  EXPECT_EQ(table.owner, SymbolOwner::table);
  EXPECT_EQ(table.index, 0);
}

TEST(Statements, PragmasAndEmptyStatementsAreNoInstructions) {
  EXPECT_EQ(entry_of(".pragma \"nounroll\";\n;;\n.pragma \"used_bytes_mask 240\";\nret;").body.size(), 1u);
}

TEST(Statements, AnInstructionKnowsItsLineOfText) {
  const Function entry = entry_of("ret;\n\n@%p1\n bra\n END;\nEND: ret;");
  const int first = entry.body[0].ptx_line;
  EXPECT_EQ(entry.body[1].ptx_line, first + 3);  // where the opcode stands
  EXPECT_EQ(entry.body[2].ptx_line, first + 5);
}

TEST(Statements, LocNamesTheSourceOfWhatFollows) {
  const Module module = module_of(
      ".file 1 \"/src/a.cu\"\n.file 2 \"/src/b.cuh\", 1700000000, 1234\n"
      ".entry k() {\n .reg .b32 %r<2>;\n ret;\n .loc 1 10 5\n mov.b32 %r1, 1;\n mov.b32 %r1, 2;\n"
      " .loc 2 7 3, function_name $L__info_string0, inlined_at 1 10 5\n mov.b32 %r1, 3;\n"
      "$L__tmp0: .loc 1 11 1\n ret; }\n"
      ".section .debug_str {\n$L__info_string0:\n.b8 115,113,117,97,114,101,0\n}\n");
  EXPECT_EQ(module.files.at(1), "/src/a.cu");
  EXPECT_EQ(module.files.at(2), "/src/b.cuh");
  const auto& body = module.functions.at(0).body;
  EXPECT_EQ(body[0].source, -1);
  EXPECT_EQ(body[1].source, body[2].source);
  const SourceLine& outer = module.lines.at(static_cast<std::size_t>(body[1].source));
  EXPECT_EQ(outer.file, 1);
  EXPECT_EQ(outer.line, 10);
  EXPECT_EQ(outer.inlined_at, -1);
  const SourceLine& inner = module.lines.at(static_cast<std::size_t>(body[3].source));
  EXPECT_EQ(inner.file, 2);
  EXPECT_EQ(inner.line, 7);
  EXPECT_EQ(inner.function, "square");
  EXPECT_EQ(inner.inlined_at, body[1].source);
  EXPECT_EQ(module.lines.at(static_cast<std::size_t>(body[4].source)).line, 11);
}

/// Tables of strings are most of what a compiler writes for -lineinfo, and read in a way of their own.
TEST(Statements, NamesOfInlinedFunctionsAreReadHoweverTheirBytesAreWritten) {
  for (const char* bytes :
       {".b8 115,113,117,97,114,101,0", ".b8 115 ,\t113, 117\n,97,\n114,101,0",
        ".b8 0x73,113,117U,0141,114,101", ".b8 115,113,117\n.b8 97,0,114,0145 // the end\n",
        ".b8 115,113,117,97,114,101\n.b32 0"}) {
    const Module module =
        module_of(fmt::format(".entry k() {{\n .reg .b32 %r<2>;\n .loc 2 7 3, function_name "
                              "$L__info_string1, inlined_at 1 10 5\n mov.b32 %r1, 3;\n ret; }}\n"
                              ".section .debug_str {{\n$L__info_string0:\n.b8 "
                              "110,111,0\n$L__info_string1:\n{}\n$L__info_string2:\n.b8 110,111\n}}\n",
                              bytes));
    const auto source = static_cast<std::size_t>(module.functions.at(0).body.at(0).source);
    EXPECT_EQ(module.lines.at(source).function, "square") << bytes;
  }
}

}  // namespace
}  // namespace softcuda::ptx
