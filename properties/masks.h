#pragma once
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/problem.h"
#include "properties/axis.h"

namespace flashdiff {

/// One side of a window: 0, 1, a few, about a tile, more than there are keys, or no limit.
[[nodiscard]] rc::Gen<int> any_window_side();
/// Of one of the kinds `allowed` (empty: any).
[[nodiscard]] rc::Gen<Mask> any_mask(const std::vector<MaskKind>& allowed);

[[nodiscard]] std::vector<Axis> mask_axes();

}  // namespace flashdiff
