#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

/// Four doubles worked on together, for loops over the columns of a row that end in several sums. A row is
/// short, so that what matters is how the sums end: compilers add up the lanes of a `#pragma omp simd`
/// reduction one after the other, through memory. Vectors as GCC and Clang have them on every processor; code
/// that is a template of `Value` takes Lanes, and double for the columns that are left.
namespace flashdiff::detail {

using Lanes = double __attribute__((vector_size(32)));
using FloatLanes = float __attribute__((vector_size(16)));
constexpr int kLanes = 4;

/// The next values of a row, as doubles: four, or one.
template <class Value, class Element>
[[nodiscard]] inline Value load(const Element* from) {
  if constexpr (sizeof(Value) == sizeof(double)) {
    return static_cast<double>(*from);
  } else if constexpr (sizeof(Element) == sizeof(float)) {
    return Lanes{from[0], from[1], from[2], from[3]};
  } else {
    Lanes values;
    std::memcpy(&values, from, sizeof values);
    return values;
  }
}
template <class Value>
inline void store(double* to, Value value) {
  std::memcpy(to, &value, sizeof value);
}

inline void store(float* to, double value) { *to = static_cast<float>(value); }
inline void store(float* to, Lanes values) {
  const auto narrow = __builtin_convertvector(values, FloatLanes);
  std::memcpy(to, &narrow, sizeof narrow);
}

// b where either is NaN, as the vector instructions have it.
template <class Value>
[[nodiscard]] inline Value larger(Value a, Value b) {
  return a > b ? a : b;
}
template <class Value>
[[nodiscard]] inline Value smaller(Value a, Value b) {
  return a < b ? a : b;
}
[[nodiscard]] inline double magnitude(double a) { return std::fabs(a); }
[[nodiscard]] inline Lanes magnitude(Lanes a) { return larger(a, -a); }

[[nodiscard]] inline double root(double a) { return std::sqrt(a); }
/// One instruction where files are compiled with -fno-math-errno.
[[nodiscard]] inline Lanes root(Lanes a) {
  return Lanes{std::sqrt(a[0]), std::sqrt(a[1]), std::sqrt(a[2]), std::sqrt(a[3])};
}
/// The power of two at |a| or below it; 0 below the normal numbers.
template <class Value>
[[nodiscard]] inline Value power_of_two_of(Value a) {
  using Bits = std::conditional_t<sizeof(Value) == sizeof(double), std::uint64_t,
                                  std::uint64_t __attribute__((vector_size(32)))>;
  return std::bit_cast<Value>(std::bit_cast<Bits>(a) & 0x7ff0'0000'0000'0000u);
}

[[nodiscard]] inline double sum_of(double a) { return a; }
[[nodiscard]] inline double largest_of(double a) { return a; }
[[nodiscard]] inline double sum_of(Lanes a) { return (a[0] + a[2]) + (a[1] + a[3]); }
[[nodiscard]] inline double largest_of(Lanes a) { return larger(larger(a[0], a[2]), larger(a[1], a[3])); }

}  // namespace flashdiff::detail
