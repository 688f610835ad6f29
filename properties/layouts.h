#pragma once
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/layout.h"
#include "properties/axis.h"

namespace flashdiff {

/// Any order, view and number of spare rows around one of the paddings `allowed` (empty: any).
[[nodiscard]] rc::Gen<Layout> any_layout(const std::vector<Padding>& allowed);
/// Rows a page, 0 for none: in a third of the batches of decode and of a few new tokens, whose caches lie in
/// pages, and in a few others. `allowed`: one of these instead.
[[nodiscard]] rc::Gen<int> any_page(const Problem& problem, const std::vector<int>& allowed);
[[nodiscard]] rc::Gen<Poison> any_poison();

[[nodiscard]] std::vector<Axis> layout_axes();

}  // namespace flashdiff
