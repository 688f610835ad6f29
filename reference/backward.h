#pragma once
#include "harness/problem/logical.h"
#include "harness/problem/numerics.h"
#include "harness/problem/problem.h"
#include "reference/row_errors.h"

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
///
/// Score modifiers (harness/problem/modifiers.h): with x = scale q_i.k_j, P_ij = exp(s(x) - LSE_i), and dS
/// is with respect to x.
///   softcap  s = C tanh(x / C) has the slope 1 - tanh^2(x / C), which dS_ij is multiplied with
///   ALiBi    a bias that no gradient is asked of: it moves P alone
///   sink     one more key, of value 0 and score no function of Q and K: it is in LSE, so that P sums to
///            less than 1, and D stays dO_i.O_i, since sum_j P_ij dO_i.v_j still is that. The gradient of the
///            sink itself, -sum_i exp(sink - LSE_i) D_i, is no output of this pass.
[[nodiscard]] Gradients attention_backward(const Problem& problem, const LogicalData& data);

/// How far a correct kernel with the declared numerics may be, element by element: |got - reference| <=
/// budget. Derived term by term in backward_budget.h; never tuned. 0 where the convention fixes the value (dQ
/// of a query that sees no key, dK and dV of a key that no query sees); infinite where the declared dtypes
/// may overflow.
struct BudgetedGradients {
  Gradients reference;
  Gradients budget;
  /// Width 1: what dropping one pair would do to the row, in units of its budget: the mean magnitude of the
  /// terms that an element adds up, in the column where the quotient is largest. Above 1 such a drop is
  /// outside of the budget. A row that adds up nothing: infinity, nothing could hide there.
  Gradients smallest_drop;
  /// For tests of bias; width 1.
  LogicalTensor<RowErrors> dq_errors, dk_errors, dv_errors;
};
[[nodiscard]] BudgetedGradients attention_backward_with_budget(const Problem& problem,
                                                               const LogicalData& data,
                                                               const Numerics& numerics);

}  // namespace flashdiff
