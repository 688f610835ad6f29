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
                         std::move(attention.smallest_drop), std::move(attention.o_errors)});
  all.outputs.push_back({TensorRole::lse,
                         std::move(attention.reference.lse),
                         std::move(attention.lse_budget),
                         {},
                         std::move(attention.lse_errors)});
  return all;
}

Wanted wanted(BudgetedGradients gradients) {
  auto& [reference, budget, smallest_drop, dq_errors, dk_errors, dv_errors] = gradients;
  Wanted all;
  all.outputs.push_back({TensorRole::dq, std::move(reference.dq), std::move(budget.dq),
                         std::move(smallest_drop.dq), std::move(dq_errors)});
  all.outputs.push_back({TensorRole::dk, std::move(reference.dk), std::move(budget.dk),
                         std::move(smallest_drop.dk), std::move(dk_errors)});
  all.outputs.push_back({TensorRole::dv, std::move(reference.dv), std::move(budget.dv),
                         std::move(smallest_drop.dv), std::move(dv_errors)});
  return all;
}

Wanted wanted(BudgetedAppend append) {
  auto& [reference, budget, next_position, q_rot_errors, k_errors] = append;
  Wanted all;
  all.outputs.push_back({TensorRole::q_rot, std::move(reference.q_rot), std::move(budget.q_rot),
                         std::move(next_position.q_rot), std::move(q_rot_errors)});
  all.outputs.push_back({TensorRole::k, std::move(reference.k), std::move(budget.k),
                         std::move(next_position.k), std::move(k_errors)});
  all.outputs.push_back({TensorRole::v, std::move(reference.v), std::move(budget.v), {}, {}});
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
