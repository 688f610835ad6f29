#pragma once
#include "harness/problem/layout.h"
#include "harness/problem/logical.h"
#include "harness/problem/problem.h"

namespace flashdiff::power {

/// What a plain implementation in the problem's own dtype answers, the measure of several projects' rules:
/// matrix products of rounded operands, summed in f32, their results rounded to the dtype, as are scaled
/// queries, scores after each modifier, and P; softmax itself in f32 (Dao-AILab/flash-attention,
/// tests/test_flash_attn.py, attention_ref with upcast=False). Backward: the same operations' derivatives,
/// each rounded, from scores computed again.
struct Plain {
  LogicalTensor<float> o, lse;
  LogicalTensor<float> dq, dk, dv;
  /// Throws where it has none.
  [[nodiscard]] const LogicalTensor<float>& of(TensorRole output) const;
};
/// `problem.pass`: forward or backward.
[[nodiscard]] Plain plain_attention(const Problem& problem, const LogicalData& data);

}  // namespace flashdiff::power
