#include "reports/bench_charts.h"

#include <algorithm>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/reports/bench_by_hand.h"
#include "properties/tests/reports/told_by_hand.h"
#include "reports/bench_place.h"
#include "reports/html.h"
#include "reports/performance.h"

/// Benchmarks → charts: each point of a sweep is there, at its value.
namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const ChartGroup& group(const std::vector<ChartGroup>& all, const std::string& id) {
  const auto found = std::ranges::find(all, id, &ChartGroup::id);
  if (found == all.end()) throw std::runtime_error("no group " + id);
  return *found;
}
const Chart& chart(const ChartGroup& of, const std::string& title) {
  const auto found = std::ranges::find(of.charts, title, &Chart::title);
  if (found == of.charts.end()) throw std::runtime_error("no chart " + title + " in " + of.id);
  return *found;
}
const ChartLine& line_of(const Chart& of, const std::string& name) {
  const auto found = std::ranges::find(of.lines, name, &ChartLine::name);
  if (found == of.lines.end()) throw std::runtime_error("no line " + name + " in " + of.title);
  return *found;
}
std::vector<double> xs(const ChartLine& of) {
  std::vector<double> all;
  for (const ChartPoint& point : of.points) all.push_back(point.x);
  return all;
}
std::vector<double> ys(const ChartLine& of) {
  std::vector<double> all;
  for (const ChartPoint& point : of.points) all.push_back(point.y);
  return all;
}

class BenchCharts : public ::testing::Test {
 protected:
  const std::vector<ChartGroup> all_ = charts_of({test::bench_runs_by_hand().back()});
};

/// The file has 4 lengths, 5 head dims, 4 ratios, 3 x 3 caches, 5 ratios of decoding, 3 lengths on a
/// processor.
TEST_F(BenchCharts, NoPointOfASweepIsMissing) {
  const ChartGroup &times = group(all_, "curves"), &counters = group(all_, "counters");
  EXPECT_THAT(xs(line_of(chart(times, "forward, d 64, no mask"), "flash_forward")),
              ElementsAre(256, 512, 1024, 2048));
  EXPECT_THAT(xs(line_of(chart(times, "backward, d 128, causal"), "flash_backward")),
              ElementsAre(256, 512, 1024, 2048));
  EXPECT_THAT(xs(line_of(chart(counters, "instructions: forward, causal"), "flash_forward, d 128")),
              ElementsAre(256, 512, 1024, 2048));
  EXPECT_THAT(xs(line_of(chart(counters, "instructions: backward, 1,024 keys, causal"), "flash_backward")),
              ElementsAre(32, 64, 96, 128, 192, 256));
  EXPECT_THAT(xs(line_of(chart(counters, "bytes: forward, d 128"), "flash_forward")),
              ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(xs(line_of(chart(times, "one new token, d 128, batch of 4"), "flash_decode")),
              ElementsAre(256, 1024, 4096));
  EXPECT_THAT(xs(line_of(chart(counters, "bytes: one new token, d 128"), "flash_decode, batch of 16")),
              ElementsAre(256, 1024, 4096));
  EXPECT_THAT(xs(line_of(chart(times, "one new token, d 128, a batch of 16"), "flash_decode")),
              ElementsAre(1, 2, 4, 8, 16));
  EXPECT_THAT(xs(line_of(chart(times, "forward, no mask, one thread of a processor"), "openvino")),
              ElementsAre(64, 256, 2048));
}

/// Each entry of the file that is on a sweep is a point of some chart.
TEST_F(BenchCharts, EveryEntryOfASweepIsDrawn) {
  std::vector<std::string> drawn;
  for (const ChartGroup& of : all_)
    for (const Chart& one : of.charts)
      for (const ChartLine& each : one.lines)
        for (const ChartPoint& point : each.points) drawn.push_back(point.at);
  const BenchRun run = test::bench_runs_by_hand().back();
  for (const BenchEntry& entry : run.entries)
    if (place_of(entry) && entry.failed.empty()) {
      EXPECT_THAT(drawn, ::testing::Contains('#' + anchor_of(entry)));
    }
}

/// Five repetitions of 2e14 n / (n + 400), by 1 + 0.02 sin(2.1 i): 0, 0.863, -0.872, 0.017, 0.855.
TEST_F(BenchCharts, ATimeIsTheMedianWithItsInterval) {
  const ChartPoint& point =
      line_of(chart(group(all_, "curves"), "forward, d 64, no mask"), "flash_forward").points.at(3);
  const double rate = 200.0 * 2048 / 2448;
  EXPECT_NEAR(point.y, rate / (1 + 0.02 * 0.0168), 1e-3 * rate);
  ASSERT_TRUE(point.interval);
  EXPECT_NEAR(point.interval->low, rate / (1 + 0.02 * 0.8632), 1e-4 * rate);
  EXPECT_NEAR(point.interval->high, rate / (1 - 0.02 * 0.8716), 1e-4 * rate);
  EXPECT_THAT(group(all_, "curves").words, HasSubstr("at least 93.8 % (order statistics)"));
}

/// 400 MB in 4e8 / 8e12 s are read at 2e12 bytes a second, a quarter of the "FLOPs" by which they were made.
TEST_F(BenchCharts, WhoDecodesIsMeasuredInBytes) {
  const Chart& one = chart(group(all_, "curves"), "one new token, d 128, batch of 1");
  EXPECT_THAT(one.y.title, HasSubstr("GB/s"));
  EXPECT_NEAR(line_of(one, "flash_decode").points.at(0).y, 2000, 1);
}

TEST_F(BenchCharts, CountersAreTakenAsTheyAre) {
  const Chart& one = chart(group(all_, "counters"), "instructions: forward, no mask");
  EXPECT_THAT(ys(line_of(one, "flash_forward, d 64")),
              ElementsAre(4.4 + 100.0 / 256, 4.4 + 100.0 / 512, 4.4 + 100.0 / 1024, 4.4 + 100.0 / 2048));
  EXPECT_FALSE(line_of(one, "flash_forward, d 64").points[0].interval) << "exact";
}

/// issued / needed is 1.1 + 4 / fill, the rectangle over needed 2e4 / fill^2.
TEST_F(BenchCharts, PaddingEfficiencyIsNeededOverIssued) {
  const ChartGroup& padding = group(all_, "padding");
  ASSERT_EQ(padding.charts.size(), 4u) << "two kernels, two head dims";
  const Chart& one = chart(padding, "flash_forward, d 128");
  EXPECT_THAT(xs(line_of(one, "left")), ElementsAre(10, 25, 50, 75, 100));
  EXPECT_DOUBLE_EQ(line_of(one, "right").points.at(0).y, 100 / 1.5);
  EXPECT_DOUBLE_EQ(line_of(one, "left").points.at(4).y, 100 / 1.14);
  EXPECT_NEAR(line_of(one, "the whole rectangle").points.at(4).y, 50, 1e-9);
  EXPECT_EQ(one.y.range->high, 100);
}

TEST_F(BenchCharts, RooflinesAreBoundsUnderThePeaks) {
  const ChartGroup& roofs = group(all_, "rooflines");
  EXPECT_EQ(roofs.charts.size(), 4u) << "two kernels on two GPUs; what decodes here tells no FLOPs";
  EXPECT_THAT(roofs.title + roofs.words,
              AllOf(HasSubstr("bounds, not times"), HasSubstr("Nothing was timed")));
  const Chart& one = chart(roofs, "flash_forward on H200");
  const ChartLine& roof = line_of(one, "tensor cores, device memory");
  ASSERT_EQ(roof.points.size(), 3u);
  EXPECT_NEAR(roof.points[0].y, roof.points[0].x * 4.8, 1e-9) << "on the memory's slope";
  EXPECT_NEAR(roof.points[1].x, 989.4 / 4.8, 1e-9) << "the ridge";
  EXPECT_EQ(roof.points[2].y, 989.4);
  EXPECT_EQ(line_of(one, "bound by shared memory").face,
            line_of(chart(roofs, "flash_backward on H200"), "bound by shared memory").face)
      << "the same bound looks the same";
  EXPECT_NE(line_of(one, "bound by shared memory").face, line_of(one, "bound by issue slots").face);
  const auto& points = line_of(one, "bound by issue slots").points;
  const auto found = std::ranges::find(points, "d64/seq2048", &ChartPoint::words);
  ASSERT_NE(found, points.end());
  EXPECT_EQ(found->y, 610);
  const double flops = 4.0 * 2048 * 2048 * 64;
  EXPECT_NEAR(found->x, 20 + flops / 4e6, 1e-6);
}

TEST(BenchChartsOverRuns, FollowWhatSpeedHangsOn) {
  const auto all = charts_of(test::bench_runs_by_hand());
  const ChartGroup& over = group(all, "over-runs");
  const Chart& loop = chart(over, "flash_forward, main loop");
  EXPECT_THAT(loop.x.names, ElementsAre("02-25 04:00", "03-04 04:00"));
  EXPECT_THAT(ys(line_of(loop, "d64/main_loop")), ElementsAre(1.1 * 4.46, 4.46));
  const auto& gpu = line_of(chart(over, "flash_forward on a GPU"), "d64/seq2048").points;
  ASSERT_EQ(gpu.size(), 2u);
  EXPECT_NEAR(gpu[1].y / gpu[0].y, 1.1, 1e-9);
  EXPECT_TRUE(gpu[0].interval);
  EXPECT_EQ(group(all, "curves").charts.size(),
            group(charts_of({test::bench_runs_by_hand().back()}), "curves").charts.size())
      << "curves are of the newest alone";
}

TEST(BenchPlaces, AreReadFromNames) {
  const auto place = [](const std::string& name) { return place_of({name, "", "", "ns", "", {}}); };
  const auto causal = place("gpu/cudnn/backward/d128/seq512_causal");
  ASSERT_TRUE(causal);
  EXPECT_EQ(causal->backend, "cudnn");
  EXPECT_TRUE(causal->is_backward);
  EXPECT_EQ(causal->head_dim, 128);
  EXPECT_EQ(causal->x, 512);
  EXPECT_EQ(causal->variant, "causal");
  EXPECT_EQ(place("figures/flash_decode/d128/batch16_seq4096")->batch, 16);
  EXPECT_EQ(place("figures/k/d128/decode_gqa16")->sweep, Sweep::decode_heads);
  EXPECT_EQ(place("reference/256_keys_d64_causal/backward")->variant, "causal");
  for (const char* none : {"figures/k/d64/main_loop", "figures/k/ptxas/e/sm_80", "figures/k/d64/full_left",
                           "reference/256_keys_d64/judged", "softcuda/launch/one_block", "x", ""})
    EXPECT_FALSE(place(none)) << none;
}

TEST(BenchPage, LeadsFromEachFigureToItsCommand) {
  Report report = summarise(test::told_all_right());
  add_bench(report, test::bench_runs_by_hand());
  const std::string page = html_page(report);
  EXPECT_THAT(
      page, AllOf(HasSubstr("bench --device soft --filter &#39;^figures/flash_forward/d64/seq2048(/|$)&#39;"),
                  HasSubstr("counters &#39;fd1 b=1 hq=1 hk=1 d=64"),
                  HasSubstr("id=\"behind-figures-flash_forward-d64-seq2048\""),
                  HasSubstr("<a href=\"#behind-figures-flash_forward-d64-seq2048\""),
                  HasSubstr("bench --device gpu --filter"), HasSubstr("no time: O is &lt;wrong&gt;")));
}

TEST(BenchPage, ShowsHotLinesBesideTheirSource) {
  Report report = summarise(test::told_all_right());
  add_bench(report, test::bench_runs_by_hand());
  const std::string page = html_page(report);
  EXPECT_THAT(page, HasSubstr("5 lines of 37, 97.2 % of 10,000 warp instructions"));
  EXPECT_THAT(page, HasSubstr("<code>asm volatile(&quot;mma.sync &lt;...&gt;&quot;);</code>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"number fail\">1,360 / 200<svg")) << "bank conflicts";
  EXPECT_THAT(page, HasSubstr("<td class=\"number\">512 / 512<svg")) << "sectors used whole";
  EXPECT_LT(page.find(">kernels/tiles.cuh</th>"), page.find(">kernels/flash_forward.cu</th>"))
      << "the hottest file first";
  const auto at = [&](const char* number) { return page.find(number, page.find(">kernels/tiles.cuh</th>")); };
  EXPECT_LT(at(">40</th>"), at(">60</th>")) << "in the order of the source";
  EXPECT_LT(at(">60</th>"), at(">120</th>"));
}

TEST(BenchPage, AnOlderFileHasTablesAlone) {
  Report report = summarise(test::told_all_right());
  add_bench(
      report,
      {bench_run_of(R"({"benchmarks": [{"name": "figures/k/d64/main_loop", "local_sectors": 0}]})", "old")
           .value()});
  const std::string page = html_page(report);
  EXPECT_THAT(page, AllOf(HasSubstr("k: Main loop, full tiles"), Not(HasSubstr("class=\"chart\"")),
                          Not(HasSubstr("Hottest source lines"))));
}

TEST(BenchPage, TheSameRunTwiceIsOne) {
  std::vector<BenchRun> runs = test::bench_runs_by_hand();
  runs.push_back(runs.back());
  Report report = summarise(test::told_all_right());
  add_bench(report, std::move(runs));
  EXPECT_THAT(group(report.charts, "over-runs").words, HasSubstr("2 runs of"));
}

}  // namespace
}  // namespace flashdiff
