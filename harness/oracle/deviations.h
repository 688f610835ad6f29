#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/oracle/verdict.h"
#include "harness/oracle/wanted.h"

namespace flashdiff::detail {

/// |got - want| / budget. 0 where both are equal, infinities included (LSE of a row without keys); NaN where
/// `got` is; infinity where nothing but `want` is allowed.
[[nodiscard]] inline double budget_use(double got, double want, double budget) {
  if (got == want) return 0;
  const double error = std::abs(got - want);
  if (std::isnan(error)) return error;
  if (error <= budget) return std::isinf(budget) ? 0 : error / budget;
  const double use = error / budget;
  // Division must not round what is outside of the budget back to 1.
  return use > 1 ? use : std::nextafter(1.0, 2.0);
}

/// Written so that NaN is wrong.
[[nodiscard]] inline bool is_wrong(double use) { return !(use <= 1); }

/// NaN is worse than everything.
[[nodiscard]] inline bool worse(double use, double than) { return !std::isnan(than) && !(use <= than); }

/// Budget use of every element of one output.
struct TensorDeviations {
  TensorRole role = TensorRole::o;
  LogicalTensor<double> use;  ///< empty where no element of any output is wrong
  double largest = 0;
  ElementAt worst;  ///< where that is; meaningful where something is wrong
  std::int64_t wrong = 0, elements = 0;
};

/// Budget use of every element of an answer: its outputs in the order of outputs_of().
struct Deviations {
  std::vector<TensorDeviations> outputs;
  std::int64_t wrong = 0, total = 0;
  [[nodiscard]] BudgetUse use() const;
  [[nodiscard]] const TensorDeviations& worst() const;  ///< the output with the largest use
  [[nodiscard]] bool any_wrong(TensorRole output) const;
};
/// `seen(output, sequence, head)` is told of every head when its rows have been read, `output` being its
/// place in Wanted.
using HeadSeen = std::function<void(std::size_t output, int sequence, int head)>;
[[nodiscard]] Deviations deviations(const Wanted& wanted, const Answer& answer, const HeadSeen& seen = {});

}  // namespace flashdiff::detail
