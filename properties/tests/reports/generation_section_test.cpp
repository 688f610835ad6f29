#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "properties/tests/reports/told_by_hand.h"
#include "reports/html.h"

/// What `flashdiff generate --json` wrote → a section of the page.
namespace flashdiff {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ReadGeneration : public ::testing::Test {
 protected:
  ReadGeneration()
      : path_(std::filesystem::path(::testing::TempDir()) /
              fmt::format("flashdiff-generation-{}.json", getpid())) {}
  ~ReadGeneration() override {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Outcome<GenerationTable> read(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_generation(path_);
  }
  std::filesystem::path path_;
};

const std::string kGoodTable =
    R"({"format": "flashdiff-generation 1", "device": "softcuda sm_80", "prompts": [3, 9],
  "decode_steps": 2, "chunk": 8, "conventions": [{"name": "mask not handed on", "who": "a wrapper", "instead": "hand it on",
  "cells": [{"side": "left", "stage": "prefill", "verdict": "wrong", "words": "it sees 1 wrong key", "first": {"slots": [
    {"token": null, "position": 1, "seen": true, "wanted": false}, {"token": 0, "position": 0, "seen": false, "wanted": true}]}},
    {"side": "left", "stage": "decode", "verdict": "safe", "words": "safe"}]}]})";

TEST_F(ReadGeneration, TakesWhatGenerateWrote) {
  const auto table = read(kGoodTable);
  ASSERT_TRUE(table.has_value()) << table.error().what;
  EXPECT_EQ(table->what, "prompts of 3, 9 tokens, 2 decode steps, chunks of 8 columns; softcuda sm_80");
  EXPECT_THAT(table->sides, ::testing::ElementsAre("left"));
  EXPECT_THAT(table->stages, ::testing::ElementsAre("prefill", "decode"));
  ASSERT_EQ(table->conventions.size(), 1u);
  EXPECT_TRUE(table->conventions[0].cells[0].slots[0].seen);
  EXPECT_FALSE(table->conventions[0].cells[0].slots[0].token);
}

TEST_F(ReadGeneration, SaysWhatItExpectedOfAnotherFile) {
  std::string missing = kGoodTable;
  missing.replace(missing.find("\"who\""), 5, "\"why\"");
  std::string uneven = kGoodTable;
  uneven.replace(uneven.find("\"decode\", \"verdict\""), 8, "\"chunk\"");
  uneven.replace(uneven.find("\"conventions\": ["), 16,
                 R"("conventions": [{"name": "one", "who": "", "instead": "", "cells": []}, )");
  for (const std::string& text : {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
                                  std::string(R"({"format": "flashdiff-generation 2"})"), missing, uneven}) {
    const auto table = read(text);
    ASSERT_FALSE(table.has_value()) << text;
    EXPECT_EQ(table.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(table.error().what, HasSubstr("flashdiff generate --json FILE"));
  }
  EXPECT_FALSE(read_generation("/nowhere.json").has_value());
}

TEST(GenerationSection, ShowsTheTableAndAPictureOfWhatIsUnsafe) {
  Report report = summarise(test::told_all_right());
  EXPECT_THAT(html_page(report), Not(HasSubstr("id=\"generation\"")));
  report.generation.push_back(test::generation_by_hand());
  const std::string page = html_page(report);
  EXPECT_THAT(page, HasSubstr("href=\"#generation\""));
  EXPECT_THAT(page, HasSubstr("<td class=\"pass\" title=\"safe: at most 0.2 of the budget\">safe</td>"));
  EXPECT_THAT(page, HasSubstr("hand the mask on, or lengths"));
  EXPECT_THAT(page, HasSubstr("3 slots of the row&#39;s cache, 1 of them padding: 1 seen wrongly, 1 missed"));
  EXPECT_THAT(page, HasSubstr("<i class=\"pad stray\" aria-hidden=\"true\">×</i>"));
}

}  // namespace
}  // namespace flashdiff
