#include "harness/lint/writers.h"

#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/lint/array_file.h"
#include "harness/lint/catalogue.h"
#include "harness/lint/emit.h"
#include "harness/lint/forms.h"
#include "properties/tests/lint/any_mask.h"
#include "properties/tests/lint/golden.h"

namespace flashdiff::lint {
namespace {

using nlohmann::json;

Report right_padded() {
  auto steps = test::steps_of({{"1111", "1100"}, {"11111", "11001"}});
  steps[0].file = "masks/step 0.npy";
  steps[1].file = "/tmp/step1.npy";
  return lint(std::move(steps));
}

TEST(Writers, Json) { test::expect_golden("right.json", as_json(right_padded())); }
TEST(Writers, Sarif) { test::expect_golden("right.sarif", as_sarif(right_padded(), "1.2.3")); }

/// What SARIF 2.1.0 requires of the objects that are used here (section 3), and what viewers need.
TEST(Writers, SarifHasWhatTheStandardRequires) {
  const json log = json::parse(as_sarif(right_padded(), "1.2.3"));
  EXPECT_EQ(log.at("version"), "2.1.0");
  ASSERT_EQ(log.at("runs").size(), 1u);
  const json& run = log["runs"][0];
  const json& driver = run.at("tool").at("driver");
  EXPECT_EQ(driver.at("name"), "flashdiff lint");
  std::set<std::string> ids;
  for (const json& rule : driver.at("rules")) {
    EXPECT_TRUE(ids.insert(rule.at("id")).second);
    EXPECT_FALSE(rule.at("shortDescription").at("text").get<std::string>().empty());
  }
  EXPECT_EQ(ids.size(), all_rules().size());
  ASSERT_FALSE(run.at("results").empty());
  for (const json& result : run["results"]) {
    EXPECT_FALSE(result.at("message").at("text").get<std::string>().empty());
    EXPECT_EQ(driver["rules"].at(result.at("ruleIndex").get<std::size_t>()).at("id"), result.at("ruleId"));
    EXPECT_TRUE(std::set<std::string>({"none", "note", "warning", "error"}).count(result.at("level")));
    for (const json& location : result.at("locations")) {
      const std::string uri = location.at("physicalLocation").at("artifactLocation").at("uri");
      EXPECT_TRUE(uri == "masks/step%200.npy" || uri == "file:///tmp/step1.npy") << uri;
    }
  }
}

TEST(Writers, EveryFindingIsInEachFormat) {
  const Report report = right_padded();
  const json all = json::parse(as_json(report)), log = json::parse(as_sarif(report, "1.2.3"));
  std::size_t told = 0;
  for (const json& step : all.at("steps")) told += step.at("findings").size();
  EXPECT_EQ(told, report.findings.size());
  EXPECT_EQ(log["runs"][0]["results"].size(), report.findings.size());
  for (const Finding& finding : report.findings)
    EXPECT_NE(as_text(report).find(std::string(finding.rule->code) + "]"), std::string::npos);
}

/// Written, and read back by this program's own reader; NumPy reads the same files (README).
TEST(Writers, EmittedArraysReadBack) {
  const Report report = right_padded();
  const test::SmallFiles files;
  const auto paths = emit(report, files.folder() + "/new");
  ASSERT_TRUE(paths) << paths.error().what;
  std::size_t expected = 0;
  for (std::size_t i = 0; i < report.steps.size(); ++i)
    for (const FormVerdict& verdict : verdicts_on(report.steps[i], 16)) {
      if (verdict.fit == Fit::no) continue;
      for (const FormArray& array : arrays_of(report.steps[i], verdict.form, 16)) {
        // Elements begin at a multiple of 64 bytes, as NumPy writes them.
        const std::size_t elements = (array.whole.size() + array.real.size()) * 4;
        EXPECT_EQ((test::bytes_of(paths->at(expected)).size() - elements) % 64, 0u);
        const auto file = ArrayFile::open(paths->at(expected++));
        ASSERT_TRUE(file) << file.error().what;
        auto read = file->array();
        ASSERT_TRUE(read) << read.error().what;
        EXPECT_EQ(read->shape(), array.shape);
        const auto values = read->all(1000);
        ASSERT_TRUE(values);
        for (std::size_t k = 0; k < values->size(); ++k)
          EXPECT_EQ(values->at(k), array.real.empty() ? array.whole.at(k) : array.real.at(k)) << array.name;
      }
    }
  EXPECT_EQ(paths->size(), expected);
  EXPECT_FALSE(emit(report, "/dev/null/x"));
}

}  // namespace
}  // namespace flashdiff::lint
