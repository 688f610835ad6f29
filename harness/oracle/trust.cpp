#include "harness/oracle/trust.h"

#include <algorithm>
#include <limits>

namespace flashdiff::detail {
namespace {

/// What one head of a sequence would show.
struct Sight {
  bool has_keys = false;  ///< a row with two keys or more: of a single key, O is V whatever its weight
  bool sees = false;
  double effect = std::numeric_limits<double>::infinity();
};

Sight sight_of(const Problem& problem, const BudgetedAttention& expected, int sequence, int head) {
  Sight sight;
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(sequence)];
  for (int row = 0; row < lengths.q_len; ++row) {
    if (visible_keys(problem.mask, lengths, row).size() < 2) continue;
    sight.has_keys = true;
    const double* budget = expected.o_budget.row(sequence, head, row);
    const double widest = *std::max_element(budget, budget + expected.o_budget.width());
    sight.effect = std::min(sight.effect, widest);
    if (widest < *expected.smallest_drop.row(sequence, head, row)) sight.sees = true;
  }
  return sight;
}

}  // namespace

std::optional<double> smallest_visible_effect_if_weak(const Problem& problem,
                                                      const BudgetedAttention& expected) {
  std::optional<double> worst;
  for (int s = 0; s < problem.batch(); ++s)
    for (int head = 0; head < problem.h_q; ++head) {
      const Sight sight = sight_of(problem, expected, s, head);
      if (sight.has_keys && !sight.sees) worst = std::max(worst.value_or(0), sight.effect);
    }
  return worst;
}

}  // namespace flashdiff::detail
