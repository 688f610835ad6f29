#pragma once
#include <string>
#include <vector>

#include "harness/problem/problem.h"

namespace flashdiff::detail {

/// A mask that a kernel may have taken for the one that was asked, and how that is said: "as if ... ".
struct MaskInstead {
  Mask mask;
  std::string words;
};
/// Causal masks of either alignment, none, a window one key wider or narrower; the most telling first.
[[nodiscard]] std::vector<MaskInstead> masks_instead_of(const Mask& asked);

}  // namespace flashdiff::detail
