/// The model that is fastest: one IEEE fused multiply-add after the other, k rising; and the exact one.
#include <cstring>

#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/mma.h"
#include "harness/softcuda/isa/mma_vectors.h"

namespace softcuda::isa::mma {

#if defined(__AVX512F__)
namespace {

using u32 = std::uint32_t;

/// Element kAt of each group of four, in all four places.
template <int kAt>
Floats across(Floats v) {
  return __builtin_shufflevector(v, v, kAt, kAt, kAt, kAt, kAt + 4, kAt + 4, kAt + 4, kAt + 4, kAt + 8,
                                 kAt + 8, kAt + 8, kAt + 8, kAt + 12, kAt + 12, kAt + 12, kAt + 12);
}

/// Four floats, four times.
Floats repeated(const float* four) {
  return reinterpret_cast<Floats>(_mm512_broadcast_f32x4(_mm_load_ps(four)));
}

Floats fused_step(Floats a, Floats b, Floats c) { return reinterpret_cast<Floats>(_mm512_fmadd_ps(a, b, c)); }

/// B as f32: [register][half][parity of n][t][n / 2], so that what one k needs is 4 floats in a row.
struct Transposed {
  alignas(64) float of[2][2][2][4][4];
};
void transpose(Floats low_n, Floats high_n, float (*even)[4], float (*odd)[4]) {
  const Floats e =
      __builtin_shufflevector(low_n, high_n, 0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27);
  const Floats o =
      __builtin_shufflevector(low_n, high_n, 4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31);
  std::memcpy(even, &e, sizeof e);
  std::memcpy(odd, &o, sizeof o);
}

Floats canonical(Floats v) {
  const auto is_nan = reinterpret_cast<Words>(v != v);
  return reinterpret_cast<Floats>((reinterpret_cast<Words>(v) & ~is_nan) | (is_nan & kNan32));
}

/// acc[row half][rows of it][parity of n], all of one k: 2 t + half of k-half `reg`.
template <int kT>
void step(Floats (&acc)[2][2][2], const Floats (&a)[2][2], const float* even, const float* odd) {
  const Floats b_even = repeated(even), b_odd = repeated(odd);
  for (int half = 0; half < 2; ++half) {
    for (int rows = 0; rows < 2; ++rows) {
      const Floats mine = across<kT>(a[half][rows]);
      acc[half][rows][0] = fused_step(mine, b_even, acc[half][rows][0]);
      acc[half][rows][1] = fused_step(mine, b_odd, acc[half][rows][1]);
    }
  }
}

}  // namespace

template <Half kHalf>
void fused_16_8_16(const u32* const a[4], const u32* const b[2], const float* const c[4], float* const d[4]) {
  Transposed bt;
  for (int reg = 0; reg < 2; ++reg) {
    const Words low = load<Words>(b[reg]), high = load<Words>(b[reg] + 16);
    transpose(element<kHalf, false>(low), element<kHalf, false>(high), bt.of[reg][0][0], bt.of[reg][0][1]);
    transpose(element<kHalf, true>(low), element<kHalf, true>(high), bt.of[reg][1][0], bt.of[reg][1][1]);
  }
  Floats acc[2][2][2];
  for (int half = 0; half < 2; ++half) {
    for (int rows = 0; rows < 2; ++rows) {
      for (int parity = 0; parity < 2; ++parity)
        acc[half][rows][parity] = load<Floats>(c[2 * half + parity] + 16 * rows);
    }
  }
  for (int reg = 0; reg < 2; ++reg) {  // k from 8 reg on
    Floats low[2][2], high[2][2];
    for (int half = 0; half < 2; ++half) {
      for (int rows = 0; rows < 2; ++rows) {
        const Words packed = load<Words>(a[half + 2 * reg] + 16 * rows);
        low[half][rows] = element<kHalf, false>(packed);
        high[half][rows] = element<kHalf, true>(packed);
      }
    }
    const auto& of = bt.of[reg];
    step<0>(acc, low, of[0][0][0], of[0][1][0]);
    step<0>(acc, high, of[1][0][0], of[1][1][0]);
    step<1>(acc, low, of[0][0][1], of[0][1][1]);
    step<1>(acc, high, of[1][0][1], of[1][1][1]);
    step<2>(acc, low, of[0][0][2], of[0][1][2]);
    step<2>(acc, high, of[1][0][2], of[1][1][2]);
    step<3>(acc, low, of[0][0][3], of[0][1][3]);
    step<3>(acc, high, of[1][0][3], of[1][1][3]);
  }
  for (int half = 0; half < 2; ++half) {
    for (int rows = 0; rows < 2; ++rows) {
      for (int parity = 0; parity < 2; ++parity) {
        const Floats result = canonical(acc[half][rows][parity]);
        std::memcpy(d[2 * half + parity] + 16 * rows, &result, sizeof result);
      }
    }
  }
}
template void fused_16_8_16<Half::f16>(const std::uint32_t* const[4], const std::uint32_t* const[2],
                                       const float* const[4], float* const[4]);
template void fused_16_8_16<Half::bf16>(const std::uint32_t* const[4], const std::uint32_t* const[2],
                                        const float* const[4], float* const[4]);
#endif  // else: mma_eights.cpp

void fused(FloatTiles& tiles) {
  for (int m = 0; m < tiles.rows; ++m) {
    float* c = tiles.c[m];
    for (int k = 0; k < tiles.depth; ++k) {
      for (int n = 0; n < kColumns; ++n) c[n] = __builtin_fmaf(tiles.a[m][k], tiles.b[k][n], c[n]);
    }
    for (int n = 0; n < kColumns; ++n) c[n] = isa::canonical(c[n]);
  }
}

/// The products of two floats are exact in double where significands have 24 bits and less; 16 of them and c
/// lose nothing that f32 would keep, unless they cancel by more than 2^20.
void exact(FloatTiles& tiles) {
  for (int m = 0; m < tiles.rows; ++m) {
    double sum[kColumns];
    for (int n = 0; n < kColumns; ++n) sum[n] = tiles.c[m][n];
    for (int k = 0; k < tiles.depth; ++k) {
      for (int n = 0; n < kColumns; ++n) sum[n] += double{tiles.a[m][k]} * double{tiles.b[k][n]};
    }
    for (int n = 0; n < kColumns; ++n) tiles.c[m][n] = isa::canonical(static_cast<float>(sum[n]));
  }
}

}  // namespace softcuda::isa::mma
