#include "harness/oracle/bias.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/oracle/in_words.h"
#include "kernels/kernel.h"
#include "properties/random_cases.h"
#include "properties/tests/kernels/on_softcuda.h"
#include "reference/given.h"

// Rule 2 (harness/oracle/bias.h) on the kernels as they are: how far their errors add up, beside what the
// model allows. FLASHDIFF_BIAS_CASES=5000 asks as many random cases of each kernel and each arithmetic of
// tensor cores; the oracle's README has what that showed.

namespace flashdiff {
namespace {

int cases_to_ask() {
  const char* const asked = std::getenv("FLASHDIFF_BIAS_CASES");
  return asked == nullptr ? 40 : std::atoi(asked);
}

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, at);
  return *at;
}

/// Tests of one kind: how many deviations an effect is, all of it and what is beyond what may lean.
struct Seen {
  std::vector<double> whole, beyond;
  double least_chance = 1;
};

TEST(BiasOfKernels, IsNoneBeyondTheModel) {
  const int cases = cases_to_ask();
  std::map<std::string, Seen> seen;
  for (const char* tensor_cores : {"fused", "exact", "truncating-sm80"})
    for (const kernels::Kernel& kernel : kernels::all_kernels()) {
      Backend& backend = test::kernel(std::string(kernel.name), {{"tensor", tensor_cores}});
      CaseOptions options;
      options.dtypes = {DType::f16, DType::bf16};
      options.pass = kernel.plan.pass;
      options.most_queries = kernel.plan.most_queries;
      for (int index = 0; index < cases; ++index) {
        const Case c = draw_case(11, static_cast<std::uint64_t>(index), options).value();
        if (!backend.supports(c).yes) continue;
        const LogicalData data = make_given(c.problem).value();
        const Numerics numerics = backend.numerics(c.problem);
        const Wanted want = wanted(c.problem, data, numerics);
        const Outcome<Answer> answer = backend.run(lay_out(c, data));
        ASSERT_TRUE(answer) << print(c);
        const std::vector<detail::BiasOf> tests = detail::biases(numerics, want, *answer);
        for (const detail::BiasOf& one : tests) {
          Seen& kind = seen[fmt::format("{:15} {:5} {:7} {}", tensor_cores, name_of(one.tensor),
                                        name_of(one.test), one.head < 0 ? "tensor" : "head")];
          kind.whole.push_back(std::fabs(one.effect) / one.deviation);
          kind.beyond.push_back(std::max(std::fabs(one.effect) - one.lean, 0.0) / one.deviation);
          kind.least_chance = std::min(kind.least_chance, one.chance);
        }
        const auto found = detail::bias(numerics, want, *answer);
        EXPECT_FALSE(found) << kernel.name << " " << tensor_cores << "\n" << print(c) << "\n" << found->words;
      }
    }
  for (auto& [kind, of] : seen)
    fmt::print(
        "  {:37} {:6} tests, deviations: median {:.3f}, 99 % {:.2f}, most {:.2f}; beyond the lean: most "
        "{:.2f}; least "
        "chance {:.1e}\n",
        kind, of.whole.size(), quantile(of.whole, 0.5), quantile(of.whole, 0.99), quantile(of.whole, 1),
        quantile(of.beyond, 1), of.least_chance);
  EXPECT_GE(seen.size(), 20u);
}

}  // namespace
}  // namespace flashdiff
