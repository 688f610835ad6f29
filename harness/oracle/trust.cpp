#include "harness/oracle/trust.h"

#include <algorithm>

namespace flashdiff::detail {
namespace {

/// What one head of a sequence would show.
struct Sight {
  bool has_keys = false;
  bool sees = false;
  double weight = 1;  ///< of the lightest key whose drop would be seen in some row
};

Sight sight_of(const Problem& problem, const BudgetedAttention& expected, int sequence, int head) {
  Sight sight;
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(sequence)];
  for (int row = 0; row < lengths.q_len; ++row) {
    int keys = visible_keys(problem.mask, lengths, row).size();
    if (keys == 0) continue;
    if (problem.sink) ++keys;  // as smallest_drop counts
    sight.has_keys = true;
    const double drop_in_budgets = *expected.smallest_drop.row(sequence, head, row);
    if (drop_in_budgets > 1) sight.sees = true;
    if (drop_in_budgets > 0) sight.weight = std::min(sight.weight, 1 / (keys * drop_in_budgets));
  }
  return sight;
}

}  // namespace

std::optional<double> smallest_visible_weight_if_weak(const Problem& problem,
                                                      const BudgetedAttention& expected) {
  std::optional<double> worst;
  for (int s = 0; s < problem.batch(); ++s)
    for (int head = 0; head < problem.h_q; ++head) {
      const Sight sight = sight_of(problem, expected, s, head);
      if (sight.has_keys && !sight.sees) worst = std::max(worst.value_or(0), sight.weight);
    }
  return worst;
}

}  // namespace flashdiff::detail
