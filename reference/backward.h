#pragma once
#include "harness/problem/logical.h"
#include "harness/problem/numerics.h"
#include "harness/problem/problem.h"

namespace flashdiff {

/// The gradients of some loss with respect to Q, K and V. dQ has a row for every query of every query head;
/// dK and dV one for every key of every K/V head, summed over the query heads that share it.
struct Gradients {
  LogicalTensor<double> dq, dk, dv;
};

/// Backward attention in double, of what a backward kernel is handed: rounded Q, K, V, dO, and the O and LSE
/// that a forward pass stored, so that the forward's errors are none of the backward's:
///
///   P_ij = exp(scale q_i.k_j - LSE_i)     D_i = dO_i.O_i     dS_ij = P_ij (dO_i.v_j - D_i)
///   dQ_i = scale sum_j dS_ij k_j      dK_j = scale sum_i dS_ij q_i      dV_j = sum_i P_ij dO_i
///
/// (Dao et al., FlashAttention, arXiv:2205.14135, appendix B.2.) j runs over the keys that query i sees. A
/// query that sees no key has dQ = 0 and adds nothing to dK and dV; its LSE is not read.
[[nodiscard]] Gradients attention_backward(const Problem& problem, const LogicalData& data);

}  // namespace flashdiff
