#include "harness/compare/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>

namespace flashdiff::compare {
namespace {

constexpr int kResamples = 10'000;
constexpr double kTail = 0.025;
constexpr std::size_t kExact = 20;  ///< values of a side, at most

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double resampled(std::span<const double> from, std::mt19937_64& random, std::vector<double>& into) {
  into.resize(from.size());
  // Not std::uniform_int_distribution, whose numbers are each library's own; the bias is below 2^-50.
  for (double& value : into) value = from[random() % from.size()];
  return median_of(into);
}

/// Mean ranks from 1 on of both sides together, and the sum of t^3 - t over groups of t ties.
struct Ranked {
  double base_sum = 0, ties = 0;
};
Ranked ranked(std::span<const double> base, std::span<const double> next) {
  std::vector<std::pair<double, bool>> all;
  for (const double value : base) all.emplace_back(value, true);
  for (const double value : next) all.emplace_back(value, false);
  std::ranges::sort(all);
  Ranked told;
  for (std::size_t first = 0; first < all.size();) {
    std::size_t end = first;
    while (end < all.size() && all[end].first == all[first].first) ++end;
    const auto count = static_cast<double>(end - first);
    const double rank = static_cast<double>(first) + (count + 1) / 2;
    for (std::size_t i = first; i < end; ++i) told.base_sum += all[i].second ? rank : 0;
    told.ties += count * count * count - count;
    first = end;
  }
  return told;
}

/// Share of all orders of n and m values that give a U of at most u (Mann and Whitney 1947: the counts'
/// recursion).
double exact_share(std::size_t n, std::size_t m, std::size_t u) {
  // counts[j][k]: orders of i and j values with U = k, for one i after the other.
  std::vector<std::vector<double>> counts(m + 1, std::vector<double>(n * m + 1, 0));
  for (auto& row : counts) row[0] = 1;
  for (std::size_t i = 1; i <= n; ++i)
    for (std::size_t j = 1; j <= m; ++j)
      // The largest is one of i, and above all j; or one of j.
      for (std::size_t k = i * j + 1; k-- > 0;)
        counts[j][k] = (k >= j ? counts[j][k - j] : 0) + counts[j - 1][k];
  const auto& row = counts[m];
  const double all = std::accumulate(row.begin(), row.end(), 0.0);
  return std::accumulate(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(std::min(u + 1, row.size())),
                         0.0) /
         all;
}

}  // namespace

double median(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  return median_of(copy);
}

Ratio ratio_of_medians(std::span<const double> base, std::span<const double> next) {
  std::mt19937_64 random(1);
  std::vector<double> ratios(kResamples), scratch;
  for (double& ratio : ratios) {
    const double before = resampled(base, random, scratch);
    ratio = resampled(next, random, scratch) / before;
  }
  std::ranges::sort(ratios);
  const auto at = [&](double share) { return ratios[static_cast<std::size_t>(share * (kResamples - 1))]; };
  return {median(next) / median(base), at(kTail), at(1 - kTail)};
}

double mann_whitney_p(std::span<const double> base, std::span<const double> next) {
  if (base.empty() || next.empty()) return 1;
  const auto n = static_cast<double>(base.size()), m = static_cast<double>(next.size());
  const Ranked ranks = ranked(base, next);
  const double of_base = ranks.base_sum - n * (n + 1) / 2;
  const double u = std::min(of_base, n * m - of_base);
  if (ranks.ties == 0 && std::max(base.size(), next.size()) <= kExact)
    return std::min(1.0, 2 * exact_share(base.size(), next.size(), static_cast<std::size_t>(u)));
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - ranks.ties / (all * (all - 1)));
  if (!(variance > 0)) return 1;
  const double z = std::max(0.0, n * m / 2 - u - 0.5) / std::sqrt(variance);
  return std::min(1.0, std::erfc(z / std::sqrt(2.0)));
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, std::ranges::greater(), [&](std::size_t i) { return p[i]; });
  std::vector<double> rates(p.size());
  double least = 1;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto rank = static_cast<double>(order.size() - k);
    least = std::min(least, p[order[k]] * static_cast<double>(order.size()) / rank);
    rates[order[k]] = least;
  }
  return rates;
}

}  // namespace flashdiff::compare
