#pragma once
#include <cstdint>
#include <cstring>

#include "harness/softcuda/isa/mma.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

/// Registers of m16n8k16 as vectors: of 16 lanes, four rows of four, half of a register; or of 8, two rows of
/// four. GCC takes vectors that are wider than the processor's apart, and shuffles, selections and fused
/// operations of them lane by lane: ten times slower. So the widest that the processor has is asked for by
/// name.
namespace softcuda::isa::mma {

#if defined(__AVX512F__)
using Floats = float __attribute__((vector_size(64)));
using Words = std::uint32_t __attribute__((vector_size(64)));
using Ints = std::int32_t __attribute__((vector_size(64)));
#else
using Floats = float __attribute__((vector_size(32)));
using Words = std::uint32_t __attribute__((vector_size(32)));
using Ints = std::int32_t __attribute__((vector_size(32)));
#endif
inline constexpr int kVectorLanes = sizeof(Floats) / sizeof(float);
inline constexpr int kParts = 16 / kVectorLanes;  ///< vectors of half a register

template <class V, class T>
V load(const T* from) {
  V v;
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
    const auto words =
        reinterpret_cast<__m512i>(kHigh ? packed >> 16 : packed);  // the high halves are dropped
    return reinterpret_cast<Floats>(_mm512_cvtph_ps(_mm512_cvtepi32_epi16(words)));
#elif defined(__AVX2__) && defined(__F16C__)
    const auto words = reinterpret_cast<__m256i>(kHigh ? packed >> 16 : packed & 0xffffu);
    const __m256i twice = _mm256_packus_epi32(words, words);  // the four of each half of the vector, twice
    return reinterpret_cast<Floats>(
        _mm256_cvtph_ps(_mm256_castsi256_si128(_mm256_permute4x64_epi64(twice, 0x08))));
#else
    // Scaling a magnitude taken for a float's makes normal numbers of subnormal ones too.
    const Words halves = kHigh ? packed >> 16 : packed & 0xffffu;
    const Words magnitude = halves & 0x7fffu, sign = (halves & 0x8000u) << 16;
    const Words finite = reinterpret_cast<Words>(reinterpret_cast<Floats>(magnitude << 13) * 0x1p112f);
    const Words special = magnitude << 13 | 0x7f800000u;
    const Words is_special = reinterpret_cast<Words>(magnitude >= 0x7c00u);
    return reinterpret_cast<Floats>(((finite & ~is_special) | (special & is_special)) | sign);
#endif
  }
}

/// Four rows of four floats.
struct Square {
  Floats part[kParts];
};
inline Square square(const float* from) {
  Square v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
/// Rows become columns: element 4 i + j becomes 4 j + i.
inline Square turned(const Square& v) {
#if defined(__AVX512F__)
  return {
      {__builtin_shufflevector(v.part[0], v.part[0], 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)}};
#else
  const Floats even = __builtin_shufflevector(v.part[0], v.part[1], 0, 1, 2, 3, 8, 9, 10, 11);  // rows 0, 2
  const Floats odd = __builtin_shufflevector(v.part[0], v.part[1], 4, 5, 6, 7, 12, 13, 14, 15);
  // Columns 0 and 1, then 2 and 3, two rows at a time.
  const Floats first = __builtin_shufflevector(even, odd, 0, 8, 1, 9, 4, 12, 5, 13);
  const Floats second = __builtin_shufflevector(even, odd, 2, 10, 3, 11, 6, 14, 7, 15);
  return {{__builtin_shufflevector(first, first, 0, 1, 4, 5, 2, 3, 6, 7),
           __builtin_shufflevector(second, second, 0, 1, 4, 5, 2, 3, 6, 7)}};
#endif
}
/// 16 words of packed elements.
template <Half kHalf, bool kHigh>
Square elements(const std::uint32_t* from) {
  Square v;
  for (int part = 0; part < kParts; ++part)
    v.part[part] = element<kHalf, kHigh>(load<Words>(from + kVectorLanes * part));
  return v;
}

}  // namespace softcuda::isa::mma
