#include "harness/oracle/deviations.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "reference/lanes.h"

namespace flashdiff::detail {
namespace {

/// A row that uses no more of its budgets than `most` (but for a rounding of that), as nearly all rows do
/// beside the most that was seen so far. Without a division; written so that NaN is beyond, which it is of
/// infinities that are equal, too.
bool no_more_than(double most, const double* want, const double* budget, const float* got, int width) {
  const auto beyond = [&]<class Value>(int c, Value& to) {
    const Value none{}, error = magnitude(load<Value>(got + c) - load<Value>(want + c));
    to += error <= load<Value>(budget + c) * most ? none : none + 1.0;
  };
  Lanes four{};
  double more = 0;
  int c = 0;
  for (; c + kLanes <= width; c += kLanes) beyond(c, four);
  for (; c < width; ++c) beyond(c, more);
  return more + sum_of(four) == 0;
}

/// A row of elements well within their budgets, and the largest share of one that is used. False where one of
/// them needs a closer look.
bool all_within(const double* want, const double* budget, const float* got, int width, double& largest) {
  double most = 0;
  int beyond = 0;
#pragma omp simd reduction(max : most) reduction(+ : beyond)
  for (int c = 0; c < width; ++c) {
    const double w = want[c], g = got[c], b = budget[c];
    const double share = std::fabs(g - w) / b;
    const double use = g == w ? 0.0 : share;
    most = use > most ? use : most;
    beyond += use < 1 ? 0 : 1;
  }
  largest = most;
  return beyond == 0;
}

/// The largest use and how many are wrong.
template <class Seen>
TensorDeviations compare(const WantedTensor& wanted, const LogicalTensor<float>& got, Seen seen) {
  const LogicalTensor<double>&want = wanted.want, &budget = wanted.budget;
  if (got.values().size() != want.values().size() || budget.values().size() != want.values().size())
    throw std::invalid_argument("an answer of another shape than the reference");
  TensorDeviations found;
  found.role = found.worst.tensor = wanted.role;
  found.elements = static_cast<std::int64_t>(want.values().size());
  const int width = want.width();
  const auto compare_row = [&](int s, int head, int row) {
    const double* const w = want.row(s, head, row);
    const double* const b = budget.row(s, head, row);
    const float* const g = got.row(s, head, row);
    // What is wrong uses more than its budget, whatever was found before.
    constexpr double kAllBudget = 1 - 0x1p-53;
    if (no_more_than(found.largest < 1 ? found.largest : kAllBudget, w, b, g, width)) return;
    double largest = 0;
    if (all_within(w, b, g, width, largest)) {
      if (worse(largest, found.largest)) found.largest = largest;
      return;
    }
    for (int column = 0; column < width; ++column) {
      const double use = budget_use(g[column], w[column], b[column]);
      if (is_wrong(use)) ++found.wrong;
      if (!worse(use, found.largest)) continue;
      found.largest = use;
      found.worst = {wanted.role, s, head, row, column};
    }
  };
  for (int s = 0; s < want.sequences(); ++s)
    for (int head = 0; head < want.heads(); ++head) {
      for (int row = 0; row < want.rows(s); ++row) compare_row(s, head, row);
      seen(s, head);
    }
  return found;
}

LogicalTensor<double> uses(const WantedTensor& wanted, const LogicalTensor<float>& got) {
  LogicalTensor<double> use = wanted.want;
  for (std::size_t i = 0; i < use.values().size(); ++i)
    use.values()[i] = budget_use(got.values()[i], wanted.want.values()[i], wanted.budget.values()[i]);
  return use;
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

Deviations deviations(const Wanted& wanted, const Answer& answer, const HeadSeen& seen) {
  Deviations all;
  for (std::size_t i = 0; i < wanted.outputs.size(); ++i) {
    const WantedTensor& output = wanted.outputs[i];
    all.outputs.push_back(compare(output, answer.of(output.role), [&](int s, int head) {
      if (seen) seen(i, s, head);
    }));
    all.wrong += all.outputs.back().wrong;
    all.total += all.outputs.back().elements;
  }
  // Nearly no answer is wrong, and a tensor of uses costs its page faults.
  if (all.wrong > 0)
    for (std::size_t i = 0; i < all.outputs.size(); ++i)
      all.outputs[i].use = uses(wanted.outputs[i], answer.of(wanted.outputs[i].role));
  return all;
}

}  // namespace flashdiff::detail
