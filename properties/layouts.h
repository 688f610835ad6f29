#pragma once
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/layout.h"
#include "properties/axis.h"
#include "properties/features.h"

namespace flashdiff {

/// Any order, view and number of spare rows around one of the paddings.
[[nodiscard]] rc::Gen<Layout> any_layout(const CaseOptions& options);
/// Rows a page, 0 for none: in a third of the batches of decode and of a few new tokens, whose caches lie in
/// pages, and in a few others.
[[nodiscard]] rc::Gen<int> any_page(const Problem& problem, const CaseOptions& options);
[[nodiscard]] rc::Gen<Poison> any_poison();
/// Another call on the same workspace before, in a sixth of all cases.
[[nodiscard]] rc::Gen<After> any_after(const CaseOptions& options);

[[nodiscard]] std::vector<Axis> layout_axes();

}  // namespace flashdiff
