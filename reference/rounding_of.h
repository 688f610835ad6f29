#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "harness/problem/problem.h"

namespace flashdiff::detail {

/// What rounding to f16 or bf16, to nearest even, adds to each of `size` values; magnitudes below the normal
/// range are rounded as if they had an exponent of their own. A loop that vectorises.
inline void rounding_of(const float* values, std::ptrdiff_t size, DType dtype, float* added) {
  const unsigned drop = dtype == DType::f16 ? 13 : 16;
  const std::uint32_t half_minus_one = (1u << (drop - 1)) - 1, kept = ~((1u << drop) - 1);
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    added[i] = std::bit_cast<float>((bits + half_minus_one + ((bits >> drop) & 1u)) & kept) - values[i];
  }
}

}  // namespace flashdiff::detail
