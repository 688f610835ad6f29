#pragma once
#include <string>
#include <vector>

namespace flashdiff {

/// An axis: where a value stands on it, and where its ticks are.
struct Scale {
  bool logarithmic = false;
  double from = 0, to = 1;
  std::vector<double> ticks;

  /// 0 at `from`, 1 at `to`.
  [[nodiscard]] double at(double value) const;
};

/// From the least to the largest of the values and a little beyond, to a round tick at either end; from 0
/// where all are at least 0 and the least is less than half of the largest. Values that are nearly the same
/// get a twentieth of their size, so that a ripple does not look like a mountain.
[[nodiscard]] Scale linear_scale(const std::vector<double>& values);
/// By factors: ticks of 1, 2, 5 times powers of ten, or of powers alone where these are too many. Values must
/// be above 0; others are passed over.
[[nodiscard]] Scale logarithmic_scale(const std::vector<double>& values);
/// With a tick at each value: of lengths, head dims, ratios, that somebody has chosen.
[[nodiscard]] Scale scale_of_steps(std::vector<double> values, bool logarithmic);

}  // namespace flashdiff
