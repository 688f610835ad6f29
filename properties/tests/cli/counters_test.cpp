#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/tests/cli/program.h"

namespace flashdiff {
namespace {

using nlohmann::json;
using test::flashdiff;
using test::lines_of;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kLine =
    "fd1 b=1 hq=2 hk=1 d=64 dv=64 dt=f16 lay=left q=20 kv=40 mask=none data=rising seed=0x2a";

json counters_of(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"counters", kLine, "--backend", "flash_forward_simt", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto done = flashdiff(arguments);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(lines_of(done.out), SizeIs(1));
  return json::parse(done.out, nullptr, false);
}

std::uint64_t sum_of_lines(const json& kernel, const char* of, const char* figure) {
  std::uint64_t sum = 0;
  for (const json& line : kernel["lines"])
    sum += line.contains(of) ? line[of][figure].get<std::uint64_t>() : 0;
  return sum;
}

TEST(CountersCommand, JsonHasAKernelsFiguresAndItsLinesAddUp) {
  const json told = counters_of({});
  EXPECT_EQ(told["backend"], "flash_forward_simt");
  ASSERT_THAT(told["kernels"], SizeIs(1));
  const json& kernel = told["kernels"][0];
  EXPECT_THAT(kernel["kernel"].get<std::string>(), HasSubstr("flash_forward_simt"));
  EXPECT_EQ(kernel["launches"], 1);
  std::uint64_t of_classes = 0;
  for (const json& one : kernel["classes"]) of_classes += one["warp"].get<std::uint64_t>();
  EXPECT_GT(of_classes, 1000u);
  EXPECT_EQ(kernel["instructions"]["warp"], of_classes);
  EXPECT_EQ(kernel["instructions"]["warp"], sum_of_lines(kernel, "instructions", "warp"));
  EXPECT_EQ(kernel["memory"]["global"]["all"]["sectors"], sum_of_lines(kernel, "global", "sectors"));
  EXPECT_EQ(kernel["memory"]["shared"]["all"]["wavefronts"], sum_of_lines(kernel, "shared", "wavefronts"));
  // Both operands of QK and PV products are multiplied and added: at least 4 q kv d a head.
  EXPECT_GE(kernel["flops"]["f32"].get<std::uint64_t>(), 2u * 4 * 20 * 40 * 64);
}

TEST(CountersCommand, TheSameFiguresWhateverLooksOn) {
  EXPECT_EQ(counters_of({}), counters_of({"--soft", "check=all"}));
  EXPECT_EQ(counters_of({}), counters_of({"--soft", "late-copies=on"}));
}

TEST(CountersCommand, TextNamesTheHottestLines) {
  const auto done = flashdiff({"counters", kLine, "--backend", "flash_forward_simt", "--lines", "2"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("warp instructions"));
  EXPECT_THAT(done.out, HasSubstr("sectors, "));
  EXPECT_THAT(done.out, HasSubstr("wavefronts, "));
  EXPECT_THAT(done.out, HasSubstr("kernels/flash_forward_simt.cu:"));
  EXPECT_THAT(done.out, HasSubstr("more lines: --lines "));
}

/// Kernels of the case's own pass are asked, and handed the O and LSE of a forward pass.
TEST(CountersCommand, ABackwardCaseIsForBackwardKernels) {
  const auto done = flashdiff({"counters", std::string(kLine) + " pass=backward", "--lines", "1"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("flash_backward, kernel flash_backward_f16_d64_dkv"));
  EXPECT_THAT(done.out, HasSubstr("flash_backward_deterministic, kernel"));
}

TEST(CountersCommand, TheExampleInTheHelpWorks) {
  const std::string help = flashdiff({"counters", "--help"}).out;
  const auto first = help.find("'fd1 b=");
  ASSERT_NE(first, std::string::npos) << help;
  std::string line = help.substr(first + 1, help.find('\'', first + 1) - first - 1);
  for (char& c : line)
    if (c == '\n') c = ' ';
  const auto done = flashdiff({"counters", line, "--lines", "5"});
  EXPECT_EQ(done.code, 0) << line << "\n" << done.err;
}

}  // namespace
}  // namespace flashdiff
