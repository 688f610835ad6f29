#pragma once
#include "harness/problem/logical.h"
#include "harness/problem/numerics.h"
#include "harness/problem/problem.h"

namespace flashdiff {

/// Forward attention in double from the rounded inputs. O: [sequence][h_q][q_len][d_v]; LSE: width 1, natural
/// logarithm of the sum of exp(score). A query that sees no key gives O = 0 and LSE = -inf.
struct Attention {
  LogicalTensor<double> o;
  LogicalTensor<double> lse;
};
[[nodiscard]] Attention attention_forward(const Problem& problem, const LogicalData& data);

/// How far a correct kernel with the declared numerics may be from the reference, element by element: |got -
/// o| <= o_budget. Derived term by term in budget.h; never tuned. A budget of 0 stands where the convention
/// fixes the value.
struct BudgetedAttention {
  Attention reference;
  LogicalTensor<double> o_budget;
  LogicalTensor<double> lse_budget;
  /// max over visible keys of p_j * max_c |v_jc - o_c|: the effect on O of dropping that key; the oracle's
  /// `trust` compares it with the budget. Width 1.
  LogicalTensor<double> smallest_drop;
};
[[nodiscard]] BudgetedAttention attention_forward_with_budget(const Problem& problem, const LogicalData& data,
                                                              const Numerics& numerics);

}  // namespace flashdiff
