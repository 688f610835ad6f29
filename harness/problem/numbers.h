#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/problem/problem.h"

namespace flashdiff {

/// What the rounding of a dtype may do, for budgets: relative to 2^(e) of the value, and absolute below the
/// normal range.
struct Format {
  double unit_roundoff;    ///< 2^-11 f16, 2^-8 bf16, 2^-24 f32
  double smallest_normal;  ///< below it the error is absolute
  double smallest_subnormal;
  double largest_finite;
};
[[nodiscard]] Format format_of(DType dtype);
[[nodiscard]] std::size_t bytes_of(DType dtype);

/// Round to nearest even into the dtype and back; overflow gives infinity, as IEEE 754 says. A NaN stays a
/// NaN (quiet, with what fits of its payload).
[[nodiscard]] float rounded(DType dtype, float value);

/// One element into and out of memory.
void store_element(DType dtype, std::byte* at, float value);
[[nodiscard]] float load_element(DType dtype, const std::byte* at);

/// The same for a run of elements; these loops vectorise.
void round_all(DType dtype, std::span<float> values);
void store_elements(DType dtype, std::byte* at, std::span<const float> values);
void load_elements(DType dtype, const std::byte* at, std::span<float> values);

}  // namespace flashdiff
