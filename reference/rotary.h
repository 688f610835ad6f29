#pragma once
#include "harness/problem/logical.h"
#include "harness/problem/numerics.h"
#include "harness/problem/problem.h"
#include "reference/row_errors.h"

namespace flashdiff {

/// What an append writes: Q turned by its positions (h_q heads), and the new tokens' rows of the cache, K
/// turned and V as it is (h_kv heads); q_len rows a sequence, each.
struct Appended {
  LogicalTensor<double> q_rot, k, v;
};

/// Append in double, of what a kernel is handed: rounded Q, K and V of the new tokens, and the table of
/// cosines and sines, so that how good the table is, is no question of the kernel's. New token i of a
/// sequence has position p = kv_len - q_len + i, counted in tokens; each pair (x, y) of the first rope_dim()
/// columns becomes
///
///   x' = x cos_pj - y sin_pj     y' = y cos_pj + x sin_pj
///
/// (Su et al., RoFormer, arXiv:2104.09864, equation 34.) Everything else is copied.
[[nodiscard]] Appended append_kv(const Problem& problem, const LogicalData& data);

/// How far a correct kernel with the declared numerics may be, element by element: |got - reference| <=
/// budget. 0 where an element is copied; infinite where the dtype may overflow.
struct BudgetedAppend {
  Appended reference;
  Appended budget;
  /// By how many budgets a row would be off, in the column that shows it best, if its token stood one
  /// position further on; width 1. 0 where nothing is turned. V has none.
  Appended next_position;
  /// For tests of bias; width 1. V has none.
  LogicalTensor<RowErrors> q_rot_errors, k_errors;
};
[[nodiscard]] BudgetedAppend append_kv_with_budget(const Problem& problem, const LogicalData& data,
                                                   const Numerics& numerics);

namespace budget {

/// Error of x cos - y sin, relative to |x cos| + |y sin|.
[[nodiscard]] double turned_relative(const Numerics&);
/// The same, absolute: what its operations lose by underflow.
[[nodiscard]] double turned_underflow(const Numerics&);

}  // namespace budget
}  // namespace flashdiff
