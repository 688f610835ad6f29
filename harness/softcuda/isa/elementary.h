#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

/// 2^x, log2, tanh for f32 arguments, evaluated in double to a relative error below 2^-44, so that rounding
/// to f32 gives the correctly rounded value but for about one argument in 2^19 that lies so near to a tie. No
/// table, no branch: loops over lanes become vector code, which calls of libm would not.
namespace softcuda::isa {

/// 2^x for x in [-160, 130]; outside, the value at the nearer end (which rounds to 0 or infinity in f32).
[[nodiscard]] inline double exp2_in_double(float argument) {
  double x = static_cast<double>(argument);
  x = x < -160.0 ? -160.0 : x;
  x = x > 130.0 ? 130.0 : x;
  constexpr double kToInteger = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  const double shifted = x + kToInteger;
  const double f = x - (shifted - kToInteger);  // exact, in [-1/2, 1/2]
  // ln(2)^k / k!: the series of 2^f; the first term left out is below 2^-47.
  double p = 0x1.c3bd650fc2986p-36;
  p = std::fma(p, f, 0x1.e8cac7351bb25p-32);
  p = std::fma(p, f, 0x1.e4cf5158b8ecap-28);
  p = std::fma(p, f, 0x1.b5253d395e7c4p-24);
  p = std::fma(p, f, 0x1.62c0223a5c824p-20);
  p = std::fma(p, f, 0x1.ffcbfc588b0c7p-17);
  p = std::fma(p, f, 0x1.430912f86c787p-13);
  p = std::fma(p, f, 0x1.5d87fe78a6731p-10);
  p = std::fma(p, f, 0x1.3b2ab6fba4e77p-7);
  p = std::fma(p, f, 0x1.c6b08d704a0c0p-5);
  p = std::fma(p, f, 0x1.ebfbdff82c58fp-3);
  p = std::fma(p, f, 0x1.62e42fefa39efp-1);
  p = std::fma(p, f, 1.0);
  // The integer sits in the low bits of `shifted`; moved up, it is added to p's exponent.
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) +
                               (std::bit_cast<std::uint64_t>(shifted) << 52));
}

/// log2 of a positive finite x.
[[nodiscard]] inline double log2_in_double(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)): subtracting sqrt(1/2)'s pattern makes the exponent change
  // there.
  constexpr std::uint64_t kRootHalf = 0x3fe6a09e667f3bcdull;
  const std::uint64_t moved = bits - kRootHalf;
  const auto exponent = static_cast<std::int64_t>(moved) >> 52;
  const double m = std::bit_cast<double>((moved & 0x000fffffffffffffull) + kRootHalf);
  const double s = (m - 1.0) / (m + 1.0);
  const double t = s * s;  // at most 0.0295; log2(m) = 2 / ln(2) * (s + s^3/3 + s^5/5 + ...)
  double p = 1.0 / 19;
  p = std::fma(p, t, 1.0 / 17);
  p = std::fma(p, t, 1.0 / 15);
  p = std::fma(p, t, 1.0 / 13);
  p = std::fma(p, t, 1.0 / 11);
  p = std::fma(p, t, 1.0 / 9);
  p = std::fma(p, t, 1.0 / 7);
  p = std::fma(p, t, 1.0 / 5);
  p = std::fma(p, t, 1.0 / 3);
  p = std::fma(p, t, 1.0);
  return static_cast<double>(static_cast<std::int32_t>(exponent)) + 0x1.71547652b82fep+1 * s * p;
}

/// tanh of any finite x.
[[nodiscard]] inline double tanh_in_double(float x) {
  // 1 - 2 / (e^2x + 1) loses what e^2x is nearer to 1 than 2^-30: there the series' first two terms do.
  const double d = static_cast<double>(x);
  const double clamped = d > 40.0 ? 40.0 : d < -40.0 ? -40.0 : d;
  const double exponent = clamped * 0x1.71547652b82fep+1;  // 2 x log2(e)
  // exp2_in_double takes an f32: split what that cannot hold off and multiply by its own 2^low.
  const auto high = static_cast<float>(exponent);
  const double low = exponent - static_cast<double>(high);  // below 2^-17: three terms are plenty
  const double small =
      1.0 + low * (0x1.62e42fefa39efp-1 + low * (0x1.ebfbdff82c58fp-3 + low * 0x1.c6b08d704a0c0p-5));
  const double e = exp2_in_double(high) * small;
  const double wide = 1.0 - 2.0 / (e + 1.0);
  const double narrow = d - d * d * d * (1.0 / 3.0);
  return std::fabs(d) < 0x1p-10 ? narrow : wide;
}

}  // namespace softcuda::isa
