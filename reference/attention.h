#pragma once
#include "harness/problem/logical.h"
#include "harness/problem/numerics.h"
#include "harness/problem/problem.h"
#include "reference/row_errors.h"

namespace flashdiff {

/// Forward attention in double from the rounded inputs. O: [sequence][h_q][q_len][d_v]; LSE: width 1, natural
/// logarithm of the sum of exp(score). A query that sees no key gives O = 0 and LSE = -inf, or the sink's
/// logit where there is a sink. Score modifiers: harness/problem/modifiers.h.
struct Attention {
  LogicalTensor<double> o;
  LogicalTensor<double> lse;
};
[[nodiscard]] Attention attention_forward(const Problem& problem, const LogicalData& data);

/// How far a correct kernel with the declared numerics may be from the reference, element by element: |got -
/// o| <= o_budget. Derived term by term in budget.h; never tuned. A budget of 0 stands where the convention
/// fixes the value (no visible key: O = 0, and without a sink LSE = -inf). An infinite budget says that the
/// declared dtype or accumulator may overflow there: infinities are then right, too, and nothing can be said
/// of the element.
struct BudgetedAttention {
  Attention reference;
  LogicalTensor<double> o_budget;
  LogicalTensor<double> lse_budget;
  /// What a dropped key would do to the row, in units of the row's budget; width 1. The key is one of average
  /// weight (1/n of n visible keys) that lies one standard deviation (of V under P) from O; its effect is
  /// divided by the budget, in the column where the quotient is largest. Above 1 such a drop is outside of
  /// the budget; below 1 it could hide, and the smallest weight that would have been seen is 1 / (n * this).
  /// A row of one key: dropping it makes O = 0. A row without keys: infinity, nothing could hide there.
  LogicalTensor<double> smallest_drop;
  /// For tests of bias; width 1.
  LogicalTensor<RowErrors> o_errors, lse_errors;
};
[[nodiscard]] BudgetedAttention attention_forward_with_budget(const Problem& problem, const LogicalData& data,
                                                              const Numerics& numerics);

}  // namespace flashdiff
