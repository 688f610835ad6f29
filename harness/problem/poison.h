#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/problem/layout.h"

namespace flashdiff::detail {

/// Fills memory with the poison of a dtype. `first` is the body's element that `bytes` begins at (negative in
/// the guard band in front): the pattern is a function of tensor and address, so a shifted write shows.
///   nan: quiet NaNs of both signs, payload varies; inf: both signs; huge: finite, of the largest binade;
///   dirty: standard normal values, which only a comparison of bits can tell from data.
void fill_poison(Poison poison, DType dtype, TensorRole role, std::int64_t first, std::span<std::byte> bytes);

}  // namespace flashdiff::detail
