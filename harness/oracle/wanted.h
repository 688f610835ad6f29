#pragma once
#include <vector>

#include "harness/problem/layout.h"
#include "harness/problem/logical.h"
#include "harness/problem/numerics.h"
#include "harness/problem/problem.h"
#include "reference/attention.h"
#include "reference/backward.h"
#include "reference/rotary.h"

namespace flashdiff {

/// What one output should hold: |got - want| <= budget, element by element.
struct WantedTensor {
  TensorRole role = TensorRole::o;
  LogicalTensor<double> want, budget;
  /// Width 1: what rule 6 asks, in budgets: how far off a row would be by the smallest mistake that it should
  /// show (attention.h, backward.h: a dropped key or pair; rotary.h: a position one further on). Empty:
  /// nothing is asked here.
  LogicalTensor<double> smallest_drop;
  /// For rule 2 (bias.h); width 1. Empty: nothing is asked here.
  LogicalTensor<RowErrors> errors;
};

/// What a backend of some numerics should answer, whatever the pass: its outputs, in the order of
/// outputs_of(), without LSE where the backend gives none. A new pass needs a line in the function below, and
/// nothing else here.
struct Wanted {
  std::vector<WantedTensor> outputs;
  [[nodiscard]] bool has(TensorRole output) const;
  [[nodiscard]] const WantedTensor& of(TensorRole output) const;  ///< throws where there is no such output
};
[[nodiscard]] Wanted wanted(BudgetedAttention attention);
[[nodiscard]] Wanted wanted(BudgetedGradients gradients);
[[nodiscard]] Wanted wanted(BudgetedAppend append);
/// By the reference of the problem's pass. `data`: as make_given has it.
[[nodiscard]] Wanted wanted(const Problem& problem, const LogicalData& data, const Numerics& numerics);

}  // namespace flashdiff
