#pragma once
#include <cstdint>
#include <cstring>

#include "harness/softcuda/isa/mma.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

/// Registers of m16n8k16 as vectors of 16 lanes: 4 rows of 4 lanes each, half of a register's row.
namespace softcuda::isa::mma {

using Floats = float __attribute__((vector_size(64)));
using Words = std::uint32_t __attribute__((vector_size(64)));

inline Words load(const std::uint32_t* from) {
  Words v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline Floats load(const float* from) {
  Floats v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

/// The 16-bit element in the low or the high half of each word.
template <Half kHalf, bool kHigh>
Floats element(Words packed) {
  if constexpr (kHalf == Half::bf16) {
    return reinterpret_cast<Floats>(kHigh ? packed & 0xffff0000u : packed << 16);
  } else {
#if defined(__AVX512F__)
    const auto words = reinterpret_cast<__m512i>(kHigh ? packed >> 16 : packed);
    return reinterpret_cast<Floats>(_mm512_cvtph_ps(_mm512_cvtepi32_epi16(words)));
#else
    // Scaling a magnitude taken for a float's makes normal numbers of subnormal ones too.
    const Words half = kHigh ? packed >> 16 : packed & 0xffffu;
    const Words magnitude = half & 0x7fffu, sign = (half & 0x8000u) << 16;
    const Words finite = reinterpret_cast<Words>(reinterpret_cast<Floats>(magnitude << 13) * 0x1p112f);
    const Words special = magnitude << 13 | 0x7f800000u;
    const Words is_special = reinterpret_cast<Words>(magnitude >= 0x7c00u);
    return reinterpret_cast<Floats>(((finite & ~is_special) | (special & is_special)) | sign);
#endif
  }
}

/// Rows of 4 by columns of 4, or back: element 4 i + j becomes 4 j + i.
template <class V>
V turned(V v) {
  return __builtin_shufflevector(v, v, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
}

}  // namespace softcuda::isa::mma
