/// The truncating models (mma_truncating.cpp says what they are) for the form that attention kernels live on:
/// all 16 rows of a column at once, in 32-bit integers.
#include <cstring>

#include "harness/softcuda/isa/mma.h"
#include "harness/softcuda/isa/mma_vectors.h"

namespace softcuda::isa::mma {
namespace {

using u32 = std::uint32_t;
using i32 = std::int32_t;
using Ints = i32 __attribute__((vector_size(64)));
using HalfInts = i32 __attribute__((vector_size(32)));
using Doubles = double __attribute__((vector_size(64)));
using Longs = std::int64_t __attribute__((vector_size(64)));

constexpr i32 kNowhere = -1000;  // exponent of zero: never the largest, and shifted out by any

/// Finite floats as sign (0 or -1), exponent and significand, as parts() has them.
struct VectorParts {
  Words significand;
  Ints exponent, sign;
};
VectorParts parts(Floats x, i32 minimum, int bits, i32 of_zero) {
  const auto word = reinterpret_cast<Words>(x);
  const Words magnitude = word & 0x7fffffffu, biased = magnitude >> 23;
  const auto is_normal = reinterpret_cast<Words>(biased != 0);
  Ints exponent = reinterpret_cast<Ints>((biased & is_normal) | (~is_normal & 1u)) - 127;
  const Words whole = (magnitude & 0x7fffffu) | (is_normal & 0x800000u);
  const Ints below = minimum - exponent;
  Ints drop = (24 - bits) + (below > 0 ? below : Ints{});
  drop = drop > 31 ? Ints{} + 31 : drop;
  const Words significand = whole >> reinterpret_cast<Words>(drop);
  exponent = below > 0 ? Ints{} + minimum : exponent;
  exponent = significand == 0 ? Ints{} + of_zero : exponent;
  return {significand, exponent, reinterpret_cast<Ints>(word) >> 31};
}

template <class V>
bool any(V v) {
  std::uint64_t pairs[8], all = 0;
  std::memcpy(pairs, &v, sizeof v);
  for (const std::uint64_t pair : pairs) all |= pair;
  return all != 0;
}
Ints not_finite(Floats x) { return (reinterpret_cast<Words>(x) & 0x7f800000u) == 0x7f800000u; }

/// sum * 2^scale for 8 rows, cut off to 24 bits as doubles: exact in float. Results below the normal numbers
/// set `small`.
Doubles cut_off(HalfInts sum, HalfInts scale, Longs& small) {
  const auto wide = __builtin_convertvector(scale, Longs);
  const auto power = reinterpret_cast<Doubles>((wide + 1023) << 52);
  const Doubles value = __builtin_convertvector(sum, Doubles) * power;
  const Longs bits = reinterpret_cast<Longs>(value) & ~std::int64_t{0x1fffffff};
  const Longs magnitude = bits & 0x7fffffffffffffff;
  small |= (magnitude != 0) & (magnitude < (std::int64_t{1023 - 126} << 52));
  return reinterpret_cast<Doubles>(bits);
}

struct Column {
  alignas(64) float rows[16];
};
/// C or D, columns by rows: register r holds rows g + 8 (r / 2) of columns 2 t + r % 2.
void to_columns(const float* const registers[4], Column (&columns)[8]) {
  for (int r = 0; r < 4; ++r) {
    for (int h = 0; h < 2; ++h) {
      const Floats v = turned(load(registers[r] + 16 * h));
      for (int t = 0; t < 4; ++t)
        std::memcpy(columns[2 * t + r % 2].rows + 8 * (r / 2) + 4 * h,
                    reinterpret_cast<const float*>(&v) + 4 * t, 16);
    }
  }
}
void from_columns(const Column (&columns)[8], float* const registers[4]) {
  for (int r = 0; r < 4; ++r) {
    for (int h = 0; h < 2; ++h) {
      Floats v;
      for (int t = 0; t < 4; ++t)
        std::memcpy(reinterpret_cast<float*>(&v) + 4 * t, columns[2 * t + r % 2].rows + 8 * (r / 2) + 4 * h,
                    16);
      v = turned(v);
      std::memcpy(registers[r] + 16 * h, &v, sizeof v);
    }
  }
}

}  // namespace

template <Half kHalf>
bool truncating_16_8_16(const u32* const a[4], const u32* const b[2], const float* const c[4],
                        float* const d[4], Truncation how) {
  constexpr i32 kMinimum = kHalf == Half::f16 ? -14 : -126;
  constexpr int kBits = kHalf == Half::f16 ? 11 : 8;
  // A, columns (k) by rows; B, rows (k) by columns.
  alignas(64) float a_columns[16][16], b_rows[16][8];
  Ints bad{};  // looked at once, at the end: nothing is written before
  Longs small{};
  for (int r = 0; r < 4; ++r) {
    for (int h = 0; h < 2; ++h) {
      const Words packed = load(a[r] + 16 * h);
      const Floats low = turned(element<kHalf, false>(packed)), high = turned(element<kHalf, true>(packed));
      bad |= not_finite(low) | not_finite(high);
      for (int t = 0; t < 4; ++t) {
        float* at = a_columns[2 * t + 8 * (r / 2)] + 8 * (r % 2) + 4 * h;
        std::memcpy(at, reinterpret_cast<const float*>(&low) + 4 * t, 16);
        std::memcpy(at + 16, reinterpret_cast<const float*>(&high) + 4 * t, 16);
      }
    }
  }
  for (int r = 0; r < 2; ++r) {
    for (int h = 0; h < 2; ++h) {
      const Words packed = load(b[r] + 16 * h);
      const Floats low = turned(element<kHalf, false>(packed)), high = turned(element<kHalf, true>(packed));
      bad |= not_finite(low) | not_finite(high);
      for (int t = 0; t < 4; ++t) {
        std::memcpy(b_rows[2 * t + 8 * r] + 4 * h, reinterpret_cast<const float*>(&low) + 4 * t, 16);
        std::memcpy(b_rows[2 * t + 1 + 8 * r] + 4 * h, reinterpret_cast<const float*>(&high) + 4 * t, 16);
      }
    }
  }
  Column columns[8];
  to_columns(c, columns);
  for (const Column& column : columns) bad |= not_finite(load(column.rows));

  VectorParts a_parts[16];
  for (int k = 0; k < 16; ++k) a_parts[k] = parts(load(a_columns[k]), kMinimum, kBits, kNowhere);
  alignas(64) u32 b_significand[16][8];
  alignas(64) i32 b_exponent[16][8], b_sign[16][8];
  const int widened = how.fraction_bits - 2 * (kBits - 1);  // products get all their fraction bits
  for (int k = 0; k < 16; k += 2) {
    const VectorParts p = parts(load(b_rows[k]), kMinimum, kBits, kNowhere);
    const Words shifted = p.significand << widened;
    std::memcpy(b_significand[k], &shifted, sizeof shifted);
    std::memcpy(b_exponent[k], &p.exponent, sizeof p.exponent);
    std::memcpy(b_sign[k], &p.sign, sizeof p.sign);
  }

  for (int n = 0; n < 8; ++n) {
    Floats value = load(columns[n].rows);
    for (int first = 0; first < 16; first += how.step) {
      const VectorParts addend = parts(value, -126, 24, how.zero_exponent);
      Ints top = addend.exponent;
      for (int k = first; k < first + how.step; ++k) {
        const Ints exponent = a_parts[k].exponent + b_exponent[k][n];
        top = exponent > top ? exponent : top;
      }
      Ints sum{};
      for (int k = first; k < first + how.step; ++k) {
        Ints down = top - (a_parts[k].exponent + b_exponent[k][n]);
        down = down > 31 ? Ints{} + 31 : down;
        const auto kept = reinterpret_cast<Ints>((a_parts[k].significand * b_significand[k][n]) >>
                                                 reinterpret_cast<Words>(down));
        const Ints sign = a_parts[k].sign ^ b_sign[k][n];
        sum += (kept ^ sign) - sign;
      }
      // The products' sum stays below 2^31; with the addend it may not.
      bad |= (sum > 0x78000000) | (sum < -0x78000000);
      Ints down = top - addend.exponent;
      down = down > 31 ? Ints{} + 31 : down;
      const auto kept = reinterpret_cast<Ints>((addend.significand << (how.fraction_bits - 23)) >>
                                               reinterpret_cast<Words>(down));
      sum += (kept ^ addend.sign) - addend.sign;

      const Ints scale = top - how.fraction_bits;
      HalfInts sums[2], scales[2];
      std::memcpy(sums, &sum, sizeof sum);
      std::memcpy(scales, &scale, sizeof scale);
      for (int half = 0; half < 2; ++half) {
        const Doubles kept_bits = cut_off(sums[half], scales[half], small);
        using HalfFloats = float __attribute__((vector_size(32)));
        const auto narrow = __builtin_convertvector(kept_bits, HalfFloats);
        std::memcpy(reinterpret_cast<float*>(&value) + 8 * half, &narrow, sizeof narrow);
      }
      bad |= not_finite(value);
    }
    std::memcpy(columns[n].rows, &value, sizeof value);
  }
  if (any(bad) || any(small)) return false;
  from_columns(columns, d);
  return true;
}
template bool truncating_16_8_16<Half::f16>(const u32* const[4], const u32* const[2], const float* const[4],
                                            float* const[4], Truncation);
template bool truncating_16_8_16<Half::bf16>(const u32* const[4], const u32* const[2], const float* const[4],
                                             float* const[4], Truncation);

}  // namespace softcuda::isa::mma
