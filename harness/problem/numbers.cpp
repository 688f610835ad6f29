#include "harness/problem/numbers.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace flashdiff {
namespace {

// The conversions are integer arithmetic without branches, so that the loops below vectorise on every
// processor and give the same bits on each. `_Float16` would say it shorter, but g++ 12 does not vectorise it
// and clang 14 does not know it on x86.

constexpr std::uint32_t kSign = 0x8000'0000u;
constexpr std::uint32_t kInfinity = 0x7f80'0000u;
constexpr std::uint32_t kQuiet = 0x0040'0000u;
/// Half's subnormals are multiples of 2^-24, which is what separates two floats in [0.5, 1): adding 0.5
/// rounds to them, to nearest even, and leaves the multiple in the low bits.
constexpr float kHalfSubnormalMagic = 0.5f;
constexpr std::uint32_t kHalfSmallestNormal = 0x3880'0000u;  // 2^-14
constexpr std::uint32_t kHalfOverflow = 0x4780'0000u;        // 2^16: what rounding reaches above 65504
constexpr std::uint32_t kHalfRebias = (127u - 15u) << 23;

/// To nearest even at bit `drop`: magnitudes only, a carry into the exponent is what rounding up means.
template <int drop>
constexpr std::uint32_t nearest_even(std::uint32_t magnitude) {
  const std::uint32_t half_minus_one = (1u << (drop - 1)) - 1u;
  const std::uint32_t odd = (magnitude >> drop) & 1u;
  return (magnitude + half_minus_one + odd) & ~((1u << drop) - 1u);
}

inline std::uint16_t half_bits(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & ~kSign;
  const std::uint32_t normal = (nearest_even<13>(magnitude) - kHalfRebias) >> 13;
  const float shifted = std::bit_cast<float>(magnitude) + kHalfSubnormalMagic;
  const std::uint32_t subnormal =
      std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(kHalfSubnormalMagic);
  const std::uint32_t nan = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  std::uint32_t half = magnitude < kHalfSmallestNormal ? subnormal : normal;
  half = nearest_even<13>(magnitude) >= kHalfOverflow ? 0x7c00u : half;
  half = magnitude > kInfinity ? nan : half;
  return static_cast<std::uint16_t>(half | ((bits & kSign) >> 16));
}

/// Exponent and fraction in a float's places are the value times 2^-112, subnormals too; infinity and NaN
/// then need the exponent 255 instead of 143. (A chosen `?:` on floats here would keep the loops from
/// vectorising.)
inline float half_value(std::uint16_t half) {
  const std::uint32_t magnitude = half & 0x7fffu;
  const float value = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  const std::uint32_t exponent = magnitude >= 0x7c00u ? kInfinity : 0u;
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | exponent | sign);
}

/// half_value(half_bits(value)) without leaving floats: a third fewer operations.
inline float nearest_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & ~kSign;
  const std::uint32_t normal = nearest_even<13>(magnitude);
  const float subnormal = (std::bit_cast<float>(magnitude) + kHalfSubnormalMagic) - kHalfSubnormalMagic;
  const std::uint32_t nan = (magnitude & ~0x1fffu) | kQuiet;
  std::uint32_t half = magnitude < kHalfSmallestNormal ? std::bit_cast<std::uint32_t>(subnormal) : normal;
  half = normal >= kHalfOverflow ? kInfinity : half;
  half = magnitude > kInfinity ? nan : half;
  return std::bit_cast<float>(half | (bits & kSign));
}

inline std::uint16_t bfloat_bits(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & ~kSign;
  const std::uint32_t kept = magnitude > kInfinity ? magnitude | kQuiet : nearest_even<16>(magnitude);
  return static_cast<std::uint16_t>((kept | (bits & kSign)) >> 16);
}

inline float bfloat_value(std::uint16_t bfloat) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bfloat) << 16);
}

template <class Bits, class ToBits>
void store_run(std::byte* at, std::span<const float> values, ToBits to_bits) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Bits bits = to_bits(values[i]);
    std::memcpy(at + i * sizeof(Bits), &bits, sizeof(Bits));
  }
}

template <class Bits, class ToValue>
void load_run(const std::byte* at, std::span<float> values, ToValue to_value) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Bits bits;
    std::memcpy(&bits, at + i * sizeof(Bits), sizeof(Bits));
    values[i] = to_value(bits);
  }
}

[[noreturn]] void no_such_dtype() { throw std::invalid_argument("DType out of its range"); }

}  // namespace

Format format_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return {0x1p-24, 0x1p-126, 0x1p-149, 0x1.fffffep127};
    case DType::f16: return {0x1p-11, 0x1p-14, 0x1p-24, 65504.0};
    case DType::bf16: return {0x1p-8, 0x1p-126, 0x1p-133, 0x1.fep127};
  }
  no_such_dtype();
}

std::size_t bytes_of(DType dtype) { return dtype == DType::f32 ? 4 : 2; }

float rounded(DType dtype, float value) {
  switch (dtype) {
    case DType::f32: return value;
    case DType::f16: return nearest_half(value);
    case DType::bf16: return bfloat_value(bfloat_bits(value));
  }
  no_such_dtype();
}

void round_all(DType dtype, std::span<float> values) {
  switch (dtype) {
    case DType::f32: return;
    case DType::f16:
      for (float& value : values) value = nearest_half(value);
      return;
    case DType::bf16:
      for (float& value : values) value = bfloat_value(bfloat_bits(value));
      return;
  }
  no_such_dtype();
}

void store_elements(DType dtype, std::byte* at, std::span<const float> values) {
  if (values.empty()) return;
  switch (dtype) {
    case DType::f32: std::memcpy(at, values.data(), values.size_bytes()); return;
    case DType::f16: return store_run<std::uint16_t>(at, values, half_bits);
    case DType::bf16: return store_run<std::uint16_t>(at, values, bfloat_bits);
  }
  no_such_dtype();
}

void load_elements(DType dtype, const std::byte* at, std::span<float> values) {
  if (values.empty()) return;
  switch (dtype) {
    case DType::f32: std::memcpy(values.data(), at, values.size_bytes()); return;
    case DType::f16: return load_run<std::uint16_t>(at, values, half_value);
    case DType::bf16: return load_run<std::uint16_t>(at, values, bfloat_value);
  }
  no_such_dtype();
}

void store_element(DType dtype, std::byte* at, float value) { store_elements(dtype, at, {&value, 1}); }

float load_element(DType dtype, const std::byte* at) {
  float value = 0;
  load_elements(dtype, at, {&value, 1});
  return value;
}

}  // namespace flashdiff
