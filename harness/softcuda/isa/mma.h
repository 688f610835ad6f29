#pragma once
#include <cstdint>

#include "harness/softcuda/isa/warp.h"

/// Matrix multiply and accumulate, D = A B + C, over the fragments of a warp ("Matrix Fragments for
/// mma.m16n8k16" and its neighbours, PTX ISA 9.7.15.4). With g = lane / 4, t = lane % 4, and E elements of A
/// and B a 32-bit register:
///   register r of A: row g + 8 (r % 2), columns E t + i + 4 E (r / 2)
///   register r of B: rows E t + i + 4 E r, column g
///   register r of C and D: row g + 8 (r / 2), column 2 t + r % 2; of 16-bit accumulators: row g + 8 r,
///   columns 2 t + i.
namespace softcuda::isa::mma {

inline constexpr int kMostRows = 16, kColumns = 8, kMostDepth = 64;

/// Tiles as matrices, all values exact in their types.
template <class T, class Accumulator>
struct Tiles {
  int rows = 16, depth = 16;
  alignas(64) T a[kMostRows][kMostDepth];
  alignas(64) T b[kMostDepth][kColumns];
  alignas(64) Accumulator c[kMostRows][kColumns];  ///< C, then D
};
using FloatTiles = Tiles<float, float>;

/// The arithmetic models (isa/modes.h) of f32 accumulators. NaN results are canonical.
void fused(FloatTiles&);
void exact(FloatTiles&);
/// `fraction_bits` below the largest term are kept; `step` products at once; c = 0 counts as 2^zero_exponent.
/// `narrow`: accumulators are f16, and a step's sum is rounded to nearest, once; else toward zero.
struct Truncation {
  int step, fraction_bits, zero_exponent;
  bool narrow = false;
};
inline constexpr Truncation kSm80{8, 24, -132}, kSm90{16, 25, -133};
/// The same with f16 accumulators, whose smallest exponent is -14 where that of f32 is -126.
constexpr Truncation narrow(Truncation how) {
  return {how.step, how.fraction_bits, how.zero_exponent + 126 - 14, true};
}
/// `minimum`: exponent of the element type's subnormals, -14 or -126; `bits` of its significand, 11 or 8.
void truncating(FloatTiles&, Truncation, int minimum, int bits);

/// Registers of m16n8k16 with f32 accumulators, by the fused model, without making matrices of them.
/// a[4], b[2]: rows of packed 16-bit elements; c[4], d[4]: of f32. d may be any of the others.
enum class Half : std::uint8_t { f16, bf16 };
template <Half kHalf>
void fused_16_8_16(const std::uint32_t* const a[4], const std::uint32_t* const b[2], const float* const c[4],
                   float* const d[4]);

/// The same by a truncating model; false, and nothing done, where an operand is not finite, or a result is so
/// small or a sum so large that the general function has to make it.
template <Half kHalf>
[[nodiscard]] bool truncating_16_8_16(const std::uint32_t* const a[4], const std::uint32_t* const b[2],
                                      const float* const c[4], float* const d[4], Truncation);

}  // namespace softcuda::isa::mma
