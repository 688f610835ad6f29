#include <limits>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "properties/tests/reports/told_by_hand.h"
#include "reports/colours.h"
#include "reports/error_map.h"
#include "reports/histogram.h"

namespace flashdiff {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Colours, TheBudgetIsAnEdge) {
  const int within = colour_step(1), outside = colour_step(1.0001);
  EXPECT_EQ(outside, within + 1);
  EXPECT_EQ(colour_of_step(within), "#4fa9a6");
  EXPECT_EQ(colour_of_step(outside), "#ffdc5e");
}

TEST(Colours, EveryStepHasItsOwn) {
  std::set<std::string> colours;
  for (int step = 0; step <= not_a_number_step; ++step) colours.insert(colour_of_step(step));
  EXPECT_EQ(colours.size(), static_cast<std::size_t>(not_a_number_step) + 1);
}

TEST(Colours, TheEndsHoldEverything) {
  EXPECT_EQ(colour_step(0), 0);
  EXPECT_EQ(colour_step(std::numeric_limits<double>::infinity()), colour_steps - 1);
  EXPECT_EQ(colour_step(std::numeric_limits<double>::quiet_NaN()), not_a_number_step);
}

/// Cells that the paths of a map cover.
std::int64_t covered_cells(const std::string& svg) {
  std::int64_t cells = 0;
  const std::regex stroke("M[0-9]+ [0-9]+h([0-9]+)v1");
  for (std::sregex_iterator it(svg.begin(), svg.end(), stroke), end; it != end; ++it)
    cells += std::stoll((*it)[1]);
  return cells;
}

RC_GTEST_PROP(ErrorMap, EveryCellIsDrawnOnce, ()) {
  const int rows = *rc::gen::inRange(1, 300), columns = *rc::gen::inRange(1, 130);
  const ErrorMap map = test::map_with_wrong_tile(rows, columns);
  const std::string svg = error_map_svg(map, {}, "m");
  RC_ASSERT(covered_cells(svg) == static_cast<std::int64_t>(map.use.size()));
  RC_ASSERT(svg.size() < 64U * 1024U);
}

TEST(ErrorMap, RowsAndHeadsAreCalledWhatTheyAre) {
  ErrorMap map = test::map_with_wrong_tile(8, 8);
  const auto called = [&map](TensorRole tensor) {
    map.tensor = tensor;
    return error_map_svg(map, {}, "m");
  };
  EXPECT_THAT(called(TensorRole::dq), ::testing::AllOf(HasSubstr("dQ over 8 rows by 8 columns"),
                                                       HasSubstr(", head 3"), HasSubstr(">row</text>")));
  EXPECT_THAT(called(TensorRole::dk), ::testing::AllOf(HasSubstr("dK over 8 keys by 8 columns"),
                                                       HasSubstr(", kv-head 3"), HasSubstr(">key</text>")));
  EXPECT_THAT(called(TensorRole::v), ::testing::AllOf(HasSubstr("V over 8 new tokens by"),
                                                      HasSubstr(", kv-head 3"), HasSubstr(">token</text>")));
  EXPECT_THAT(called(TensorRole::q_rot),
              ::testing::AllOf(HasSubstr("turned Q over 8 new tokens"), HasSubstr(", head 3")));
}

TEST(ErrorMap, WhatIsNotWholeIsNotDrawn) {
  ErrorMap map = test::map_with_wrong_tile(8, 8);
  map.use.pop_back();
  EXPECT_EQ(error_map_svg(map, {}, "m"), "");
  EXPECT_EQ(error_map_svg(ErrorMap{}, {}, "m"), "");
  map.cell_rows = 0;
  EXPECT_EQ(error_map_svg(map, {}, "m"), "");
}

TEST(ErrorMap, SaysWhatLiesBesideIt) {
  const std::string svg = error_map_svg(test::map_with_wrong_tile(8, 8), {"3 rows of padding", ""}, "m");
  EXPECT_THAT(svg, HasSubstr("3 rows of padding"));
  EXPECT_THAT(svg, HasSubstr("url(#m-hatch)"));
}

TEST(ErrorMap, NaNHasALegendWhereThereIsOne) {
  ErrorMap map = test::map_with_wrong_tile(8, 8);
  EXPECT_THAT(error_map_svg(map, {}, "m"), HasSubstr(">NaN<"));
  map.use.back() = 0.5F;
  EXPECT_THAT(error_map_svg(map, {}, "m"), Not(HasSubstr("NaN")));
}

Case with(Padding padding, int pad, std::vector<SequenceLengths> sequences) {
  Case c;
  c.problem.sequences = std::move(sequences);
  c.layout.padding = padding;
  c.layout.pad = pad;
  return c;
}

ErrorMap of_sequence(int sequence) {
  ErrorMap map;
  map.sequence = sequence;
  return map;
}

TEST(Neighbours, PaddingOfARectangle) {
  const std::vector<SequenceLengths> two{{3, 9}, {5, 5}};
  const MapNeighbours left = neighbours_of(with(Padding::left, 0, two), of_sequence(0));
  EXPECT_EQ(left.above, "2 rows of padding");
  EXPECT_EQ(left.below, "");
  const MapNeighbours longest = neighbours_of(with(Padding::right, 1, two), of_sequence(1));
  EXPECT_EQ(longest.above, "");
  EXPECT_EQ(longest.below, "1 row of padding");
  const MapNeighbours both = neighbours_of(with(Padding::both, 1, two), of_sequence(0));
  EXPECT_EQ(both.above, "2 rows of padding");
  EXPECT_EQ(both.below, "1 row of padding");
}

TEST(Neighbours, PackedSequencesLieBesideEachOther) {
  const std::vector<SequenceLengths> three{{3, 3}, {0, 4}, {5, 5}};
  const MapNeighbours first = neighbours_of(with(Padding::packed, 2, three), of_sequence(0));
  EXPECT_EQ(first.above, "");
  EXPECT_EQ(first.below, "sequence 2");
  const MapNeighbours last = neighbours_of(with(Padding::packed, 2, three), of_sequence(2));
  EXPECT_EQ(last.above, "sequence 0");
  EXPECT_EQ(last.below, "2 rows of padding");
}

/// Of the cache: past tokens lie in front of the new ones.
TEST(Neighbours, OfNewTokensInACache) {
  const auto beside = [](Padding padding, int page, std::vector<SequenceLengths> sequences, int sequence) {
    Case c = with(padding, 0, std::move(sequences));
    c.problem.pass = Pass::append;
    c.layout.page = page;
    ErrorMap map = of_sequence(sequence);
    map.tensor = TensorRole::k;
    const MapNeighbours found = neighbours_of(c, map);
    return found.above + " / " + found.below;
  };
  const std::vector<SequenceLengths> two{{3, 9}, {5, 5}};
  EXPECT_EQ(beside(Padding::left, 0, two, 0), "6 past tokens / ");
  EXPECT_EQ(beside(Padding::left, 0, two, 1), "4 rows of padding / ");
  EXPECT_EQ(beside(Padding::right, 0, two, 1), " / 4 rows of padding");
  EXPECT_EQ(beside(Padding::right, 16, two, 0), "6 past tokens / 7 rows of padding");
  EXPECT_EQ(beside(Padding::packed, 16, {{3, 20}}, 0), "17 past tokens / 12 rows of padding");
  const std::vector<SequenceLengths> three{{3, 3}, {0, 4}, {1, 2}};
  EXPECT_EQ(beside(Padding::packed, 0, three, 0), " / sequence 1") << "which has a past";
  EXPECT_EQ(beside(Padding::packed, 0, three, 2), "1 past token / ");
}

TEST(Neighbours, AHoleIsNoPaddingBehindTheLastRow) {
  Case c = with(Padding::right, 2, {{5, 5}, {1, 1}});
  c.layout.hole = 7;
  EXPECT_EQ(neighbours_of(c, of_sequence(0)).below, "2 rows of padding");
  EXPECT_EQ(neighbours_of(c, of_sequence(1)).below, "13 rows of padding") << "one row has no hole";
}

TEST(Neighbours, AMapOfNoSequenceHasNone) {
  const MapNeighbours none = neighbours_of(with(Padding::left, 0, {{3, 3}}), of_sequence(7));
  EXPECT_EQ(none.above + none.below, "");
}

TEST(Histogram, SaysHowManyAreOutside) {
  UseHistogram histogram;
  for (const double use : {0.2, 0.3, 5.0}) histogram.add(use);
  const std::string svg = histogram_svg(histogram);
  EXPECT_THAT(svg, HasSubstr("Budget use of 3 cases: 1 above the budget"));
  EXPECT_THAT(svg, HasSubstr("class=\"outside\""));
  EXPECT_THAT(histogram_svg({}), HasSubstr("0 cases"));
}

}  // namespace
}  // namespace flashdiff
