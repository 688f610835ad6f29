#include "properties/tests/oracle/emulated.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/oracle/bias.h"
#include "harness/oracle/judge.h"
#include "properties/tests/reference/any_problem.h"

// Correct kernels of every kind, emulated, on every family of data: no verdict but a pass. A fixed tenth of
// what FLASHDIFF_EMULATED_CASES=10000 asks (FLASHDIFF_EMULATED_FIRST: number to begin with).

namespace flashdiff {
namespace {

using testing::any_kernel;
using testing::data_of;
using testing::emulated;
using testing::Kernel;

int cases_to_ask() {
  const char* const asked = std::getenv("FLASHDIFF_EMULATED_CASES");
  return asked == nullptr ? 1000 : std::atoi(asked);
}

/// Where the declared accumulator may overflow, so may a correct kernel, and infinities less infinities are
/// NaN, which the oracle takes from nobody.
void allow_what_overflows(const Wanted& want, Answer& answer) {
  for (const WantedTensor& output : want.outputs) {
    auto got = answer.of(output.role).values();
    for (std::size_t i = 0; i < got.size(); ++i)
      if (std::isinf(output.budget.values()[i]) && std::isnan(got[i]))
        got[i] = std::numeric_limits<float>::infinity();
  }
}

void expect_passes(Pass pass) {
  std::vector<double> whole, beyond;
  double least_chance = 1;
  const char* const first = std::getenv("FLASHDIFF_EMULATED_FIRST");
  const int begin = first == nullptr ? 0 : std::atoi(first);
  for (int number = begin; number < begin + cases_to_ask(); ++number) {
    const auto n = static_cast<std::uint64_t>(number);
    const Problem problem = testing::emulated_problem(n, pass);
    Kernel kernel = any_kernel(n);
    // P in 16 bits and the output in 16 bits are what rule 2 has something to say of.
    if (number % 4 != 0) kernel.numerics.out = problem.dtype;
    const LogicalData data = data_of(problem);
    const Wanted want = wanted(problem, data, kernel.numerics);
    Answer answer = emulated(kernel, problem, data);
    allow_what_overflows(want, answer);
    const Case c{problem, {}, {}};
    const Verdict verdict = judge(c, kernel.numerics, want, answer);
    ASSERT_THAT(name_of(verdict), ::testing::StartsWith("pass")) << "number " << n << " " << print(c) << "\n"
                                                                 << explain(verdict);
    for (const detail::BiasOf& one : detail::biases(kernel.numerics, want, answer)) {
      whole.push_back(std::fabs(one.effect) / one.deviation);
      beyond.push_back(std::max(std::fabs(one.effect) - one.lean, 0.0) / one.deviation);
      least_chance = std::min(least_chance, one.chance);
    }
  }
  std::ranges::sort(whole);
  std::ranges::sort(beyond);
  const auto at = [](const std::vector<double>& values, double q) {
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
  };
  fmt::print(
      "  {} tests, in deviations: median {:.3f}, 99 % {:.2f}, most {:.2f}; beyond what may lean: most "
      "{:.2f}; least "
      "chance {:.1e}\n",
      whole.size(), at(whole, 0.5), at(whole, 0.99), whole.back(), beyond.back(), least_chance);
  EXPECT_GT(at(whole, 0.5), 0.05) << "a model so wide that nothing would be seen";
}

TEST(Emulated, ForwardKernelsPass) { expect_passes(Pass::forward); }
TEST(Emulated, BackwardKernelsPass) { expect_passes(Pass::backward); }

}  // namespace
}  // namespace flashdiff
