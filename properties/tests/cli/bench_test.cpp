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

/// Cases, peaks and source lines stand in the context, and everything that Google Benchmark wrote is as it
/// was.
TEST_F(Bench, PutsWhatAReportWantsIntoTheContext) {
  ASSERT_EQ(
      flashdiff({"bench", "--device", "soft", "--filter", "flash_forward/d64/fill(10|25)_left|" + counted,
                 "-o", file("b.json"), "--store", file("b.db")})
          .code,
      0);
  const json told = json::parse(std::ifstream(file("b.json"))), &context = told["context"];
  EXPECT_TRUE(context.contains("date") && context.contains("flashdiff_commit"));
  EXPECT_THAT(context["flashdiff_cases"]["flash_forward/d64/fill10_left"].get<std::string>(),
              HasSubstr("fd1 b=16 "));
  EXPECT_EQ(context["flashdiff_gpus"].size(), 4u);
  ASSERT_EQ(context["flashdiff_lines"].size(), 1u) << "of the head dim the shape that executes more";
  const json& hot = context["flashdiff_lines"][0];
  EXPECT_EQ(hot["shape"], "d64/fill25_left");
  EXPECT_EQ(hot["warp_instructions"], told["benchmarks"][2]["warp_instructions"]);
  const std::string text = hot["lines"][0]["text"], named = hot["lines"][0]["file"];
  EXPECT_FALSE(text.empty()) << "the source's own line";
  EXPECT_TRUE(named.starts_with("kernels/")) << named;
  std::ifstream source(fs::path(FLASHDIFF_SOURCE_DIR) / named);
  std::string line;
  for (int i = hot["lines"][0]["line"]; i > 0; --i) std::getline(source, line);
  EXPECT_EQ(text, line);

  ASSERT_EQ(flashdiff({"report", file("b.db"), "-o", file("site")}).code, 0)
      << "a store that holds figures alone";
  std::stringstream page;
  page << std::ifstream(file("site/performance.html")).rdbuf();
  EXPECT_THAT(page.str(), AllOf(HasSubstr("Padding: how much of the work is useful"),
                                HasSubstr("flash_forward on H200"), HasSubstr("Hottest source lines")));
  EXPECT_EQ(flashdiff({"bench", "--filter", counted, "--store", file("b.db")}).code, 2) << "of which file?";
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
