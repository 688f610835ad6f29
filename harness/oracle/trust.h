#pragma once
#include <optional>

#include "harness/problem/case.h"
#include "reference/attention.h"

namespace flashdiff::detail {

/// Rule 6. A bug that drops a key of one sequence and head shows if it shows in any of its rows, so a case is
/// weak when some (sequence, head) that has keys to drop has no row whose budget in O is narrower than the
/// effect of dropping its most important key. Gives the smallest effect that could have been seen in the
/// worst such head (in units of O), or nothing where the case can be trusted.
[[nodiscard]] std::optional<double> smallest_visible_effect_if_weak(const Problem& problem,
                                                                    const BudgetedAttention& expected);

}  // namespace flashdiff::detail
