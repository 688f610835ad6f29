#pragma once
#include <cstdint>
#include <span>

#include "harness/problem/layout.h"
#include "harness/problem/problem.h"

namespace flashdiff::detail {

/// One row of Q, K, V or dO to be filled: where it lies in the problem.
struct RowOfInput {
  TensorRole tensor = TensorRole::q;
  int sequence = 0;
  int head = 0;
  int row = 0;
};

/// Fills one row with the values of the problem's family, not yet rounded to its dtype. A pure function of
/// the problem's seed, dtype, dims and scale and of the row's coordinates.
using FillRow = void (*)(const Problem& problem, const RowOfInput& row, std::span<float> out);

/// The maker of a family; every family but `file` has one.
[[nodiscard]] FillRow maker_of(DataFamily family);

}  // namespace flashdiff::detail
