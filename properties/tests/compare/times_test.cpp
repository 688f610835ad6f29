#include "harness/compare/times.h"

#include <cmath>

#include <gmock/gmock.h>

#include "harness/compare/writers.h"

namespace flashdiff::compare {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Ten repetitions about `middle`, spread by `share`, in an order without a drift.
std::vector<double> repeated(double middle, double share) {
  std::vector<double> seconds;
  for (const int step : {3, -5, 1, 4, -2, 5, -4, 2, -1, -3})
    seconds.push_back(middle * (1 + share * step / 5.0));
  return seconds;
}

TimeVerdict verdict(double by, double noise, double again = 1) {
  const TimeChanges told = compare_times({{"k", repeated(1, noise)}}, {{"k", repeated(by, noise)}},
                                         {{"k", repeated(again, noise)}}, {});
  return told.changes.at(0).verdict;
}

TEST(Times, AreJudgedByRanksIntervalAndEffect) {
  EXPECT_EQ(verdict(1.2, 0.02), TimeVerdict::slower);
  EXPECT_EQ(verdict(0.8, 0.02), TimeVerdict::faster);
  EXPECT_EQ(verdict(1.0, 0.01), TimeVerdict::same);
  EXPECT_EQ(verdict(1.03, 0.005), TimeVerdict::same) << "surely other, and nobody's news";
  EXPECT_EQ(verdict(1.0, 0.2), TimeVerdict::uncertain) << "so noisy that 5 % could hide";
  EXPECT_EQ(verdict(1.2, 0.5), TimeVerdict::uncertain);
  EXPECT_EQ(verdict(1.08, 0.01, 1.1), TimeVerdict::uncertain) << "the base against itself is as far off";
}

TEST(Times, OfManyBenchmarksFewAreFalselyTold) {
  // 200 benchmarks that did not change, of which every tenth looks, by chance, like p = 0.03.
  SecondsByBenchmark base, next;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "k" + std::to_string(i);
    base[name] = repeated(1, 0.1);
    next[name] = repeated(i % 10 == 0 ? 1.065 : 1, 0.1);
  }
  const TimeChanges told = compare_times(base, next, {}, {});
  EXPECT_LT(mann_whitney_p(base["k0"], next["k0"]), 0.1);
  EXPECT_EQ(told.count(TimeVerdict::slower), 0);
  EXPECT_TRUE(told.of_halves) << "no second run of the base was given";
}

TEST(Times, OfFewRepetitionsAreNotCompared) {
  const TimeChanges told = compare_times({{"k", {1, 1, 1}}}, {{"k", {2, 2, 2}}}, {}, {});
  EXPECT_THAT(told.changes, SizeIs(0));
  EXPECT_EQ(told.too_few, 1);
}

TEST(Times, AreToldWithWhatCouldHaveBeenSeen) {
  Comparison c{"main.json", "mine.json", {}, {}, {}, {}};
  c.times = compare_times({{"gpu/k", repeated(1, 0.02)}, {"gpu/l", repeated(1, 0.02)}},
                          {{"gpu/k", repeated(1.2, 0.02)}, {"gpu/l", repeated(1, 0.02)}},
                          {{"gpu/k", repeated(1, 0.02)}}, {});
  EXPECT_FALSE(c.clean());
  EXPECT_THAT(in_words(c), HasSubstr("1 of 2 times slower, 0 uncertain"));
  const std::string text = as_markdown(c, "f");
  EXPECT_THAT(text, HasSubstr("| gpu/k | ❌ slower | 1 s | 1.2 s | +20.0 % |"));
  EXPECT_THAT(text,
              HasSubstr("2 benchmarks compared: 1 slower, 0 faster, 0 uncertain, 1 the same within 5 %"));
  EXPECT_THAT(text, HasSubstr("Geometric mean of new over base: +9.5 %"));
  EXPECT_THAT(text, HasSubstr("would not have been told from none"));
}

}  // namespace
}  // namespace flashdiff::compare
