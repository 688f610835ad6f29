#include "reports/bench_run.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/reports/bench_by_hand.h"

/// Google Benchmark's JSON, read; and what is known of a median.
namespace flashdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Of all 2^n ways in which n values can lie below or above their median, how many leave it between the k-th
/// of either end.
double coverage_counted(int n, int k) {
  std::int64_t inside = 0;
  for (std::uint32_t ways = 0; ways < (1u << static_cast<unsigned>(n)); ++ways) {
    const int below = std::popcount(ways);
    inside += below >= k && n - below >= k ? 1 : 0;
  }
  return static_cast<double>(inside) / static_cast<double>(std::int64_t{1} << n);
}

TEST(Medians, IntervalsHoldAsOftenAsTheySay) {
  for (int n = 2; n <= 16; ++n) {
    std::vector<double> values;
    for (int i = 1; i <= n; ++i) values.push_back(i);
    const Median median = median_of(values);
    EXPECT_DOUBLE_EQ(median.value, (n + 1) / 2.0);
    const int k = static_cast<int>(median.low);
    EXPECT_DOUBLE_EQ(median.high, n + 1 - k) << "as many are left out at either end";
    EXPECT_NEAR(median.confidence, coverage_counted(n, k), 1e-12) << n;
    if (n >= 6) {
      EXPECT_GE(median.confidence, 0.95) << n;
      EXPECT_LT(2 * (k + 1) > n ? 0 : coverage_counted(n, k + 1), 0.95) << n << ": a narrower one would do";
    } else {
      EXPECT_EQ(k, 1) << "all of the range, as far as that goes";
    }
  }
  const Median one = median_of({7});
  EXPECT_EQ(one.value, 7);
  EXPECT_EQ(one.confidence, 0) << "nothing is known of the spread";
}

TEST(BenchRuns, SayWhatTheFileSays) {
  const BenchRun run = test::bench_runs_by_hand().back();
  EXPECT_EQ(run.commit, "3f2c9ab");
  EXPECT_EQ(run.gpu, "NVIDIA H200");
  ASSERT_EQ(run.gpus.size(), 2u);
  EXPECT_EQ(run.gpus[1].memory_bytes, 4800e9);
  ASSERT_EQ(run.lines.size(), 1u);
  EXPECT_EQ(run.lines[0].lines.at(2).ideal_wavefronts, 200);
  const auto timed = std::ranges::find(run.entries, "gpu/flash_forward/d64/seq2048", &BenchEntry::name);
  ASSERT_NE(timed, run.entries.end()) << "without Google Benchmark's words behind the name";
  EXPECT_EQ(timed->repetitions.size(), 5u);
  EXPECT_THAT(timed->line, HasSubstr("q=2048")) << "the case of the shape, whoever measures it";
  EXPECT_THAT(timed->words(), ElementsAre("gpu", "flash_forward", "d64", "seq2048"));
  EXPECT_DOUBLE_EQ(timed->seconds(3), 3e-6);
  const auto failed = std::ranges::find(run.entries, "gpu/cudnn/d64/fill10_left", &BenchEntry::name);
  ASSERT_NE(failed, run.entries.end());
  EXPECT_EQ(failed->failed, "no time: O is <wrong>");
}

TEST(BenchRuns, TheNewestFigureOfEachIsTold) {
  std::vector<BenchRun> runs = test::bench_runs_by_hand();
  std::ranges::reverse(runs);
  BenchRun older;
  older.date = "2025-12-24T00:00:00+00:00";
  older.entries = {{"figures/gone/d64/main_loop", "", "", "ns", "", {{{"warp_instructions", 1}}}},
                   runs[0].entries[0]};
  runs.push_back(older);
  const std::vector<BenchRun> newest = newest_of(runs);
  ASSERT_EQ(newest.size(), 2u) << "of the one between nothing is left";
  ASSERT_EQ(newest[0].entries.size(), 1u);
  EXPECT_EQ(newest[0].entries[0].name, "figures/gone/d64/main_loop");
  EXPECT_EQ(newest[1].commit, "3f2c9ab");
}

}  // namespace
}  // namespace flashdiff
