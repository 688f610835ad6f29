#include "harness/compare/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace flashdiff::compare {
namespace {

using ::testing::DoubleNear;
using ::testing::Pointwise;

std::vector<double> numbers(int count, double first = 0) {
  std::vector<double> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST(MannWhitney,
     IsWhatSciPySays) {  // 1.18, mannwhitneyu: exact without ties, else asymptotic with continuity
  EXPECT_NEAR(mann_whitney_p(std::vector{1.1, 2.2, 3.3, 4.4, 5.5, 6.6}, std::vector{2.0, 3.5, 5.0, 7.0, 9.0}),
              0.42857142857142855, 1e-12);
  EXPECT_NEAR(mann_whitney_p(numbers(20), numbers(20, 4.5)), 0.030411256038764864, 1e-12);
  EXPECT_NEAR(
      mann_whitney_p(std::vector<double>{1, 2, 2, 3, 3, 3, 4}, std::vector<double>{2, 3, 4, 4, 5, 5, 6}),
      0.043051432728945134, 1e-12);
  EXPECT_NEAR(mann_whitney_p(numbers(25), numbers(30, 7.5)), 0.00018108960197476528, 1e-12);
  EXPECT_EQ(mann_whitney_p(std::vector<double>{3, 3, 3}, std::vector<double>{3, 3}), 1);
}

/// By counting all ways to choose which of the values are the base's.
double by_enumeration(const std::vector<double>& base, const std::vector<double>& next) {
  std::vector<double> all = base;
  all.insert(all.end(), next.begin(), next.end());
  const auto distance = [&](const std::vector<bool>& is_base) {
    double u = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
      for (std::size_t j = 0; j < all.size(); ++j) u += is_base[i] && !is_base[j] && all[i] > all[j] ? 1 : 0;
    return std::abs(u - static_cast<double>(base.size() * next.size()) / 2);
  };
  std::vector<bool> is_base(all.size(), false);
  std::fill_n(is_base.begin(), base.size(), true);
  const double seen = distance(is_base);
  std::sort(is_base.begin(), is_base.end());  // bits are no range that std::ranges sorts
  double as_far = 0, ways = 0;
  do {
    ++ways;
    as_far += distance(is_base) >= seen ? 1 : 0;
  } while (std::next_permutation(is_base.begin(), is_base.end()));
  return as_far / ways;
}

RC_GTEST_PROP(MannWhitney, IsTheShareOfAllOrders, ()) {
  const auto order =
      *rc::gen::unique<std::vector<int>>(*rc::gen::inRange<std::size_t>(2, 10), rc::gen::inRange(0, 1000));
  const auto cut = *rc::gen::inRange<std::size_t>(1, order.size());
  const std::vector<double> base(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(cut)),
      next(order.begin() + static_cast<std::ptrdiff_t>(cut), order.end());
  RC_ASSERT(std::abs(mann_whitney_p(base, next) - by_enumeration(base, next)) < 1e-12);
}

TEST(BenjaminiHochberg, IsWhatSciPySays) {  // false_discovery_control
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005, 0.5, 0.03};
  EXPECT_THAT(benjamini_hochberg(p),
              Pointwise(DoubleNear(1e-12), std::vector{0.03, 0.048, 0.045, 0.03, 0.5, 0.045}));
  EXPECT_TRUE(benjamini_hochberg({}).empty());
}

TEST(RatioOfMedians, IsOneNumberWhereNothingVaries) {
  const Ratio ratio = ratio_of_medians(std::vector<double>{2, 2, 2}, std::vector<double>{3, 3, 3, 3});
  EXPECT_EQ(ratio.value, 1.5);
  EXPECT_EQ(ratio.low, 1.5);
  EXPECT_EQ(ratio.high, 1.5);
  EXPECT_EQ(median(std::vector<double>{4, 1, 3, 2}), 2.5);
}

/// Values of a normal distribution, by Box and Muller: the same on every machine.
std::vector<double> noisy(double mean, double deviation, std::size_t count, std::uint64_t& state) {
  const auto uniform = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (static_cast<double>(state >> 11) + 0.5) * 0x1p-53;
  };
  std::vector<double> values(count);
  for (double& value : values)
    value = mean + deviation * std::sqrt(-2 * std::log(uniform())) * std::cos(2 * M_PI * uniform());
  return values;
}

TEST(RatioOfMedians, ItsIntervalHoldsTheTruthAboutAsOftenAsItSays) {
  std::uint64_t state = 1;
  int held = 0;
  constexpr int kRuns = 100;
  for (int run = 0; run < kRuns; ++run) {
    const auto base = noisy(1, 0.03, 10, state), next = noisy(1.1, 0.03, 10, state);
    const Ratio ratio = ratio_of_medians(base, next);
    held += ratio.low <= 1.1 && 1.1 <= ratio.high ? 1 : 0;
  }
  // 95 of 100 in the mean; a bootstrap of 10 values is a little off, and 100 runs are few: 4 deviations
  // below.
  EXPECT_GE(held, 86);
  EXPECT_LT(held, kRuns) << "an interval that always holds it is no interval of 95 %";
}

}  // namespace
}  // namespace flashdiff::compare
