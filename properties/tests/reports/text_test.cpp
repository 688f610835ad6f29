#include "reports/text.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace flashdiff {
namespace {

TEST(Cleaned, KeepsTextAndReplacesTheRest) {
  EXPECT_EQ(cleaned("a\tb\nc \xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x8c\x8d"),
            "a\tb\nc \xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x8c\x8d");
  EXPECT_EQ(cleaned("\x01"), "\xef\xbf\xbd");
  EXPECT_EQ(cleaned(std::string_view("\0", 1)), "\xef\xbf\xbd");
  EXPECT_EQ(cleaned("\x7f\r"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(cleaned("\xff"), "\xef\xbf\xbd") << "no UTF-8 at all";
  EXPECT_EQ(cleaned("\xc3"), "\xef\xbf\xbd") << "cut off";
  EXPECT_EQ(cleaned("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong";
  EXPECT_EQ(cleaned("\xe0\x80\x80").size(), 9U) << "overlong";
  EXPECT_EQ(cleaned("\xed\xa0\x80").size(), 9U) << "half a surrogate pair";
  EXPECT_EQ(cleaned("\xef\xbf\xbf").size(), 9U) << "no character";
}

RC_GTEST_PROP(Cleaned, IsDoneOnce, (const std::string& any)) {
  const std::string once = cleaned(any);
  RC_ASSERT(cleaned(once) == once);
  RC_ASSERT(std::ranges::none_of(once, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f;
  }));
}

RC_GTEST_PROP(MarkupEscaped, LeavesNothingThatMarkupIsMadeOf, (const std::string& any)) {
  const std::string escaped = markup_escaped(any);
  RC_ASSERT(escaped.find_first_of("<>\"'") == std::string::npos);
}

TEST(MarkupEscaped, NamesTheFive) {
  EXPECT_EQ(markup_escaped("<a b='\"&'>"), "&lt;a b=&#39;&quot;&amp;&#39;&gt;");
}

TEST(MarkdownEscaped, ACellStaysACell) {
  EXPECT_EQ(markdown_escaped("causal_br _so_"), "causal_br \\_so\\_");
  EXPECT_EQ(markdown_escaped("a|b\nc <i> `x` *y*"), "a\\|b c &lt;i> \\`x\\` \\*y\\*");
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abc\xe2\x80\xa6");
  EXPECT_EQ(shortened("ab\xc3\xa9xyz", 6), "ab\xe2\x80\xa6");
}

TEST(ShellQuoted, SurvivesAQuote) { EXPECT_EQ(shell_quoted("a'b c"), R"('a'\''b c')"); }

}  // namespace
}  // namespace flashdiff
