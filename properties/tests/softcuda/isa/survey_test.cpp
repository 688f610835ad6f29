#include <fstream>
#include <sstream>

#include "harness/softcuda/isa/table.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// All that public sm_80 kernels need, and all that the sm_80 chapters of the PTX ISA have beside it: two
/// lists of instructions, each with operands as ptxas 13.0 takes them (it was asked). A line: modules that
/// need it, entries that need it, static count, instruction.
namespace softcuda::testing {
namespace {

struct Row {
  std::string modules, entries, count, instruction;
};
std::vector<Row> rows_of(const std::string& list) {
  std::ifstream file(std::string(FLASHDIFF_SOURCE_DIR) + "/properties/tests/softcuda/isa/" + list);
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    Row row;
    std::getline(fields, row.modules, '\t');
    std::getline(fields, row.entries, '\t');
    std::getline(fields, row.count, '\t');
    std::getline(fields, row.instruction);
    rows.push_back(row);
  }
  return rows;
}

/// A kernel of one instruction of the list, with what its operands name. Each has a kernel of its own: behind
/// a `ret` or a `trap` nothing would be decoded.
std::string kernel_of(const Row& row) {
  return ".version 9.0\n.target sm_80\n.address_size 64\n.const .align 4 .f32 constants[4] = {1.0, 2.0, "
         "3.0, 4.0};\n"
         ".func (.param .b32 returned) callee(.param .b64 given) { .reg .b32 %a; mov.u32 %a, 7; st.param.b32 "
         "[returned], %a; ret; }\n"
         ".visible .entry k(.param .align 16 .b8 parameters[64]) {\n"
         ".reg .pred %p<16>; .reg .b16 %h<16>; .reg .b32 %r<16>; .reg .b64 %d<16>; .reg .b128 %q<16>;\n"
         ".shared .align 128 .b8 area[4096]; .local .align 16 .b8 frame[64];\n"
         ".param .b64 given; .param .b32 returned; .param .align 16 .b8 call_frame[64];\n"
         "BOTH: .branchtargets DONE, END;\n" +
         row.instruction + "\nDONE: add.u32 %r1, %r1, 1;\nEND: ret;\n}\n";
}

class Survey : public ::testing::TestWithParam<const char*> {};

TEST_P(Survey, EveryInstructionIsSupported) {
  const auto rows = rows_of(GetParam());
  ASSERT_GE(rows.size(), 400u);
  for (const Row& row : rows) {
    const std::string who =
        row.instruction + ", which " + row.modules + " modules need (" + row.count + " times)";
    auto module = ptx::parse(kernel_of(row), GetParam());
    ASSERT_TRUE(module) << who << ": " << module.error().what;
    for (const isa::OpcodeUse& use : isa::supported(*module)) {
      if (use.pattern.empty()) ADD_FAILURE() << who << ": " << use.error;
    }
    // Its operands fit, and it has a handler.
    const auto image = machine().load(std::move(*module));
    if (image) continue;
    for (const auto& reason : image.error().reasons) ADD_FAILURE() << who << ": " << reason;
  }
}

INSTANTIATE_TEST_SUITE_P(Lists, Survey, ::testing::Values("public_kernels.tsv", "sm_80.tsv"),
                         [](const auto& info) { return info.index == 0 ? "PublicKernels" : "Sm80"; });

/// Its counts say that the list is the survey's: 117 modules of sm_80, of which each ends in `ret`.
TEST(SurveyCounts, AreThoseOfTheSurvey) {
  long long total = 0;
  std::size_t opcodes = 0;
  for (const Row& row : rows_of("public_kernels.tsv")) {
    if (row.count == "-") continue;
    ++opcodes;
    total += std::stoll(row.count);
  }
  EXPECT_EQ(opcodes, 423u);
  EXPECT_GT(total, 1'000'000);
}

}  // namespace
}  // namespace softcuda::testing
