#pragma once
#include <functional>
#include <string>
#include <vector>

#include "harness/problem/case.h"

namespace flashdiff::detail {

/// The same problem at other addresses, for layout equivalence: each other padding once, and once K and V in
/// pages (out of them, where the case has pages), with order, view, spare rows and poison turned by a hash of
/// the case. All of those that `supported` takes where the case is small; else one of them, chosen by that
/// hash. None comes after another call: what the case answered on a used workspace is compared with what a
/// fresh one gives.
[[nodiscard]] std::vector<Case> other_layouts(const Case& c,
                                              const std::function<bool(const Case&)>& supported);

/// "lay=left page=16 poison=inf": what of a case's line another layout has of its own.
[[nodiscard]] std::string layout_words(const Case& other);

}  // namespace flashdiff::detail
