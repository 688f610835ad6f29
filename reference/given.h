#pragma once
#include "harness/outcome/outcome.h"
#include "harness/problem/logical.h"
#include "harness/problem/problem.h"

namespace flashdiff {

/// Everything that a problem's pass is handed: make_data's, and for the backward pass the O and LSE of
/// attention_forward, rounded to the dtype and to f32, as a forward kernel would have stored them. Errors:
/// those of make_data.
[[nodiscard]] Outcome<LogicalData> make_given(const Problem& problem);

}  // namespace flashdiff
