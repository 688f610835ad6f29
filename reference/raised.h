#pragma once
#include <cstddef>

#include "reference/lanes.h"

/// Magnitudes as a tensor core takes them, raised to the smallest exponent that it has
/// (budget::exponent_floor). Loops by lanes, since Eigen 3.4's casts do not vectorise.
namespace flashdiff::detail {

/// Sum of squares.
template <class Element>
[[nodiscard]] double raised_norm_squared(const Element* values, std::ptrdiff_t size, double floor) {
  Lanes four{};
  double one = 0;
  const auto add = [&]<class Value>(std::ptrdiff_t c, Value& to) {
    const Value value = larger(magnitude(load<Value>(values + c)), Value{} + floor);
    to += value * value;
  };
  std::ptrdiff_t c = 0;
  for (; c + kLanes <= size; c += kLanes) add(c, four);
  for (; c < size; ++c) add(c, one);
  return one + sum_of(four);
}

/// Times `factor`.
template <class Element>
void raised(const Element* values, std::ptrdiff_t size, double floor, double factor, float* to) {
  const auto write = [&]<class Value>(std::ptrdiff_t c, Value none) {
    store(to + c, larger(magnitude(load<Value>(values + c)), none + floor) * factor);
  };
  std::ptrdiff_t c = 0;
  for (; c + kLanes <= size; c += kLanes) write(c, Lanes{});
  for (; c < size; ++c) write(c, 0.0);
}

/// 1 / x, 0 for 0: what is divided by it is 0, too.
[[nodiscard]] inline double inverse(double x) { return x > 0 ? 1 / x : 0.0; }

}  // namespace flashdiff::detail
