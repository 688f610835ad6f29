#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

/// Halves by other means than softcuda's: the compiler's own _Float16, and rounding by comparison.
namespace softcuda::testing {

inline long double value(std::uint16_t bits, bool bfloat) {
  if (!bfloat) {
    _Float16 x;
    std::memcpy(&x, &bits, 2);
    return static_cast<long double>(x);
  }
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float x;
  std::memcpy(&x, &wide, 4);
  return x;
}
/// Rounded once, to nearest even, by looking at the two neighbours.
inline std::uint16_t rounded(long double x, bool bfloat) {
  if (std::isnan(x)) return 0x7fff;
  const std::uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  const long double magnitude = std::fabs(x);
  const std::uint16_t infinity = bfloat ? 0x7f80 : 0x7c00;
  // Patterns of positive numbers are in order: the largest one that is not above.
  std::uint16_t low = 0, high = infinity;
  while (high - low > 1) {
    const auto middle = static_cast<std::uint16_t>((low + high) / 2);
    (value(middle, bfloat) <= magnitude ? low : high) = middle;
  }
  if (std::isinf(x)) return sign | infinity;
  const long double below = value(low, bfloat);
  const long double above = high == infinity ? std::ldexp(1.0L, bfloat ? 128 : 16) : value(high, bfloat);
  const long double under = magnitude - below, over = above - magnitude;
  const std::uint16_t r = under < over || (under == over && low % 2 == 0) ? low : high;
  return sign | r;
}

}  // namespace softcuda::testing
