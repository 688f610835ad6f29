#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/reports/told_by_hand.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/markdown.h"

// Every writer against its file in golden/. FLASHDIFF_GOLDEN=write writes them anew: look at the difference
// before it is committed.

namespace flashdiff {
namespace {

void expect_golden(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(FLASHDIFF_SOURCE_DIR) / "properties/tests/reports/golden" / name;
  if (const char* mode = std::getenv("FLASHDIFF_GOLDEN"); mode != nullptr && std::string(mode) == "write") {
    std::ofstream(path, std::ios::binary) << text;
    GTEST_SKIP() << "wrote " << path;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing; FLASHDIFF_GOLDEN=write makes it";
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << "if the change is meant, FLASHDIFF_GOLDEN=write";
}

Report report_by_hand() {
  ReportOptions options;
  options.title = "flashdiff <by hand>";
  return summarise(test::told_by_hand(), options);
}

/// Style and script are files of their own; a change of a colour must not change the golden page.
std::string without_style(std::string page) {
  for (const auto& [begin, end] : {std::pair<std::string, std::string>{"<style>", "</style>"},
                                   {"<script>", "</script>"},
                                   {"sha256-", "'"},
                                   {"sha256-", "'"}}) {
    const std::size_t from = page.rfind(begin) + begin.size();
    page.replace(from, page.find(end, from) - from, "...");
    if (begin == "sha256-") page.replace(page.rfind(begin), begin.size(), "hash ");
  }
  return page;
}

TEST(Golden, Html) { expect_golden("index.html", without_style(html_page(report_by_hand()))); }
TEST(Golden, HtmlOfAPass) {
  expect_golden("pass.html", without_style(html_page(summarise(test::told_all_right()))));
}
TEST(Golden, HtmlOfNothing) { expect_golden("nothing.html", without_style(html_page(summarise({})))); }
TEST(Golden, Markdown) { expect_golden("report.md", markdown(report_by_hand())); }
TEST(Golden, MarkdownOfNothing) { expect_golden("nothing.md", markdown(summarise({}))); }
TEST(Golden, Junit) { expect_golden("junit.xml", junit_xml(report_by_hand())); }

TEST(Sizes, SixThousandCasesStayReadable) {
  const Report report = summarise(test::told_by_thousands());
  EXPECT_LT(html_page(report).size(), 1'200'000U);
  EXPECT_LT(markdown(report).size(), markdown_limit);
  EXPECT_LT(junit_xml(report).size(), 3'000'000U);
}

TEST(Sizes, MarkdownIsBoundedWhateverAStoreSays) {
  Told told = test::told_by_hand();
  for (CaseRecord& record : told.records) {
    record.backend += std::string(20'000, '|');
    record.line += std::string(20'000, '`');
  }
  EXPECT_LT(markdown(summarise(std::move(told))).size(), markdown_limit);
}

}  // namespace
}  // namespace flashdiff
