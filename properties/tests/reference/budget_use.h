#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "properties/tests/reference/flash_simulation.h"
#include "reference/attention.h"

namespace flashdiff::testing {

/// |got - want| / budget; 0 where nothing differs or nothing can be said, infinite where got is no number or
/// the budget is 0 and something differs.
[[nodiscard]] double use_of(double got, double want, double budget);

/// Of every element of O and LSE of a simulated kernel's answer, at most `rows` rows a head.
struct Uses {
  std::vector<double> o, lse;
  double worst = 0;
  std::string where;  ///< of the worst
};
[[nodiscard]] Uses uses_of(const Kernel& kernel, const Problem& problem, const LogicalData& data, int rows);

/// The q-th quantile; 0 for none.
[[nodiscard]] double quantile(std::vector<double> values, double q);

}  // namespace flashdiff::testing
