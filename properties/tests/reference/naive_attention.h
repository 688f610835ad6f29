#pragma once
#include "reference/attention.h"
#include "reference/backward.h"

namespace flashdiff::testing {

/// Attention from its definition, scalar, in long double (64 bits of significand on x86): three loops, one
/// softmax a row, nothing shared with the code under test but the definitions of masks, slopes
/// and sinks.
[[nodiscard]] Attention naive_attention(const Problem& problem, const LogicalData& data);

/// The backward pass from its definition in the same way, and how large the terms of each element are: what
/// the sums would be if nothing cancelled.
struct NaiveGradients {
  Gradients values, magnitudes;
};
[[nodiscard]] NaiveGradients naive_backward(const Problem& problem, const LogicalData& data);

}  // namespace flashdiff::testing
