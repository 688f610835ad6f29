#pragma once
#include <vector>

#include "harness/problem/case.h"

namespace flashdiff::detail {

/// The same problem at other addresses, for layout equivalence: each other padding once, with order, view,
/// spare rows and poison turned by a hash of the case. All three where the case is small; else one of them,
/// chosen by that hash.
[[nodiscard]] std::vector<Case> other_layouts(const Case& c);

}  // namespace flashdiff::detail
