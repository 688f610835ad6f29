#include <gmock/gmock.h>

#include "properties/tests/softcuda/exec/on_machine.h"

/// Tensors with padding beside their rows, described as a client would: the planted access is reported at its
/// own line, and by this detector alone; the correct twin raises nothing.
namespace softcuda::testing {
namespace {

using check::FaultKind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::uint64_t kRows = 8,
                        kColumns = 32;  // of the allocation; rows 0 to 4 are one sequence, 6 another

/// Two parts of `tensor` in an allocation of kRows x kColumns floats.
void describe(const char* tensor, std::uint64_t base) {
  for (const auto& [label, first, rows] : {std::tuple("sequence 0", 0, 5), std::tuple("sequence 1", 6, 1)}) {
    const std::string why = machine().memory().describe(
        {tensor,
         label,
         base + static_cast<std::uint64_t>(first) * kColumns * 4,
         4,
         {{"row", static_cast<std::uint64_t>(rows), kColumns * 4}, {"column", 30, 4}}});
    EXPECT_EQ(why, "");
  }
}

std::vector<check::Report> reports_of(const std::string& kernel, bool described = true) {
  static const auto image = compiled("padding");
  const auto* entry = image ? image->kernel(kernel) : nullptr;
  if (entry == nullptr) {
    ADD_FAILURE() << "no kernel " << kernel;
    return {};
  }
  const OnDevice<float> in(std::vector<float>(kRows * kColumns, 1)),
      out(std::vector<float>(kRows * kColumns));
  if (described) {
    describe("k", in.address());
    describe("o", out.address());
  }
  machine().reset_reports();
  const auto done =
      machine().launch(*entry, {2, 1, 1}, {32, 1, 1}, 0, parameters(in.address(), out.address(), 5));
  EXPECT_TRUE(done) << (done ? "" : done.error().fault.report);
  return machine().reports();
}

auto all_checks() {
  return WithSettings([](auto& s) { s.checks = {true, true, true, true, true}; });
}

int line_of(const std::string& marker) {
  std::ifstream text(std::string(KERNELS) + "/padding.cu");
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    if (line.find("FAULT " + marker) != std::string::npos) return number;
  }
  return 0;
}

struct Planted {
  const char* kernel;
  FaultKind kind;
  const char* says;
};
class Padding : public ::testing::TestWithParam<Planted> {};

TEST_P(Padding, IsReportedAtItsLineByThisDetectorAlone) {
  const Planted& planted = GetParam();
  const std::string name = planted.kernel;
  const auto checks = all_checks();
  for (const unsigned threads : {1u, 4u}) {
    const WithSettings some([&](auto& s) { s.threads = threads; });
    const auto reports = reports_of(name + "_wrong");
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].kind, planted.kind);
    EXPECT_EQ(reports[0].line, line_of(name));
    EXPECT_THAT(reports[0].text, HasSubstr(planted.says));
  }
  EXPECT_THAT(reports_of(name + "_wrong", false), SizeIs(0)) << "a plain allocation";
  const WithSettings without([](auto& s) { s.checks.extents = false; });
  EXPECT_THAT(reports_of(name + "_wrong"), SizeIs(0)) << "other detectors";
}
TEST_P(Padding, TheCorrectTwinRaisesNothing) {
  const auto checks = all_checks();
  for (const check::Report& report : reports_of(std::string(GetParam().kernel) + "_right"))
    ADD_FAILURE() << report.text;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, Padding,
    ::testing::Values(
        Planted{"masked_row", FaultKind::padding_read,
                "k, sequence 0: 1 row behind the last (of 5), column 0, byte 640 of allocation"},
        Planted{"masked_column", FaultKind::padding_read,
                "k, sequence 0: row 0, 1 column behind the last (of 30)"},
        Planted{"vector_load", FaultKind::padding_read, "8 bytes at"},
        Planted{"copy", FaultKind::padding_read, "k, sequence 1: 1 row behind the last (of 1), column 0"},
        Planted{"atomic", FaultKind::padding_written,
                "o, sequence 0: 1 row behind the last (of 5), column 3"},
        Planted{"written", FaultKind::padding_written,
                "o, sequence 0: 1 row behind the last (of 5), column 0"}),
    [](const auto& info) { return info.param.kernel; });

TEST(Extents, OtherReportsNameTheElement) {
  const auto checks = all_checks();
  const auto reports = reports_of("both_blocks_write");
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, FaultKind::global_race);
  EXPECT_THAT(reports[0].text, HasSubstr("element o[sequence 0, row 2, column 7]"));
}

TEST(Extents, AFaultNamesTheNearestElement) {
  const auto image = compiled("padding");
  const OnDevice<float> in(std::vector<float>(kRows * kColumns)), out(std::vector<float>(kRows * kColumns));
  describe("k", in.address());
  const auto done = machine().launch(*image->kernel("behind_the_allocation"), {1, 1, 1}, {32, 1, 1}, 0,
                                     parameters(in.address(), out.address(), 8));
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().fault.report, AllOf(HasSubstr("starts 0 bytes behind its end"),
                                               HasSubstr("k, sequence 1: 2 rows behind the last (of 1)")));
}

TEST(Extents, GoWithTheirAllocation) {
  std::uint64_t base = 0;
  {
    const OnDevice<float> in(std::vector<float>(kRows * kColumns));
    base = in.address();
    describe("k", base);
    EXPECT_NE(machine().memory().extents().words(base, base), "");
    EXPECT_TRUE(machine().memory().forget_extents(base + 8));
    EXPECT_EQ(machine().memory().extents().words(base, base), "");
    describe("k", base);
  }
  EXPECT_EQ(machine().memory().extents().words(base, base), "");
  EXPECT_FALSE(machine().memory().forget_extents(base));
  EXPECT_THAT(machine().memory().describe({"k", "", base, 4, {}}), HasSubstr("nothing is allocated"));
}

}  // namespace
}  // namespace softcuda::testing
