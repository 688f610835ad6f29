#pragma once
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/layout.h"
#include "properties/axis.h"

namespace flashdiff {

/// Any order, view and number of spare rows around one of the paddings `allowed` (empty: any).
[[nodiscard]] rc::Gen<Layout> any_layout(const std::vector<Padding>& allowed);
[[nodiscard]] rc::Gen<Poison> any_poison();

[[nodiscard]] std::vector<Axis> layout_axes();

}  // namespace flashdiff
