#pragma once
#include <string>

#include "harness/oracle/deviations.h"
#include "harness/problem/logical.h"

namespace flashdiff::detail {

/// likely_cause() of the backward pass: what the wrong gradients of one K/V head and the query heads that
/// share it would be right answers to. Each hypothesis recomputes them in double, and must match every row of
/// every output that is wrong there. Empty where none does, or where they are too many for a hint.
[[nodiscard]] std::string likely_gradient_cause(const Problem& problem, const LogicalData& data,
                                                const Wanted& wanted, const Answer& answer,
                                                const Deviations& found, int kv_tile);

}  // namespace flashdiff::detail
