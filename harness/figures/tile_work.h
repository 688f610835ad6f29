#pragma once
#include "harness/problem/problem.h"
#include "kernels/kernel.h"

namespace flashdiff::figures {

/// Matrix FLOPs of one forward pass, both products, all query heads.
struct TileWork {
  double useful = 0;   ///< 2 h_q pairs (d_qk + d_v): unmasked pairs only, what no kernel can avoid
  double rounded = 0;  ///< tiles that hold at least one unmasked pair, multiplied whole, head dims filled up
  double dense = 0;    ///< the padded rectangle: every sequence as long as the longest, nothing masked
};
[[nodiscard]] TileWork tile_work(const Problem& problem, const kernels::WorkTile& tile);

/// Pairs of the padded rectangle over those that are not masked, of any pass; 0 where there are none.
[[nodiscard]] double dense_over_needed(const Problem& problem);
/// What the plan's algorithm multiplies for the unmasked pairs: useful_flops(), or more where it makes scores
/// twice.
[[nodiscard]] double algorithm_flops(const kernels::KernelPlan& plan, const Problem& problem);

}  // namespace flashdiff::figures
