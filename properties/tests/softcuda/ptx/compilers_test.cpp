#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/softcuda/ptx/compiled.h"
#include "properties/tests/softcuda/ptx/parsed.h"

/// Whole modules: of this build's nvcc, and in Triton's dialect.
namespace softcuda::ptx {
namespace {

const Function& function_named(const Module& module, std::string_view name) {
  const auto at = std::ranges::find(module.functions, name, &Function::name);
  if (at == module.functions.end()) throw std::runtime_error("no function " + std::string(name));
  return *at;
}
const Variable& variable_named(const std::vector<Variable>& variables, std::string_view name) {
  const auto at = std::ranges::find(variables, name, &Variable::name);
  if (at == variables.end()) throw std::runtime_error("no variable " + std::string(name));
  return *at;
}
std::set<std::string> opcodes(const Function& function) {
  std::set<std::string> all;
  for (const Instruction& instruction : function.body) {
    std::string full = instruction.opcode;
    for (const std::string& modifier : instruction.modifiers) full += "." + modifier;
    all.insert(std::move(full));
  }
  return all;
}

/// What must hold of every operand of every module: resolved, and inside the tables.
void expect_resolved(const Module& module, const Function& function, const Operand& operand) {
  const auto below = [&](std::size_t size) {
    return operand.index >= 0 && static_cast<std::size_t>(operand.index) < size;
  };
  switch (operand.kind) {
    case OperandKind::reg: EXPECT_TRUE(below(function.registers.size())); break;
    case OperandKind::label: EXPECT_TRUE(below(function.body.size() + 1)) << operand.name; break;
    case OperandKind::function: EXPECT_TRUE(below(module.functions.size())) << operand.name; break;
    case OperandKind::special:
      EXPECT_TRUE(operand.name.starts_with("%tid") || operand.name.starts_with("%ctaid") ||
                  operand.name.starts_with("%ntid") || operand.name.starts_with("%laneid"))
          << operand.name;
      break;
    case OperandKind::symbol:
      switch (operand.owner) {
        case SymbolOwner::module_variable: EXPECT_TRUE(below(module.variables.size())); break;
        case SymbolOwner::function_variable: EXPECT_TRUE(below(function.variables.size())); break;
        case SymbolOwner::parameter:
          EXPECT_TRUE(below(function.parameters.size() + function.returns.size()));
          break;
        case SymbolOwner::function: EXPECT_TRUE(below(module.functions.size())); break;
        case SymbolOwner::table: EXPECT_TRUE(below(function.tables.size())); break;
        case SymbolOwner::none: ADD_FAILURE() << operand.name << " has no owner";
      }
      break;
    default: break;
  }
  for (const Operand& element : operand.elements) expect_resolved(module, function, element);
}

TEST(Compilers, EveryNameIsResolvedAndEverySourceLineKnown) {
  for (const std::string& text : whole_texts()) {
    const Module module = parsed(text);
    for (const Function& function : module.functions) {
      for (const Instruction& instruction : function.body) {
        for (const Operand& operand : instruction.operands) expect_resolved(module, function, operand);
        EXPECT_LT(instruction.source, static_cast<int>(module.lines.size()));
        EXPECT_GT(instruction.ptx_line, 0);
      }
      for (const Table& table : function.tables)
        for (const int target : table.targets)
          EXPECT_LE(static_cast<std::size_t>(target), function.body.size());
    }
    for (const SourceLine& line : module.lines) {
      EXPECT_LT(line.file, static_cast<int>(module.files.size()));
      EXPECT_LT(line.inlined_at, static_cast<int>(module.lines.size()));
    }
  }
}

TEST(Compilers, NvccsKernelsAreAllThere) {
  const Module module = parsed(text_of_nvcc("language"));
  EXPECT_EQ(module.target, "sm_80");
  const Function& by_value = function_named(module, "by_value");
  EXPECT_TRUE(by_value.is_entry);
  EXPECT_THAT(by_value.max_ntid, ::testing::ElementsAre(128, 1, 1));
  EXPECT_EQ(by_value.min_blocks_per_sm, 2);
  ASSERT_EQ(by_value.parameters.size(), 1u);
  EXPECT_EQ(by_value.parameters[0].bytes, 32u);
  EXPECT_EQ(by_value.parameters[0].align, 8u);
  EXPECT_EQ(std::ranges::count_if(module.functions, &Function::is_entry), 6);
}

TEST(Compilers, NvccsVariablesHaveTheirInitialValues) {
  const Module module = parsed(text_of_nvcc("language"));
  const Variable& weights = variable_named(module.variables, "kWeights");
  EXPECT_EQ(weights.space, Space::constant);
  ASSERT_EQ(weights.initial.size(), 16u);
  EXPECT_EQ(weights.initial[2], 0x00);
  EXPECT_EQ(weights.initial[3], 0x3F);  // 0.5f is 3F000000
  EXPECT_THAT(variable_named(module.variables, "counter").initial, ::testing::ElementsAre(7, 0, 0, 0));
  const Variable& words = variable_named(module.variables, "words");
  EXPECT_EQ(words.relocations.size(), 2u);
  EXPECT_EQ(words.bytes, 16u);
  EXPECT_EQ(variable_named(module.variables, "dynamic_shared").bytes, 0u);
}

TEST(Compilers, NvccsFunctionsAreCalled) {
  const Module module = parsed(text_of_nvcc("language"));
  const auto calls = [&](const char* from) {
    std::set<std::string> names;
    for (const Instruction& instruction : function_named(module, from).body)
      if (instruction.opcode == "call")
        for (const Operand& operand : instruction.operands)
          if (operand.kind == OperandKind::function)
            names.insert(module.functions[static_cast<std::size_t>(operand.index)].name);
    return names;
  };
  EXPECT_THAT(calls("asks"), ::testing::UnorderedElementsAre("__assertfail", "vprintf"));
  ASSERT_EQ(calls("by_value").size(), 1u);
  const Function& folded = function_named(module, *calls("by_value").begin());
  EXPECT_FALSE(folded.is_entry);
  EXPECT_FALSE(folded.is_declared_only);
  EXPECT_EQ(folded.returns.size(), 1u);
  EXPECT_TRUE(function_named(module, "vprintf").is_declared_only);
}

TEST(Compilers, ATableOfBranchesLeadsIntoItsAsmBlock) {
  const Module module = parsed(text_of_nvcc("language"));
  const Function& branches = function_named(module, "table_of_branches");
  const auto jump = std::ranges::find(branches.body, "brx", &Instruction::opcode);
  ASSERT_NE(jump, branches.body.end());
  EXPECT_THAT(jump->modifiers, ::testing::ElementsAre("idx"));
  EXPECT_EQ(jump->operands.at(1).owner, SymbolOwner::table);
  EXPECT_EQ(jump->operands[1].index, 0);
  ASSERT_EQ(branches.tables.size(), 1u);
  const int one = static_cast<int>(jump - branches.body.begin()) + 1;
  EXPECT_THAT(branches.tables[0].targets, ::testing::ElementsAre(one, one + 2, one));
  EXPECT_EQ(branches.body.at(static_cast<std::size_t>(one)).operands.at(1).bits, 1u);
  EXPECT_EQ(branches.body.at(static_cast<std::size_t>(one) + 2).operands.at(1).bits, 2u);
}

TEST(Compilers, NvccsTensorCoreCodeKeepsItsModifiers) {
  const Module module = parsed(text_of_nvcc("tiles"));
  ASSERT_EQ(module.functions.size(), 2u);
  for (const Function& function : module.functions)
    for (const char* opcode :
         {"cp.async.cg.shared.global.L2::128B", "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16",
          "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", "st.global.v4.f32"})
      EXPECT_TRUE(opcodes(function).contains(opcode)) << opcode;
}

TEST(Compilers, LineInformationNamesTheSource) {
  const Module module = parsed(text_of_nvcc("language"));
  ASSERT_GT(module.files.size(), 1u);
  const auto ends_in_source = [](const std::string& file) { return file.ends_with("language.cu"); };
  EXPECT_TRUE(std::ranges::any_of(module.files, ends_in_source));
  const Function& local = function_named(module, "local_frame");
  EXPECT_TRUE(std::ranges::all_of(local.body, [](const Instruction& i) { return i.source >= 0; }));
}

TEST(Compilers, TritonsDialect) {
  const Module module = parsed(text_of_triton());
  const Function& entry = function_named(module, "row_sum");
  EXPECT_THAT(entry.required_ntid, ::testing::ElementsAre(128, 1, 1));
  EXPECT_EQ(entry.parameters.size(), 5u);
  EXPECT_EQ(module.files.at(2), "/usr/lib/triton/language/standard.py");
  const auto shuffle = std::ranges::find(entry.body, "shfl", &Instruction::opcode);
  ASSERT_NE(shuffle, entry.body.end());
  const SourceLine& inlined = module.lines.at(static_cast<std::size_t>(shuffle->source));
  EXPECT_EQ(inlined.function, "sum");
  EXPECT_EQ(module.lines.at(static_cast<std::size_t>(inlined.inlined_at)).line, 12);
  const SourceLine& twice = module.lines.at(static_cast<std::size_t>((shuffle + 1)->source));
  EXPECT_EQ(twice.function, "_combine");
  EXPECT_EQ(twice.inlined_at, shuffle->source);
}

}  // namespace
}  // namespace softcuda::ptx
