#include <set>

#include <gmock/gmock.h>

#include "properties/tests/generation/small.h"

// What each convention makes of a step, checked against what one writes down by hand.

namespace flashdiff::generation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// "tt..": tokens from `first` on, and padding.
std::vector<Column> columns(std::string_view text, int first = 0) {
  std::vector<Column> out;
  for (const char c : text) out.push_back({c == 't' ? first++ : Column::padding});
  return out;
}
std::vector<Slot> slots(std::string_view text) {
  std::vector<Slot> out;
  for (const Column& column : columns(text)) out.push_back({column, 0, {}});
  return out;
}
HandedRow asked(std::string_view name, std::string_view before, std::string_view fresh, StepPlace place) {
  int tokens = 0;
  for (const char c : before) tokens += c == 't' ? 1 : 0;
  return handed(test::convention(name), columns(fresh, tokens), slots(before), place);
}

TEST(Handed, TheWholeMaskPicksTokensWhereverTheyLie) {
  const HandedRow row = asked("unpadded by the mask", "tt..", "t", {false, 4, 5});
  EXPECT_THAT(row.keys, ElementsAre(0, 1, 4));
  EXPECT_THAT(row.queries, ElementsAre(0));
  EXPECT_THAT(row.positions, ElementsAre(2));
}

TEST(Handed, LengthsAloneTakeTheFirstColumns) {
  EXPECT_THAT(asked("lengths, slots by column", "tt..", "t", {false, 4, 5}).keys, ElementsAre(0, 1, 2));
  EXPECT_THAT(asked("lengths, slots by column", "", "..tt", {true, 0, 4}).keys, ElementsAre(0, 1));
}

TEST(Handed, FirstRowsAssumeLeftPadding) {
  EXPECT_THAT(asked("lengths and first rows", "", "..tt", {true, 0, 4}).keys, ElementsAre(2, 3));
  EXPECT_THAT(asked("lengths and first rows", "", "tt..", {true, 0, 4}).keys, ElementsAre(2, 3));
}

TEST(Handed, SlotsByRowLeavePaddingOut) {
  const HandedRow row = asked("lengths, slots by row", "tt", "t..", {true, 4, 6});
  EXPECT_THAT(row.stored, ElementsAre(true, false, false));
  EXPECT_THAT(row.keys, ElementsAre(0, 1, 2));
}

TEST(Handed, WithoutAMaskPaddingIsAToken) {
  const HandedRow row = asked("mask not handed on", "..", "tt", {true, 2, 4});
  EXPECT_THAT(row.keys, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(row.queries, ElementsAre(0, 1));
}

/// Slots t t t t . . of a row whose neighbour has six: the mask's last two columns are 0.
TEST(Handed, TheSlicedMaskIsRightForTheLongestRowOnly) {
  EXPECT_THAT(asked("query mask sliced, slots by row", "tt", "tt", {true, 2, 6}).queries, IsEmpty());
  EXPECT_THAT(asked("query mask sliced, slots by row", "tttt", "tt", {true, 4, 6}).queries,
              ElementsAre(0, 1));
  EXPECT_THAT(asked("query mask sliced, slots by row", "", "tt..", {true, 0, 4}).queries, ElementsAre(0, 1));
}
TEST(Handed, TheSlicedMaskIsThatOfTheNewColumnsWhereTheCacheGrowsByThem) {
  EXPECT_THAT(asked("query mask sliced, slots by column", "tt..", "tt", {true, 4, 6}).queries,
              ElementsAre(0, 1));
  EXPECT_THAT(asked("query mask sliced, slots by column", "..", ".t", {true, 2, 4}).queries, ElementsAre(1));
}

TEST(Handed, PositionsCountTokensOrColumns) {
  EXPECT_THAT(asked("unpadded by the mask", "", "..tt", {true, 0, 4}).positions, ElementsAre(1, 1, 0, 1));
  EXPECT_THAT(asked("positions by column", "", "..tt", {true, 0, 4}).positions, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(asked("positions by column, then by token", "..tt", "t", {false, 4, 5}).positions,
              ElementsAre(2));
  EXPECT_THAT(asked("positions by token, then by column", "..tt", "t", {false, 4, 5}).positions,
              ElementsAre(4));
}

TEST(Rectangle, PaddingLiesWhereTheSideSays) {
  const Asked question = test::small({1, 3});
  const Truth truth(question, 1);
  const auto shape = [&](Side side) {
    std::vector<std::string> rows;
    for (const auto& row : rectangle(truth, {1, 3}, side, 1)) {
      rows.emplace_back();
      for (const Column& column : row) rows.back() += column.is_token() ? 't' : '.';
    }
    return rows;
  };
  EXPECT_THAT(shape(Side::left), ElementsAre("...t", ".ttt"));
  EXPECT_THAT(shape(Side::right), ElementsAre("t...", "ttt."));
  EXPECT_THAT(shape(Side::both), ElementsAre(".t..", "ttt."));
}

TEST(Conventions, HaveNamesOfTheirOwnAndSayWhatToDo) {
  std::set<std::string_view> names;
  for (const Convention& how : conventions()) {
    EXPECT_TRUE(names.insert(how.name).second) << how.name;
    EXPECT_FALSE(how.who.empty()) << how.name;
    EXPECT_FALSE(how.instead.empty()) << how.name;
  }
}

}  // namespace
}  // namespace flashdiff::generation
