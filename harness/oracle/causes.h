#pragma once
#include <string>

#include "harness/oracle/deviations.h"
#include "harness/problem/logical.h"

namespace flashdiff::detail {

/// What a few of the wrong rows would be right answers to: "as if the last visible key were not seen". Each
/// hypothesis recomputes the row in double and is kept only where O and LSE both match (of other passes: see
/// gradient_causes.h, append_causes.h). Empty where none does. A hint for people: it never decides a verdict.
[[nodiscard]] std::string likely_cause(const Case& c, const LogicalData& data, const Wanted& wanted,
                                       const Answer& answer, const Deviations& found, int kv_tile);

}  // namespace flashdiff::detail
