#include "properties/tests/reference/budget_use.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace flashdiff::testing {

double use_of(double got, double want, double budget) {
  if (got == want) return 0;
  if (std::isinf(budget)) return 0;
  const double use = std::fabs(got - want) / budget;
  return std::isnan(use) ? std::numeric_limits<double>::infinity() : use;
}

Uses uses_of(const Kernel& kernel, const Problem& problem, const LogicalData& data, int rows) {
  const BudgetedAttention want = attention_forward_with_budget(problem, data, kernel.numerics);
  Uses uses;
  const auto note = [&](std::vector<double>& into, double got, double wanted, double budget, const char* what,
                        int s, int head, int i, int c) {
    into.push_back(use_of(got, wanted, budget));
    if (into.back() <= uses.worst) return;
    uses.worst = into.back();
    uses.where =
        fmt::format("{} sequence {} head {} row {} column {}: got {:.9g}, want {:.9g}, budget {:.3g}", what,
                    s, head, i, c, got, wanted, budget);
  };
  for (int s = 0; s < problem.batch(); ++s)
    for (int head = 0; head < problem.h_q; ++head) {
      const int count = want.reference.o.rows(s);
      for (int n = 0; n < std::min(rows, count); ++n) {
        const int i = static_cast<int>(static_cast<long long>(n + 1) * count / std::min(rows, count)) - 1;
        const SimulatedRow got = simulate_row(kernel, problem, data, s, head, i);
        for (int c = 0; c < problem.d_v; ++c)
          note(uses.o, got.o[static_cast<std::size_t>(c)], want.reference.o.row(s, head, i)[c],
               want.o_budget.row(s, head, i)[c], "O", s, head, i, c);
        note(uses.lse, got.lse, *want.reference.lse.row(s, head, i), *want.lse_budget.row(s, head, i), "LSE",
             s, head, i, 0);
      }
    }
  return uses;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace flashdiff::testing
