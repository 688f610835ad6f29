#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

/// What the PTX ISA says of floating-point results, in one place: canonical NaN, flush to zero, saturation,
/// rounding. Every function is branch-free, so that loops over lanes become vector code.
///
/// Sources: PTX ISA 9.0, "Floating-Point Instructions" (9.7.3): subnormals are supported unless .ftz, which
/// "flushes subnormal inputs and results to sign-preserving zero"; NaN results of single precision "are
/// canonical NaN 0x7fffffff"; of half precision (9.7.4) 0x7fff. Double precision (9.7.3): NaN payloads are
/// kept as the processor keeps them, which the ISA leaves open.
namespace softcuda::isa {

inline constexpr std::uint32_t kNan32 = 0x7fffffffu;
inline constexpr std::uint16_t kNan16 = 0x7fffu;

[[nodiscard]] inline std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
[[nodiscard]] inline float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// A NaN of any payload becomes the canonical one.
[[nodiscard]] inline float canonical(float x) { return x == x ? x : float_of(kNan32); }
[[nodiscard]] inline double canonical(double x) {
  return x == x ? x : std::bit_cast<double>(0x7fffffffffffffffull);
}

/// .ftz
[[nodiscard]] inline float flushed(float x) {
  const std::uint32_t bits = bits_of(x);
  return (bits & 0x7f800000u) == 0 ? float_of(bits & 0x80000000u) : x;
}
template <bool kFtz>
[[nodiscard]] inline float input(float x) {
  if constexpr (kFtz) return flushed(x);
  return x;
}

/// .sat: "clamps the result to [0.0, 1.0]. NaN results are flushed to +0.0f."
[[nodiscard]] inline float saturated(float x) {
  const float low = x > 0.0f ? x : 0.0f;  // NaN and -0 compare false
  return low < 1.0f ? low : 1.0f;
}

/// What happens to every f32 result, in the order that the ISA gives.
template <bool kFtz, bool kSat = false>
[[nodiscard]] inline float result(float x) {
  if constexpr (kSat) return saturated(kFtz ? flushed(x) : x);
  return canonical(kFtz ? flushed(x) : x);
}

/// "min/max": a NaN operand loses against a number, unless .NaN; -0.0 < +0.0.
template <bool kNan>
[[nodiscard]] inline float minimum(float a, float b) {
  // Equal operands differ at most in the sign of a zero: OR keeps the minus.
  float r = a < b ? a : b;
  r = a == b ? float_of(bits_of(a) | bits_of(b)) : r;
  if constexpr (kNan) return a != a || b != b ? float_of(kNan32) : r;
  r = a != a ? b : r;
  r = b != b ? a : r;
  return canonical(r);
}
template <bool kNan>
[[nodiscard]] inline float maximum(float a, float b) {
  float r = a > b ? a : b;
  r = a == b ? float_of(bits_of(a) & bits_of(b)) : r;
  if constexpr (kNan) return a != a || b != b ? float_of(kNan32) : r;
  r = a != a ? b : r;
  r = b != b ? a : r;
  return canonical(r);
}

enum class Round : std::uint8_t { nearest_even, zero, down, up, nearest_away };

/// The sum of two doubles rounded to odd: the value when it is exact, else the neighbour with an odd last
/// bit. Rounding that to 24 bits or fewer by any rule equals rounding the exact sum (Boldo and Melquiond,
/// "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
[[nodiscard]] inline double sum_to_odd(double a, double b) {
  const double s = a + b;
  const double bb = s - a;
  const double error = (a - (s - bb)) + (b - bb);  // Knuth's TwoSum: exact
  if (!(error != 0) || !std::isfinite(s)) return s;
  const auto bits = std::bit_cast<std::uint64_t>(s);
  if ((bits & 1) != 0) return s;
  // s is even and inexact: the odd neighbour is on the side of the error.
  const bool away = (error > 0) == (s > 0);
  return std::bit_cast<double>(away ? bits + 1 : bits - 1);
}

/// A double rounded to f32 by any rule, overflow and subnormals included.
[[nodiscard]] float to_float(double x, Round);

// ---- half precision -------------------------------------------------------------------------------------

struct F16 {
  std::uint16_t bits;
};
struct Bf16 {
  std::uint16_t bits;
};

/// Exact; NaN becomes canonical.
[[nodiscard]] inline float to_float(F16 h) {
  const std::uint32_t magnitude = h.bits & 0x7fffu;
  const std::uint32_t sign = static_cast<std::uint32_t>(h.bits & 0x8000u) << 16;
  const std::uint32_t normal = (magnitude << 13) + (112u << 23);
  const std::uint32_t subnormal =
      bits_of(static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24f);
  const std::uint32_t special = magnitude == 0x7c00u ? (0x7f800000u | sign) : kNan32;
  const std::uint32_t finite = (magnitude < 0x0400u ? subnormal : normal) | sign;
  return float_of(magnitude >= 0x7c00u ? special : finite);
}
[[nodiscard]] inline float to_float(Bf16 h) {
  return canonical(float_of(static_cast<std::uint32_t>(h.bits) << 16));
}

/// Round to nearest even; overflow becomes infinity, NaN the canonical 0x7fff.
[[nodiscard]] inline F16 to_f16(float x) {
  const std::uint32_t bits = bits_of(x);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  const std::uint32_t sign = bits >> 16 & 0x8000u;
  // Normal: drop 13 bits, ties to even; a carry into the exponent is right, up to infinity's own pattern.
  const std::uint32_t normal = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - (112u << 23)) >> 13;
  // Subnormal: adding 0.5 puts the last bit of 2^-24 at the end of the significand, and the sum rounds.
  const std::uint32_t subnormal =
      bits_of(float_of(magnitude < 0x38800000u ? magnitude : 0u) + 0.5f) - 0x3f000000u;
  std::uint32_t r = magnitude < 0x38800000u ? subnormal : normal;
  r = magnitude >= 0x47800000u ? 0x7c00u : r;
  r |= sign;
  r = magnitude > 0x7f800000u ? kNan16 : r;
  return {static_cast<std::uint16_t>(r)};
}
[[nodiscard]] inline Bf16 to_bf16(float x) {
  const std::uint32_t bits = bits_of(x);
  const std::uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  return {static_cast<std::uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? kNan16 : rounded)};
}

/// By any rule: a double holds every value that is converted to half precision exactly, or rounded to odd.
[[nodiscard]] F16 to_f16(double x, Round);
[[nodiscard]] Bf16 to_bf16(double x, Round);

}  // namespace softcuda::isa
