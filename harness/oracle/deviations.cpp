#include "harness/oracle/deviations.h"

#include <stdexcept>

namespace flashdiff::detail {
namespace {

/// The tensor's uses, its largest, and where that is.
struct One {
  LogicalTensor<double> use;
  double largest = 0;
  ElementAt at;
  std::int64_t wrong = 0;
};

One compare(TensorRole role, const LogicalTensor<float>& got, const LogicalTensor<double>& want,
            const LogicalTensor<double>& budget) {
  if (got.values().size() != want.values().size() || budget.values().size() != want.values().size())
    throw std::invalid_argument("an answer of another shape than the reference");
  One one;
  one.use = want;
  one.at.tensor = role;
  std::size_t i = 0;  // all three are in the same order
  for (int s = 0; s < want.sequences(); ++s)
    for (int head = 0; head < want.heads(); ++head)
      for (int row = 0; row < want.rows(s); ++row)
        for (int column = 0; column < want.width(); ++column, ++i) {
          const double use = budget_use(got.values()[i], want.values()[i], budget.values()[i]);
          one.use.values()[i] = use;
          if (is_wrong(use)) ++one.wrong;
          if (worse(use, one.largest)) {
            one.largest = use;
            one.at = {role, s, head, row, column};
          }
        }
  return one;
}

}  // namespace

Deviations deviations(const BudgetedAttention& expected, const Answer& answer) {
  One o = compare(TensorRole::o, answer.o, expected.reference.o, expected.o_budget);
  One lse = compare(TensorRole::lse, answer.lse, expected.reference.lse, expected.lse_budget);
  Deviations all;
  all.use = {o.largest, lse.largest};
  all.wrong = o.wrong + lse.wrong;
  all.total = static_cast<std::int64_t>(o.use.values().size() + lse.use.values().size());
  all.worst = worse(lse.largest, o.largest) ? lse.at : o.at;
  all.worst_o = o.at;
  all.o = std::move(o.use);
  all.lse = std::move(lse.use);
  return all;
}

}  // namespace flashdiff::detail
