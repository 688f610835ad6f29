#include "harness/oracle/deviations.h"

#include <algorithm>
#include <stdexcept>

namespace flashdiff::detail {
namespace {

TensorDeviations compare(const WantedTensor& wanted, const LogicalTensor<float>& got) {
  const LogicalTensor<double>&want = wanted.want, &budget = wanted.budget;
  if (got.values().size() != want.values().size() || budget.values().size() != want.values().size())
    throw std::invalid_argument("an answer of another shape than the reference");
  TensorDeviations found{wanted.role, want, 0, {}, 0};
  found.worst.tensor = wanted.role;
  std::size_t i = 0;  // all three are in the same order
  for (int s = 0; s < want.sequences(); ++s)
    for (int head = 0; head < want.heads(); ++head)
      for (int row = 0; row < want.rows(s); ++row)
        for (int column = 0; column < want.width(); ++column, ++i) {
          const double use = budget_use(got.values()[i], want.values()[i], budget.values()[i]);
          found.use.values()[i] = use;
          if (is_wrong(use)) ++found.wrong;
          if (worse(use, found.largest)) {
            found.largest = use;
            found.worst = {wanted.role, s, head, row, column};
          }
        }
  return found;
}

}  // namespace

BudgetUse Deviations::use() const {
  BudgetUse use;
  for (const TensorDeviations& one : outputs) use.outputs.push_back({one.role, one.largest});
  return use;
}

const TensorDeviations& Deviations::worst() const {
  return *std::max_element(outputs.begin(), outputs.end(),
                           [](const auto& a, const auto& b) { return worse(b.largest, a.largest); });
}

bool Deviations::any_wrong(TensorRole output) const {
  return std::any_of(outputs.begin(), outputs.end(),
                     [output](const auto& one) { return one.role == output && one.wrong > 0; });
}

Deviations deviations(const Wanted& wanted, const Answer& answer) {
  Deviations all;
  for (const WantedTensor& output : wanted.outputs) {
    all.outputs.push_back(compare(output, answer.of(output.role)));
    all.wrong += all.outputs.back().wrong;
    all.total += static_cast<std::int64_t>(all.outputs.back().use.values().size());
  }
  return all;
}

}  // namespace flashdiff::detail
