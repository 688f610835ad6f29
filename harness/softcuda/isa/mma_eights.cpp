/// The fused model of m16n8k16 in vectors of 8 lanes: two rows of a register's four. What a compiler makes of
/// 16 lanes where the processor has 8 is ten times slower: it takes shuffles and fused operations apart, lane
/// by lane.
#include <cstring>

#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/mma.h"
#include "harness/softcuda/isa/mma_vectors.h"

namespace softcuda::isa::mma {
namespace {

using u32 = std::uint32_t;
constexpr int kWide = 8, kPairs = 4;  ///< lanes of a vector; vectors of a register, two rows each

/// Element kAt of each four, in all four places.
template <int kAt>
Floats8 across(Floats8 v) {
  return __builtin_shufflevector(v, v, kAt, kAt, kAt, kAt, kAt + 4, kAt + 4, kAt + 4, kAt + 4);
}

Floats8 repeated(const float* four) {
#if defined(__AVX2__)
  return reinterpret_cast<Floats8>(_mm256_broadcast_ps(reinterpret_cast<const __m128*>(four)));
#else
  Floats8 v;
  std::memcpy(&v, four, 16);
  std::memcpy(reinterpret_cast<char*>(&v) + 16, four, 16);
  return v;
#endif
}

Floats8 fused_step(Floats8 a, Floats8 b, Floats8 c) {
#if defined(__AVX2__) && defined(__FMA__)
  return reinterpret_cast<Floats8>(_mm256_fmadd_ps(a, b, c));
#else
  Floats8 d;
  for (int k = 0; k < kWide; ++k) d[k] = __builtin_fmaf(a[k], b[k], c[k]);
  return d;
#endif
}

Floats8 canonical_of(Floats8 v) {
  const auto is_nan = reinterpret_cast<Words8>(v != v);
  return reinterpret_cast<Floats8>((reinterpret_cast<Words8>(v) & ~is_nan) | (is_nan & kNan32));
}

/// B as f32: [register][half][t][parity of n][n / 2], so that what one k needs is 4 floats in a row.
struct TransposedB {
  alignas(64) float of[2][2][4][2][4];
};
/// v[i]: rows n = 2 i and 2 i + 1 of four t each. To [t][parity of n][n / 2].
void transpose(const Floats8 (&v)[kPairs], float (*to)[2][4]) {
  const auto low = [](Floats8 a, Floats8 b) {
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
  };
  const auto high = [](Floats8 a, Floats8 b) {
    return __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  };
  const auto first = [](Floats8 a, Floats8 b) {
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
  };
  const auto second = [](Floats8 a, Floats8 b) {
    return __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  };
  const Floats8 t01_a = low(v[0], v[1]), t01_b = low(v[2], v[3]), t23_a = high(v[0], v[1]),
                t23_b = high(v[2], v[3]);
  const Floats8 turned[4] = {first(t01_a, t01_b), second(t01_a, t01_b), first(t23_a, t23_b),
                             second(t23_a, t23_b)};
  std::memcpy(to, turned, sizeof turned);
}

/// acc[pair of rows][parity of n], one k: element kT of each four of A.
template <int kT>
[[gnu::always_inline]] inline void step(Floats8 (&acc)[kPairs][2], const Floats8 (&a)[kPairs],
                                        const float (&b)[4][2][4]) {
  const Floats8 b_even = repeated(b[kT][0]), b_odd = repeated(b[kT][1]);
#pragma GCC unroll 4
  for (int pair = 0; pair < kPairs; ++pair) {
    const Floats8 mine = across<kT>(a[pair]);
    acc[pair][0] = fused_step(mine, b_even, acc[pair][0]);
    acc[pair][1] = fused_step(mine, b_odd, acc[pair][1]);
  }
}

}  // namespace

template <Half kHalf>
void fused_16_8_16_in_eights(const u32* const a[4], const u32* const b[2], const float* const c[4],
                             float* const d[4]) {
  TransposedB bt;
  for (int reg = 0; reg < 2; ++reg) {
    Floats8 low[kPairs], high[kPairs];
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      const auto packed = load<Words8>(b[reg] + kWide * pair);
      low[pair] = element<kHalf, false>(packed);
      high[pair] = element<kHalf, true>(packed);
    }
    transpose(low, bt.of[reg][0]);
    transpose(high, bt.of[reg][1]);
  }
  Floats8 result[2][2][kPairs];           // D may be any of the operands: all is read before it is written
  for (int half = 0; half < 2; ++half) {  // rows g, then g + 8
    Floats8 acc[kPairs][2];
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      acc[pair][0] = load<Floats8>(c[2 * half] + kWide * pair);
      acc[pair][1] = load<Floats8>(c[2 * half + 1] + kWide * pair);
    }
    for (int reg = 0; reg < 2; ++reg) {  // k from 8 reg on
      Floats8 low[kPairs], high[kPairs];
#pragma GCC unroll 4
      for (int pair = 0; pair < kPairs; ++pair) {
        const auto packed = load<Words8>(a[half + 2 * reg] + kWide * pair);
        low[pair] = element<kHalf, false>(packed);
        high[pair] = element<kHalf, true>(packed);
      }
      const auto& of = bt.of[reg];
      step<0>(acc, low, of[0]);
      step<0>(acc, high, of[1]);
      step<1>(acc, low, of[0]);
      step<1>(acc, high, of[1]);
      step<2>(acc, low, of[0]);
      step<2>(acc, high, of[1]);
      step<3>(acc, low, of[0]);
      step<3>(acc, high, of[1]);
    }
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      result[half][0][pair] = canonical_of(acc[pair][0]);
      result[half][1][pair] = canonical_of(acc[pair][1]);
    }
  }
  for (int half = 0; half < 2; ++half) {
    for (int parity = 0; parity < 2; ++parity)
      std::memcpy(d[2 * half + parity], result[half][parity], sizeof result[half][parity]);
  }
}
template void fused_16_8_16_in_eights<Half::f16>(const u32* const[4], const u32* const[2],
                                                 const float* const[4], float* const[4]);
template void fused_16_8_16_in_eights<Half::bf16>(const u32* const[4], const u32* const[2],
                                                  const float* const[4], float* const[4]);

}  // namespace softcuda::isa::mma
