#include "reports/chart.h"

#include <cmath>
#include <limits>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/chart_book.h"
#include "reports/scale.h"

/// Scales, and that a drawing says what its data say: marks stand where the axis' own ticks stand.
namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Scales, LinearTicksAreRoundAndReachRoundThem) {
  const Scale scale = linear_scale({3, 97});
  EXPECT_THAT(scale.ticks, ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_DOUBLE_EQ(scale.at(0), 0);
  EXPECT_DOUBLE_EQ(scale.at(50), 0.5);
  EXPECT_DOUBLE_EQ(scale.at(100), 1);
}

TEST(Scales, FromZeroUnlessAllLieFarAboveIt) {
  EXPECT_EQ(linear_scale({4, 10}).from, 0);
  EXPECT_GT(linear_scale({8, 10}).from, 0);
  EXPECT_LT(linear_scale({-3, 10}).from, 0);
}

TEST(Scales, ARippleIsNoMountain) {
  const Scale scale = linear_scale({1.0, 1.0001});
  EXPECT_LT(std::abs(scale.at(1.0001) - scale.at(1.0)), 0.01);
  const Scale flat = linear_scale({5, 5});
  EXPECT_LT(flat.from, 5);
  EXPECT_GT(flat.to, 5);
}

TEST(Scales, LogarithmicStepsAreFactors) {
  const Scale scale = logarithmic_scale({1.5, 80});
  EXPECT_EQ(scale.ticks.front(), 1);
  EXPECT_EQ(scale.ticks.back(), 100);
  EXPECT_DOUBLE_EQ(scale.at(10), 0.5);
  EXPECT_THAT(logarithmic_scale({1e-3, 1e4}).ticks, ElementsAre(1e-3, 1e-2, 1e-1, 1, 10, 100, 1e3, 1e4));
  EXPECT_EQ(logarithmic_scale({0, -1, std::nan("")}).ticks.size(), 2u) << "none of them has a logarithm";
}

TEST(Scales, OfStepsHasATickAtEach) {
  const Scale scale = scale_of_steps({1024, 256, 512, 256}, true);
  EXPECT_THAT(scale.ticks, ElementsAre(256, 512, 1024));
  EXPECT_DOUBLE_EQ(scale.at(512), 0.5);
  EXPECT_EQ(scale_of_steps({8}, true).at(8), 0.5) << "one place stands in the middle";
}

struct At {
  double x, y;
};
/// Where marks stand, in order.
std::vector<At> marks_in(const std::string& svg) {
  static const std::regex mark(R"re(class="mark [^"]*" transform="translate\(([-0-9.]+) ([-0-9.]+)\)")re");
  std::vector<At> all;
  for (std::sregex_iterator it(svg.begin(), svg.end(), mark), end; it != end; ++it)
    all.push_back({std::stod((*it)[1]), std::stod((*it)[2])});
  return all;
}
/// Where the grid line of a tick stands that is labelled so.
double grid_of(const std::string& svg, const std::string& label) {
  const std::regex line(R"re(class="grid"[^>]* y1="([-0-9.]+)"[^>]*/><text class="end"[^>]*>)re" + label +
                        "<");
  std::smatch found;
  return std::regex_search(svg, found, line) ? std::stod(found[1]) : std::nan("");
}
double tick_of(const std::string& svg, const std::string& label) {
  const std::regex line(R"re(class="tick" x1="([-0-9.]+)"[^>]*/><text[^>]*>)re" + label + "<");
  std::smatch found;
  return std::regex_search(svg, found, line) ? std::stod(found[1]) : std::nan("");
}

Chart chart_by_hand(bool logarithmic) {
  Chart chart;
  chart.title = "a <chart>";
  chart.summary = "it rises";
  chart.x = {"length", true, true};
  chart.y = {"rate", logarithmic};
  chart.lines = {{"ours", {{256, 1, {}, "d64", "#behind-a"}, {1024, 10, ChartInterval{5, 20}}, {4096, 100}}},
                 {"theirs", {{256, 10}, {1024, std::nan("")}, {4096, 40}}},
                 {"roof", {{256, 100}, {4096, 100}}, ChartLine::Look::edge}};
  return chart;
}

TEST(Charts, MarksStandWhereTheTicksOfTheirValuesAre) {
  for (const bool logarithmic : {false, true}) {
    const std::string svg = chart_svg(chart_by_hand(logarithmic));
    const std::vector<At> marks = marks_in(svg);
    ASSERT_EQ(marks.size(), 5u) << "what is no number, and what is a limit, has no mark";
    EXPECT_NEAR(marks[0].x, tick_of(svg, "256"), 0.11);
    EXPECT_NEAR(marks[1].x, tick_of(svg, "1,024"), 0.11);
    EXPECT_NEAR(marks[2].x, tick_of(svg, "4,096"), 0.11);
    EXPECT_NEAR(marks[1].x - marks[0].x, marks[2].x - marks[1].x, 0.21) << "lengths stand by factors";
    EXPECT_NEAR(marks[2].y, grid_of(svg, "100"), 0.11);
    if (logarithmic) {
      EXPECT_NEAR(marks[0].y, grid_of(svg, "1"), 0.11);
      EXPECT_NEAR(marks[1].y, grid_of(svg, "10"), 0.11);
    } else {
      EXPECT_NEAR(marks[4].y, grid_of(svg, "40"), 0.11);
      EXPECT_NEAR(marks[0].y, grid_of(svg, "0") + (grid_of(svg, "40") - grid_of(svg, "0")) / 40, 0.11);
    }
    EXPECT_LT(marks[2].y, marks[0].y) << "more is higher";
  }
}

TEST(Charts, AnIntervalReachesFromItsLowToItsHighEnd) {
  const std::string svg = chart_svg(chart_by_hand(true));
  const std::regex bar(R"re(class="interval l0" d="M([-0-9.]+) ([-0-9.]+)V([-0-9.]+)")re");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(svg, found, bar));
  EXPECT_NEAR(std::stod(found[1]), tick_of(svg, "1,024"), 0.11);
  EXPECT_NEAR(std::stod(found[2]), grid_of(svg, "5"), 0.11);
  EXPECT_NEAR(std::stod(found[3]), grid_of(svg, "20"), 0.11);
}

TEST(Charts, SayWhatTheyShowAndLeadToWhatIsBehind) {
  const std::string svg = chart_svg(chart_by_hand(false));
  EXPECT_THAT(
      svg, AllOf(HasSubstr(R"(role="img" aria-label="a &lt;chart&gt;")"), HasSubstr("<desc>it rises</desc>"),
                 HasSubstr("<title>ours, d64: 1</title>"), HasSubstr("<title>ours: 10 (5 to 20)</title>"),
                 HasSubstr(R"(<a href="#behind-a" tabindex="-1">)"), Not(HasSubstr("style=")),
                 Not(HasSubstr("nan"))));
}

TEST(Charts, WithoutAPointSaysSo) {
  Chart chart;
  chart.title = "empty";
  EXPECT_THAT(chart_svg(chart), HasSubstr("nothing to draw"));
  chart.y.logarithmic = true;
  chart.lines = {{"none", {{1, 0}, {2, -3}}}};
  EXPECT_THAT(chart_svg(chart), HasSubstr("nothing to draw"));
}

TEST(ChartBooks, KeepWhatIsALine) {
  ChartBook book;
  Chart one, other;
  one.title = "one";
  one.x.title = "length";
  one.y.title = "rate";
  other.title = "other";
  book.add(one, "a", {512, 2});
  book.add(one, "a", {256, 1});
  book.add(one, "b", {256, 7});
  book.add(other, "a", {3, 3});
  const std::vector<Chart> charts = book.take();
  ASSERT_EQ(charts.size(), 1u) << "one place is no line";
  EXPECT_EQ(charts[0].lines.at(0).points.at(0).x, 256) << "in the order of the axis";
  EXPECT_EQ(charts[0].summary, "rate over length. a: 1 at 256, 2 at 512. b: 7 at 256.");
}

}  // namespace
}  // namespace flashdiff
