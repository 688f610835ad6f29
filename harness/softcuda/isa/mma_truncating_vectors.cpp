/// The truncating models (mma_truncating.cpp says what they are) for the form that attention kernels live on:
/// all 16 rows of a column at once. A product of two elements is exact in float, and cutting it off below the
/// largest term is its conversion to an integer, toward zero, once it is scaled by a power of two.
#include <cstring>

#include "harness/softcuda/isa/mma.h"
#include "harness/softcuda/isa/mma_vectors.h"

namespace softcuda::isa::mma {
namespace {

using u32 = std::uint32_t;
using i32 = std::int32_t;

constexpr i32 kNowhere = -1000;  // exponent of zero: never the largest
/// Exponents of the largest term between which scales, products and results are normal floats, or too small
/// to count.
constexpr i32 kLeast = -90, kMost = 120;

Ints larger(Ints a, Ints b) { return a > b ? a : b; }

/// Modulo 2^32: what overflows is in lanes that are `bad`, and computed by other means.
Ints plus(Ints a, Ints b) {
  return reinterpret_cast<Ints>(reinterpret_cast<Words>(a) + reinterpret_cast<Words>(b));
}
Ints minus(Ints a, Ints b) {
  return reinterpret_cast<Ints>(reinterpret_cast<Words>(a) - reinterpret_cast<Words>(b));
}

/// Exponents of finite floats, not below `minimum`, which is that of subnormals.
Ints exponents(Floats x, i32 minimum, i32 of_zero) {
  const Words magnitude = reinterpret_cast<Words>(x) & 0x7fffffffu;
  const Ints exponent = larger(reinterpret_cast<Ints>(magnitude >> 23) - 127, Ints{} + minimum);
  return magnitude == 0 ? Ints{} + of_zero : exponent;
}
Floats power_of_two(Ints exponent) { return reinterpret_cast<Floats>((exponent + 127) << 23); }
Ints cut_off(Floats x) { return __builtin_convertvector(x, Ints); }

/// To 24 bits, toward zero; zero is +0.
Floats rounded_to_zero(Ints sum) {
  const Ints sign = sum >> 31, magnitude = minus(sum ^ sign, sign);
  const auto nearest = __builtin_convertvector(magnitude, Floats);
  const Ints one_less = cut_off(nearest) > magnitude;  // -1 where it was rounded up
  const Ints bits = reinterpret_cast<Ints>(nearest) + one_less;
  return reinterpret_cast<Floats>(bits | (sign & static_cast<i32>(0x80000000u)));
}

template <class V>
bool any(V v) {
  std::uint64_t pairs[sizeof(V) / 8], all = 0;
  std::memcpy(pairs, &v, sizeof v);
  for (const std::uint64_t pair : pairs) all |= pair;
  return all != 0;
}
Ints not_finite(Floats x) { return (reinterpret_cast<Words>(x) & 0x7f800000u) == 0x7f800000u; }
Ints not_finite(const Square& x) {
  Ints any{};
  for (const Floats part : x.part) any |= not_finite(part);
  return any;
}

struct Column {
  alignas(64) float rows[16];
};
/// C or D, columns by rows: register r holds rows g + 8 (r / 2) of columns 2 t + r % 2.
void to_columns(const float* const registers[4], Column (&columns)[8]) {
  for (int r = 0; r < 4; ++r) {
    for (int h = 0; h < 2; ++h) {
      const Square v = turned(square(registers[r] + 16 * h));
      for (int t = 0; t < 4; ++t)
        std::memcpy(columns[2 * t + r % 2].rows + 8 * (r / 2) + 4 * h,
                    reinterpret_cast<const float*>(&v) + 4 * t, 16);
    }
  }
}
void from_columns(const Column (&columns)[8], float* const registers[4]) {
  // All pieces first: a vector loaded right behind the stores of its parts would wait for them.
  alignas(64) float turned_back[4][2][4][4];
  for (int r = 0; r < 4; ++r) {
    for (int h = 0; h < 2; ++h) {
      for (int t = 0; t < 4; ++t)
        std::memcpy(turned_back[r][h][t], columns[2 * t + r % 2].rows + 8 * (r / 2) + 4 * h, 16);
    }
  }
  for (int r = 0; r < 4; ++r) {
    for (int h = 0; h < 2; ++h) {
      const Square v = turned(square(turned_back[r][h][0]));
      std::memcpy(registers[r] + 16 * h, &v, sizeof v);
    }
  }
}

/// A and B as their matrices, with the elements' exponents.
struct Operands {
  alignas(64) float a[16][16];  ///< [k][row]
  alignas(64) float b[16][8];   ///< [k][column]
  alignas(64) i32 a_exponent[16][16];
  alignas(64) i32 b_exponent[16][8];
};

/// One step's products from k = first on into rows of a column, from row `row` on as many as a vector has;
/// `bad` where that is not to be had by these means.
template <Truncation kHow>
[[gnu::always_inline]] inline Floats step(const Operands& of, int first, int column, int row, Floats c,
                                          Ints& bad) {
  Floats products[kHow.step];
  Ints even = Ints{} + 2 * kNowhere, odd = even;
#pragma GCC unroll 16
  for (int k = 0; k < kHow.step; ++k) {
    products[k] = load<Floats>(of.a[first + k] + row) * of.b[first + k][column];
    Ints& top = k % 2 == 0 ? even : odd;
    top = larger(top, load<Ints>(of.a_exponent[first + k] + row) + of.b_exponent[first + k][column]);
  }
  Ints top = larger(even, odd);
  const Ints nonzero = (top > kNowhere / 2) | (c != 0.0f);
  top = larger(top, exponents(c, -126, kHow.zero_exponent));
  bad |= (top > kMost) | ((top < kLeast) & nonzero);
  top = larger(top, Ints{} + kLeast);
  const Floats scale = power_of_two(kHow.fraction_bits - top);
  Ints sum{};
#pragma GCC unroll 16
  for (int k = 0; k < kHow.step; ++k) sum = plus(sum, cut_off(products[k] * scale));
  // The products' sum stays below 2^31; with the addend it may not, where there are 16 of them.
  if constexpr (kHow.step > 8) bad |= (sum > 0x78000000) | (sum < -0x78000000);
  sum = plus(sum, cut_off(c * scale));
  return rounded_to_zero(sum) * power_of_two(top - kHow.fraction_bits);
}
template <Truncation kHow>
Ints multiply(const Operands& of, Column (&columns)[8]) {
  Ints bad{};
  for (int n = 0; n < 8; ++n) {
    for (int row = 0; row < 16; row += kVectorLanes) {
      auto value = load<Floats>(columns[n].rows + row);
      for (int first = 0; first < 16; first += kHow.step) value = step<kHow>(of, first, n, row, value, bad);
      std::memcpy(columns[n].rows + row, &value, sizeof value);
    }
  }
  return bad;
}

}  // namespace

template <Half kHalf>
bool truncating_16_8_16(const u32* const a[4], const u32* const b[2], const float* const c[4],
                        float* const d[4], Truncation how) {
  constexpr i32 kMinimum = kHalf == Half::f16 ? -14 : -126;
  Operands of;
  Ints bad{};  // looked at once, at the end: nothing is written before
  for (int r = 0; r < 4; ++r) {
    for (int h = 0; h < 2; ++h) {
      const Square low = turned(elements<kHalf, false>(a[r] + 16 * h));
      const Square high = turned(elements<kHalf, true>(a[r] + 16 * h));
      bad |= not_finite(low) | not_finite(high);
      for (int t = 0; t < 4; ++t) {
        float* at = of.a[2 * t + 8 * (r / 2)] + 8 * (r % 2) + 4 * h;
        std::memcpy(at, reinterpret_cast<const float*>(&low) + 4 * t, 16);
        std::memcpy(at + 16, reinterpret_cast<const float*>(&high) + 4 * t, 16);
      }
    }
  }
  for (int r = 0; r < 2; ++r) {
    for (int h = 0; h < 2; ++h) {
      const Square low = turned(elements<kHalf, false>(b[r] + 16 * h));
      const Square high = turned(elements<kHalf, true>(b[r] + 16 * h));
      bad |= not_finite(low) | not_finite(high);
      for (int t = 0; t < 4; ++t) {
        std::memcpy(of.b[2 * t + 8 * r] + 4 * h, reinterpret_cast<const float*>(&low) + 4 * t, 16);
        std::memcpy(of.b[2 * t + 1 + 8 * r] + 4 * h, reinterpret_cast<const float*>(&high) + 4 * t, 16);
      }
    }
  }
  Column columns[8];
  to_columns(c, columns);
  for (const Column& column : columns) bad |= not_finite(square(column.rows));

  const auto exponents_of = [](const float* from, i32* to) {
    for (int part = 0; part < kParts; ++part) {
      const Ints some = exponents(load<Floats>(from + kVectorLanes * part), kMinimum, kNowhere);
      std::memcpy(to + kVectorLanes * part, &some, sizeof some);
    }
  };
  for (int k = 0; k < 16; ++k) exponents_of(of.a[k], of.a_exponent[k]);
  for (int k = 0; k < 16; k += 2) exponents_of(of.b[k], of.b_exponent[k]);
  bad |= how.step == kSm80.step ? multiply<kSm80>(of, columns) : multiply<kSm90>(of, columns);
  if (any(bad)) return false;
  from_columns(columns, d);
  return true;
}
template bool truncating_16_8_16<Half::f16>(const u32* const[4], const u32* const[2], const float* const[4],
                                            float* const[4], Truncation);
template bool truncating_16_8_16<Half::bf16>(const u32* const[4], const u32* const[2], const float* const[4],
                                             float* const[4], Truncation);

}  // namespace softcuda::isa::mma
