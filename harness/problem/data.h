#pragma once
#include "harness/outcome/outcome.h"
#include "harness/problem/logical.h"

namespace flashdiff {

/// Values of a problem, a pure function of it: counter-based (hash of seed, tensor, sequence, head, row,
/// column), integer arithmetic up to the last rounding, so that every machine and every layout sees the same
/// bits. Append: K and V of the new tokens are the last rows that K and V of the other passes have; the table
/// of cosines and sines is libm's in double, rounded to f32. Backward: dO besides, by the family's habits; O
/// and LSE are results of the forward pass, which this room does not know (reference/given.h fills them in).
/// Errors: only family `file`, when the capture cannot be read or does not fit the problem.
[[nodiscard]] Outcome<LogicalData> make_data(const Problem& problem);

}  // namespace flashdiff
