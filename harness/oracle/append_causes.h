#pragma once
#include <string>

#include "harness/oracle/deviations.h"
#include "harness/problem/case.h"

namespace flashdiff::detail {

/// likely_cause() of an append: what a few of the wrong rows of turned Q, K and V would be right answers to:
/// another position, another way to turn, another row. Where positions come from, callers get wrong more
/// often than kernels do: from columns that count padding, from the batch instead of the sequence, from 0 at
/// every call. Empty where nothing fits.
[[nodiscard]] std::string likely_append_cause(const Case& c, const LogicalData& data, const Wanted& wanted,
                                              const Answer& answer, const Deviations& found);

}  // namespace flashdiff::detail
