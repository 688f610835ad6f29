/// Tensor cores as they were measured: products and addend aligned to the largest of them, cut off below a
/// fixed number of bits, summed exactly, rounded toward zero.
///
/// Source: Xie, Wang, Yang and Yang, "MMA-Sim: Bit-Accurate Reference Model of Tensor Cores and Matrix Cores"
/// (arXiv:2511.10909); measured values by Khattak and Mikaitis (ACM TACO, doi 10.1145/3830409). Our own code,
/// held to golden values in properties/tests/softcuda/golden.
#include <algorithm>
#include <bit>
#include <cmath>

#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/mma.h"

namespace softcuda::isa::mma {
namespace {

using i32 = std::int32_t;
using u32 = std::uint32_t;

/// A finite float as sign, exponent and significand with `bits` bits: value = s * 2^(e - bits + 1).
/// Subnormals of the element's own format keep the exponent of its smallest normal number.
struct Parts {
  i32 significand;  ///< signed
  i32 exponent;
};
Parts parts(float x, int minimum, int bits) {
  const u32 word = bits_of(x), magnitude = word & 0x7fffffffu;
  const auto biased = static_cast<i32>(magnitude >> 23);
  i32 exponent = biased == 0 ? -126 : biased - 127;
  auto significand = static_cast<i32>(biased == 0 ? magnitude : (magnitude & 0x7fffffu) | 0x800000u);
  const i32 drop = 24 - bits + std::max(minimum - exponent, 0);  // no bit of the element's own is lost
  exponent = std::max(exponent, minimum);
  significand = drop < 32 ? significand >> drop : 0;
  return {(word >> 31) != 0 ? -significand : significand, exponent};
}

/// s * 2^(exponent) cut off to `shift` bits fewer, toward zero; a negative shift adds zeros.
i32 shifted(i32 s, i32 shift) {
  if (s == 0) return 0;  // its exponent may lie above the largest one, and the shift be of any size
  const u32 magnitude = static_cast<u32>(s < 0 ? -s : s);
  const u32 cut = shift >= 32 ? 0 : shift >= 0 ? magnitude >> shift : magnitude << -shift;
  return s < 0 ? -static_cast<i32>(cut) : static_cast<i32>(cut);
}

/// sum * 2^scale, rounded toward zero to f32; subnormal results kept.
float rounded(i32 sum, i32 scale) {
  if (sum == 0) return 0.0f;
  const u32 magnitude = static_cast<u32>(sum < 0 ? -sum : sum), sign = sum < 0 ? 0x80000000u : 0;
  const i32 top = 31 - std::countl_zero(magnitude);  // the leading bit
  const i32 exponent = top + scale;
  if (exponent > 127) return float_of(sign | 0x7f800000u);
  const i32 last = std::max(exponent - 23, -149);  // exponent of the result's last bit
  const i32 shift = last - scale;
  const u32 kept = shift >= 32 ? 0 : shift >= 0 ? magnitude >> shift : magnitude << -shift;
  if (exponent < -126) return float_of(sign | kept);
  return float_of(sign | static_cast<u32>(exponent + 127) << 23 | (kept & 0x7fffffu));
}

/// sum * 2^scale, rounded once to f16, to nearest even: first to odd with 24 bits (Boldo and Melquiond, "When
/// double rounding is odd", 2005), so that what was cut off is still seen in the second rounding.
float rounded_to_f16(i32 sum, i32 scale) {
  const u32 magnitude = static_cast<u32>(sum < 0 ? -sum : sum);
  const i32 cut = std::max(8 - std::countl_zero(magnitude), 0);
  const u32 odd = magnitude >> cut | static_cast<u32>((magnitude & ((1u << cut) - 1)) != 0);
  const float value = std::ldexp(static_cast<float>(odd), scale + cut);
  return to_float(to_f16(sum < 0 ? -value : value));
}

/// Infinities and NaN among the operands decide before any sum is made: 0 says that none is there.
u32 special(const FloatTiles& tiles, int m, int n, int first, int count, float c) {
  bool plus = std::isinf(c) && c > 0, minus = std::isinf(c) && c < 0, nan = std::isnan(c);
  for (int k = first; k < first + count; ++k) {
    const float a = tiles.a[m][k], b = tiles.b[k][n];
    nan = nan || std::isnan(a) || std::isnan(b) || (std::isinf(a) && b == 0) || (std::isinf(b) && a == 0);
    if (!std::isinf(a) && !std::isinf(b)) continue;
    ((std::signbit(a) != std::signbit(b)) ? minus : plus) = true;
  }
  if (nan || (plus && minus)) return kNan32;
  return plus ? 0x7f800000u : minus ? 0xff800000u : 0;
}

}  // namespace

void truncating(FloatTiles& tiles, Truncation how, int minimum, int bits) {
  i32 a_s[kMostDepth], a_e[kMostDepth];
  alignas(64) i32 b_s[kMostDepth][kColumns], b_e[kMostDepth][kColumns];
  bool special_b = false;
  for (int k = 0; k < tiles.depth; ++k) {
    for (int n = 0; n < kColumns; ++n) {
      const Parts p = parts(tiles.b[k][n], minimum, bits);
      b_s[k][n] = p.significand;
      b_e[k][n] = p.exponent;
      special_b = special_b || !std::isfinite(tiles.b[k][n]);
    }
  }
  const i32 product_bits = 2 * (bits - 1);  // fraction bits of a product of significands
  for (int m = 0; m < tiles.rows; ++m) {
    bool special_a = false;
    for (int k = 0; k < tiles.depth; ++k) {
      const Parts p = parts(tiles.a[m][k], minimum, bits);
      a_s[k] = p.significand;
      a_e[k] = p.exponent;
      special_a = special_a || !std::isfinite(tiles.a[m][k]);
    }
    for (int first = 0; first < tiles.depth; first += how.step) {
      const int last = std::min(first + how.step, tiles.depth);
      alignas(64) i32 top[kColumns], sum[kColumns], c_s[kColumns], c_e[kColumns];
      for (int n = 0; n < kColumns; ++n) {
        const Parts p = parts(tiles.c[m][n], how.narrow ? -14 : -126, 24);
        c_s[n] = p.significand;
        c_e[n] = p.significand == 0 ? how.zero_exponent : p.exponent;
        top[n] = c_e[n];
      }
      for (int k = first; k < last; ++k) {
        for (int n = 0; n < kColumns; ++n) {
          const i32 e = a_s[k] == 0 || b_s[k][n] == 0 ? -1000 : a_e[k] + b_e[k][n];
          top[n] = e > top[n] ? e : top[n];
        }
      }
      for (int n = 0; n < kColumns; ++n)
        sum[n] = shifted(c_s[n], std::min(top[n] - c_e[n], 31) - (how.fraction_bits - 23));
      for (int k = first; k < last; ++k) {
        for (int n = 0; n < kColumns; ++n) {
          const i32 down = std::min(top[n] - (a_e[k] + b_e[k][n]), 62) - (how.fraction_bits - product_bits);
          sum[n] += shifted(a_s[k] * b_s[k][n], down);
        }
      }
      for (int n = 0; n < kColumns; ++n) {
        const u32 decided = special_a || special_b || !std::isfinite(tiles.c[m][n])
                                ? special(tiles, m, n, first, last - first, tiles.c[m][n])
                                : 0;
        const i32 scale = top[n] - how.fraction_bits;
        tiles.c[m][n] = decided != 0 ? float_of(decided)
                        : how.narrow ? rounded_to_f16(sum[n], scale)
                                     : rounded(sum[n], scale);
      }
    }
  }
}

}  // namespace softcuda::isa::mma
