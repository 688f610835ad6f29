#pragma once
#include "harness/problem/logical.h"
#include "harness/problem/problem.h"

namespace flashdiff::testing {

/// A small random problem, a pure function of the number: every mask, family, dtype, GQA, d_qk != d_v, zero
/// lengths, q_len above and below kv_len, scales other than the usual one.
[[nodiscard]] Problem small_problem(std::uint64_t number);

/// One sequence, the plain case to vary: d_qk = d_v = d, one head, no mask, normal data.
[[nodiscard]] Problem one_sequence(int q_len, int kv_len, int d, DType dtype = DType::f32);

/// The same problems, and their backward pass is asked.
[[nodiscard]] Problem small_backward_problem(std::uint64_t number);

/// Of any element; 0 where there is none.
[[nodiscard]] double largest_magnitude(const LogicalTensor<float>& tensor);

/// make_given, which cannot fail for these.
[[nodiscard]] LogicalData data_of(const Problem& problem);

}  // namespace flashdiff::testing
