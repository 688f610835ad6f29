#pragma once
#include <optional>

#include "harness/problem/case.h"
#include "reference/attention.h"

namespace flashdiff::detail {

/// Rule 6. A bug that drops a key of one sequence and head shows if it shows in any of its rows, so a case is
/// weak when some (sequence, head) with keys has no row where dropping a key of average weight leaves O's
/// budget. Gives the smallest weight that a dropped key must have had to be seen in the worst such head (at
/// most 1), or nothing where the case can be trusted.
[[nodiscard]] std::optional<double> smallest_visible_weight_if_weak(const Problem& problem,
                                                                    const BudgetedAttention& expected);

}  // namespace flashdiff::detail
