#pragma once
#include <span>
#include <vector>

namespace flashdiff::compare {

/// Of at least one value.
[[nodiscard]] double median(std::span<const double> values);

/// How much longer the new ones take: medians' ratio, and where it lies at a confidence of 95 %.
struct Ratio {
  double value = 1, low = 1, high = 1;
};
/// Percentile bootstrap (Efron, "Bootstrap methods: another look at the jackknife", 1979) of 10,000 resamples
/// of both sides; the same values give the same interval on every machine. At least one value a side.
[[nodiscard]] Ratio ratio_of_medians(std::span<const double> base, std::span<const double> next);

/// Two-sided p of the Mann-Whitney U test, which Google Benchmark's compare.py uses as well: exact without
/// ties where no side has more than 20 values, else normal with corrections for ties and continuity. 1 where
/// a side is empty.
[[nodiscard]] double mann_whitney_p(std::span<const double> base, std::span<const double> next);

/// p values -> least false discovery rates at which each is still one (Benjamini and Hochberg 1995), in their
/// order.
[[nodiscard]] std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace flashdiff::compare
