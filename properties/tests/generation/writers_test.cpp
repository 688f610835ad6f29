#include "harness/generation/writers.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/tests/generation/small.h"

namespace flashdiff::generation {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Table two_conventions() {
  const auto reference = test::opened("reference");
  Settings settings;
  settings.steps = 2;
  settings.only = {"unpadded by the mask", "mask not handed on"};
  Table table = run_scenario(test::small(), settings, {reference.get(), reference.get(), reference.get()});
  table.device = "reference on cpu";
  return table;
}

TEST(Writers, TextSaysWhatIsWrongAndDrawsIt) {
  const std::string text = as_text(two_conventions(), false);
  EXPECT_THAT(text, HasSubstr("unpadded by the mask                 safe     safe     safe"));
  EXPECT_THAT(text, HasSubstr("mask not handed on: a wrapper that drops attention_mask"));
  EXPECT_THAT(text, HasSubstr("it sees 9 wrong keys (slot 0, padding)"));
  EXPECT_THAT(text, HasSubstr("    slots  .........ttttt\n    sees   xxxxxxxxx+"));
  EXPECT_THAT(text, HasSubstr("instead: hand the mask on"));
  EXPECT_THAT(text, Not(HasSubstr("\033[")));
  EXPECT_THAT(as_text(two_conventions(), true), HasSubstr("\033[32msafe"));
}

TEST(Writers, JsonHasEveryCell) {
  const auto json = nlohmann::json::parse(as_json(two_conventions()));
  EXPECT_EQ(json.at("format"), "flashdiff-generation 1");
  ASSERT_EQ(json.at("conventions").size(), 2u);
  for (const auto& how : json.at("conventions")) ASSERT_EQ(how.at("cells").size(), 9u);
  EXPECT_EQ(json.at("conventions")[0].at("cells")[0].at("verdict"), "safe");
  const auto& wrong = json.at("conventions")[1].at("cells")[0];
  EXPECT_EQ(wrong.at("side"), "left");
  EXPECT_NE(wrong.at("verdict"), "safe");
  EXPECT_GT(wrong.at("first").at("by"), 1);
  EXPECT_EQ(wrong.at("first").at("slots").size(), 14u);
}

TEST(Writers, AStepThatCouldNotBeRunIsNoVerdict) {
  Table table = two_conventions();
  table.cells[0].not_run = "flash_forward: no such head dim";
  EXPECT_FALSE(table.complete());
  EXPECT_THAT(as_text(table, false), HasSubstr("not run: flash_forward: no such head dim"));
  EXPECT_EQ(nlohmann::json::parse(as_json(table)).at("conventions")[0].at("cells")[0].at("verdict"),
            "not-run");
}

}  // namespace
}  // namespace flashdiff::generation
