#include <cmath>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::flashdiff;
using test::run_program;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Bench : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  test::TemporaryFolder folder_;
};

const std::string timed = "reference/64_keys_d32/forward", counted = "flash_forward/d64/main_loop";

TEST_F(Bench, IsReadByGoogleBenchmarksOwnCompare) {
  const std::string compare = "/usr/share/benchmark/compare.py";
  if (!fs::exists(compare)) GTEST_SKIP() << "SKIPPED: no " << compare << " here (Debian: libbenchmark-tools)";
  std::string python = FLASHDIFF_BINARY_DIR "/clients-venv/bin/python";
  if (!fs::exists(python) || run_program({python, "-c", "import scipy"}, {}).code != 0)
    python = "/usr/bin/env";
  std::vector<std::string> words{python};
  if (python == "/usr/bin/env") words.emplace_back("python3");
  auto has_scipy = words;
  has_scipy.insert(has_scipy.end(), {"-c", "import scipy"});
  if (run_program(has_scipy, {}).code != 0)
    GTEST_SKIP() << "SKIPPED: no python3 with scipy here, which compare.py wants";
  for (const char* name : {"base.json", "new.json"})
    ASSERT_EQ(flashdiff({"bench", "--filter", timed + "|" + counted, "--min-time", "0.005", "--repetitions",
                         "4", "-o", file(name)})
                  .code,
              0);
  words.insert(words.end(), {compare, "--no-color", "benchmarks", file("base.json"), file("new.json")});
  const auto said = run_program(words, {});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, AllOf(HasSubstr(timed + "_pvalue"), HasSubstr(timed + "_median"),
                              HasSubstr("figures/" + counted), HasSubstr("OVERALL_GEOMEAN")));
}

TEST_F(Bench, ExportsStandBesideItsJson) {
  const auto said = flashdiff({"bench", "--device", "soft", "--filter", "flash_forward_simt/d64/fill10_left",
                               "-o", file("b.json"), "--csv", file("b.csv"), "--markdown", file("b.md"),
                               "--action", file("b.action.json")});
  ASSERT_EQ(said.code, 0) << said.err;
  std::ifstream csv(file("b.csv"));
  std::string head, first;
  std::getline(csv, head);
  std::getline(csv, first);
  EXPECT_THAT(first,
              AllOf(HasSubstr("figures/flash_forward_simt/d64/fill10_left,0,"), HasSubstr(",\"fd1 b=16 ")))
      << "the repro line of the shape";
  EXPECT_FALSE(json::parse(std::ifstream(file("b.action.json"))).empty());
  const auto nowhere = flashdiff({"bench", "--csv", file("b.csv")});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("Expected --out FILE"));
}

TEST_F(Bench, AgainstAnotherProgramTimesBothInTurn) {
  const std::string program = FLASHDIFF_BINARY_DIR "/flashdiff";
  const auto said = flashdiff({"bench", "--against", program, "--repetitions", "4", "--filter", timed,
                               "--min-time", "0.005", "-o", file("mine.json")});
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, HasSubstr("compare " + file("mine.base.json") + " " + file("mine.json")));
  const auto compared = flashdiff({"compare", file("mine.base.json"), file("mine.json"), "--again",
                                   file("mine.again.json"), "--gate", "--effect", "9"});
  EXPECT_EQ(compared.code, 0) << "the same program, and ten times as slow is what is looked for: "
                              << compared.err;
  EXPECT_THAT(compared.out, AllOf(HasSubstr("1 benchmark compared: 0 slower"), HasSubstr("| " + timed + " |"),
                                  HasSubstr("The base against itself (a second run)")));
  EXPECT_EQ(flashdiff({"bench", "--against", "/nowhere", "-o", file("x.json")}).code, 2);
  EXPECT_EQ(flashdiff({"bench", "--against", "/bin/false", "-o", file("x.json")}).code, 2);
}

TEST_F(Bench, WhatIsSlowerFailsTheGateAndNamesIt) {
  const auto write = [this](const char* name, double scale) {
    json entries = json::array();
    for (int i = 0; i < 10; ++i)
      entries.push_back({{"name", "gpu/k/d64/seq2048"},
                         {"run_type", "iteration"},
                         {"real_time", scale * (1 + 0.01 * std::sin(i))},
                         {"cpu_time", 1 + 0.001 * i},
                         {"time_unit", "ms"}});
    std::ofstream(file(name)) << json{{"benchmarks", entries}};
    return file(name);
  };
  const std::string base = write("base.json", 1), next = write("next.json", 1.2);
  const auto said = flashdiff({"compare", base, next, "--gate"});
  EXPECT_EQ(said.code, 4) << said.err;
  EXPECT_THAT(said.out, HasSubstr("| gpu/k/d64/seq2048 | ❌ slower | 1 ms | 1.2 ms | +20.0 % |"));
  EXPECT_THAT(said.err, HasSubstr("1 of 1 time slower"));
  EXPECT_EQ(flashdiff({"compare", base, next, "--gate", "--processor-time"}).code, 0);
  EXPECT_EQ(flashdiff({"compare", base, next}).code, 0) << "without --gate it tells";
}

}  // namespace
}  // namespace flashdiff
