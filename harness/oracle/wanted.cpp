#include "harness/oracle/wanted.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace flashdiff {

bool Wanted::has(TensorRole output) const {
  return std::any_of(outputs.begin(), outputs.end(),
                     [output](const WantedTensor& one) { return one.role == output; });
}

const WantedTensor& Wanted::of(TensorRole output) const {
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [output](const WantedTensor& one) { return one.role == output; });
  if (found == outputs.end()) throw std::invalid_argument("a tensor that the pass does not write");
  return *found;
}

Wanted wanted(BudgetedAttention attention) {
  Wanted all;
  all.outputs.push_back({TensorRole::o, std::move(attention.reference.o), std::move(attention.o_budget),
                         std::move(attention.smallest_drop), std::move(attention.o_lean),
                         std::move(attention.o_rounding)});
  all.outputs.push_back({TensorRole::lse,
                         std::move(attention.reference.lse),
                         std::move(attention.lse_budget),
                         {},
                         std::move(attention.lse_lean),
                         std::move(attention.lse_rounding)});
  return all;
}

Wanted wanted(BudgetedGradients gradients) {
  Wanted all;
  const auto add = [&](TensorRole role, LogicalTensor<double> Gradients::*part,
                       LogicalTensor<RowRounding>& rounding) {
    all.outputs.push_back({role, std::move(gradients.reference.*part), std::move(gradients.budget.*part),
                           std::move(gradients.smallest_drop.*part), std::move(gradients.lean.*part),
                           std::move(rounding)});
  };
  add(TensorRole::dq, &Gradients::dq, gradients.dq_rounding);
  add(TensorRole::dk, &Gradients::dk, gradients.dk_rounding);
  add(TensorRole::dv, &Gradients::dv, gradients.dv_rounding);
  return all;
}

Wanted wanted(BudgetedAppend append) {
  auto& [reference, budget, next_position, lean] = append;
  Wanted all;
  all.outputs.push_back({TensorRole::q_rot,
                         std::move(reference.q_rot),
                         std::move(budget.q_rot),
                         std::move(next_position.q_rot),
                         std::move(lean.q_rot),
                         {}});
  all.outputs.push_back({TensorRole::k,
                         std::move(reference.k),
                         std::move(budget.k),
                         std::move(next_position.k),
                         std::move(lean.k),
                         {}});
  all.outputs.push_back(
      {TensorRole::v, std::move(reference.v), std::move(budget.v), {}, std::move(lean.v), {}});
  return all;
}

Wanted wanted(const Problem& problem, const LogicalData& data, const Numerics& numerics) {
  switch (problem.pass) {
    case Pass::forward: {
      Wanted all = wanted(attention_forward_with_budget(problem, data, numerics));
      if (!numerics.gives_lse)
        std::erase_if(all.outputs, [](const WantedTensor& one) { return one.role == TensorRole::lse; });
      return all;
    }
    case Pass::backward: return wanted(attention_backward_with_budget(problem, data, numerics));
    case Pass::append: return wanted(append_kv_with_budget(problem, data, numerics));
  }
  throw std::logic_error("a pass without a reference");
}

}  // namespace flashdiff
