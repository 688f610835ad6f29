#pragma once
#include "reference/attention.h"

namespace flashdiff::testing {

/// Attention from its definition, scalar, in long double (64 bits of significand on x86): three loops, one
/// softmax a row, nothing shared with the code under test but the definitions of masks, slopes
/// and sinks.
[[nodiscard]] Attention naive_attention(const Problem& problem, const LogicalData& data);

}  // namespace flashdiff::testing
