#include "harness/oracle/deviations.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace flashdiff::detail {
namespace {

/// A row of elements well within their budgets, which nearly all are: one loop that vectorises. False where
/// one of them needs a closer look.
bool all_within(const double* want, const double* budget, const float* got, int width, double* use,
                double& largest) {
  double most = 0;
  int beyond = 0;
#pragma omp simd reduction(max : most) reduction(+ : beyond)
  for (int c = 0; c < width; ++c) {
    const double error = std::fabs(static_cast<double>(got[c]) - want[c]);
    const double one = static_cast<double>(got[c]) == want[c] ? 0.0 : error / budget[c];
    use[c] = one;
    most = one > most ? one : most;
    beyond += one < 1 ? 0 : 1;
  }
  largest = most;
  return beyond == 0;
}

TensorDeviations compare(const WantedTensor& wanted, const LogicalTensor<float>& got) {
  const LogicalTensor<double>&want = wanted.want, &budget = wanted.budget;
  if (got.values().size() != want.values().size() || budget.values().size() != want.values().size())
    throw std::invalid_argument("an answer of another shape than the reference");
  TensorDeviations found{wanted.role, want, 0, {}, 0};
  found.worst.tensor = wanted.role;
  const int width = want.width();
  const auto note = [&](int s, int head, int row, int column, double use) {
    if (!worse(use, found.largest)) return;
    found.largest = use;
    found.worst = {wanted.role, s, head, row, column};
  };
  for (int s = 0; s < want.sequences(); ++s)
    for (int head = 0; head < want.heads(); ++head)
      for (int row = 0; row < want.rows(s); ++row) {
        const double* const w = want.row(s, head, row);
        const double* const b = budget.row(s, head, row);
        const float* const g = got.row(s, head, row);
        double* const use = found.use.row(s, head, row);
        double largest = 0;
        if (all_within(w, b, g, width, use, largest)) {
          if (largest > found.largest)
            note(s, head, row, static_cast<int>(std::find(use, use + width, largest) - use), largest);
          continue;
        }
        for (int column = 0; column < width; ++column) {
          use[column] = budget_use(g[column], w[column], b[column]);
          if (is_wrong(use[column])) ++found.wrong;
          note(s, head, row, column, use[column]);
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
