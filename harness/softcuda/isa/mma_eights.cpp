/// The fused model of m16n8k16 in vectors of 8 lanes: two rows of a register's four. What a compiler makes of
/// 16 lanes where the processor has 8 is ten times slower: it takes shuffles and fused operations apart, lane
/// by lane.
#include <cstring>

#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/mma.h"
#include "harness/softcuda/isa/mma_vectors.h"

#if !defined(__AVX512F__)  // else: mma_f32.cpp

namespace softcuda::isa::mma {
namespace {

using u32 = std::uint32_t;
constexpr int kPairs = 4;  ///< vectors of a register, two rows each

/// Element kAt of each four, in all four places.
template <int kAt>
Floats across(Floats v) {
  return __builtin_shufflevector(v, v, kAt, kAt, kAt, kAt, kAt + 4, kAt + 4, kAt + 4, kAt + 4);
}

Floats repeated(const float* four) {
#if defined(__AVX2__)
  return reinterpret_cast<Floats>(_mm256_broadcast_ps(reinterpret_cast<const __m128*>(four)));
#else
  Floats v;
  std::memcpy(&v, four, 16);
  std::memcpy(reinterpret_cast<char*>(&v) + 16, four, 16);
  return v;
#endif
}

Floats fused_step(Floats a, Floats b, Floats c) {
#if defined(__AVX2__) && defined(__FMA__)
  return reinterpret_cast<Floats>(_mm256_fmadd_ps(a, b, c));
#else
  Floats d;
  for (int k = 0; k < kVectorLanes; ++k) d[k] = __builtin_fmaf(a[k], b[k], c[k]);
  return d;
#endif
}

Floats canonical_of(Floats v) {
  const auto is_nan = reinterpret_cast<Words>(v != v);
  return reinterpret_cast<Floats>((reinterpret_cast<Words>(v) & ~is_nan) | (is_nan & kNan32));
}

/// B as f32: [register][half][t][parity of n][n / 2], so that what one k needs is 4 floats in a row.
struct TransposedB {
  alignas(64) float of[2][2][4][2][4];
};
/// v[i]: rows n = 2 i and 2 i + 1 of four t each. To [t][parity of n][n / 2].
void transpose(const Floats (&v)[kPairs], float (*to)[2][4]) {
  const auto low = [](Floats a, Floats b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13); };
  const auto high = [](Floats a, Floats b) {
    return __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  };
  const auto first = [](Floats a, Floats b) {
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
  };
  const auto second = [](Floats a, Floats b) {
    return __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  };
  const Floats t01_a = low(v[0], v[1]), t01_b = low(v[2], v[3]), t23_a = high(v[0], v[1]),
               t23_b = high(v[2], v[3]);
  const Floats turned[4] = {first(t01_a, t01_b), second(t01_a, t01_b), first(t23_a, t23_b),
                            second(t23_a, t23_b)};
  std::memcpy(to, turned, sizeof turned);
}

/// acc[pair of rows][parity of n], one k: element kT of each four of A.
template <int kT>
[[gnu::always_inline]] inline void step(Floats (&acc)[kPairs][2], const Floats (&a)[kPairs],
                                        const float (&b)[4][2][4]) {
  const Floats b_even = repeated(b[kT][0]), b_odd = repeated(b[kT][1]);
#pragma GCC unroll 4
  for (int pair = 0; pair < kPairs; ++pair) {
    const Floats mine = across<kT>(a[pair]);
    acc[pair][0] = fused_step(mine, b_even, acc[pair][0]);
    acc[pair][1] = fused_step(mine, b_odd, acc[pair][1]);
  }
}

}  // namespace

template <Half kHalf>
void fused_16_8_16(const u32* const a[4], const u32* const b[2], const float* const c[4], float* const d[4]) {
  TransposedB bt;
  for (int reg = 0; reg < 2; ++reg) {
    Floats low[kPairs], high[kPairs];
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      const auto packed = load<Words>(b[reg] + kVectorLanes * pair);
      low[pair] = element<kHalf, false>(packed);
      high[pair] = element<kHalf, true>(packed);
    }
    transpose(low, bt.of[reg][0]);
    transpose(high, bt.of[reg][1]);
  }
  Floats result[2][2][kPairs];            // D may be any of the operands: all is read before it is written
  for (int half = 0; half < 2; ++half) {  // rows g, then g + 8
    Floats acc[kPairs][2];
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      acc[pair][0] = load<Floats>(c[2 * half] + kVectorLanes * pair);
      acc[pair][1] = load<Floats>(c[2 * half + 1] + kVectorLanes * pair);
    }
    for (int reg = 0; reg < 2; ++reg) {  // k from 8 reg on
      Floats low[kPairs], high[kPairs];
#pragma GCC unroll 4
      for (int pair = 0; pair < kPairs; ++pair) {
        const auto packed = load<Words>(a[half + 2 * reg] + kVectorLanes * pair);
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
template void fused_16_8_16<Half::f16>(const u32* const[4], const u32* const[2], const float* const[4],
                                       float* const[4]);
template void fused_16_8_16<Half::bf16>(const u32* const[4], const u32* const[2], const float* const[4],
                                        float* const[4]);

}  // namespace softcuda::isa::mma

#endif
