#include <cmath>
#include <functional>

#include <gmock/gmock.h>

#include "harness/problem/numbers.h"
#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/budget_use.h"

namespace flashdiff {
namespace {

using testing::data_of;
using testing::Folding;
using testing::Kernel;
using testing::one_sequence;
using testing::small_problem;
using testing::Uses;
using testing::uses_of;

/// One query of one column over `keys` keys, whose scores and values are given.
struct Handmade {
  Problem problem;
  LogicalData data;
};
Handmade handmade(int keys, float q, const std::function<float(int)>& k, const std::function<float(int)>& v) {
  Handmade made{one_sequence(1, keys, 1), {}};
  made.problem.scale = 1.0f;
  made.data = data_of(made.problem);
  *made.data.q.row(0, 0, 0) = q;
  for (int j = 0; j < keys; ++j) {
    *made.data.k.row(0, 0, j) = k(j);
    *made.data.v.row(0, 0, j) = v(j);
  }
  return made;
}

/// The kernel's errors are within, and more than half of what is allowed: here the term named by the test
/// carries them, and without it they would not be.
void expect_close_to_the_budget(const Kernel& kernel, const Handmade& made, double least = 0.5) {
  const Uses uses = uses_of(kernel, made.problem, made.data, 1);
  EXPECT_LE(uses.worst, 1.0) << uses.where;
  EXPECT_GT(uses.worst, least) << uses.where;
}

constexpr float kScoreOfHalfAnUlp = -0x1.154244p+4f;  ///< ln(2^-25)

/// A sum that stands at 1 loses every further 2^-25.
TEST(BudgetAdversary, RowSumThatLosesEveryKeyButTheFirst) {
  const Handmade made = handmade(
      4096, 1.0f, [](int j) { return j == 0 ? 0.0f : kScoreOfHalfAnUlp; }, [](int) { return 1.0f; });
  const Kernel kernel{.numerics = {.exp2_ulps = 0.5, .kv_tile = 4096}, .approximation = 0};
  expect_close_to_the_budget(kernel, made, 0.45);
}

/// P of 2^-25 is a tie between 0 and f16's smallest number: 0.
TEST(BudgetAdversary, WeightsBelowTheRangeOfP) {
  const Handmade made = handmade(
      4096, 1.0f, [](int j) { return j == 0 ? 0.0f : kScoreOfHalfAnUlp - 0.01f; },
      [](int j) { return j == 0 ? 0.0f : 1.0f; });
  const Kernel kernel{.numerics = {.p = DType::f16}, .approximation = 0};
  expect_close_to_the_budget(kernel, made);
}

/// The product of the largest query and a flushed key is a score of 1.
TEST(BudgetAdversary, SubnormalKeysFlushedBesideAHugeQuery) {
  const Handmade made = handmade(
      2, 0x1p126f, [](int j) { return j == 0 ? 0x1p-127f : 0.0f; },
      [](int j) { return static_cast<float>(j); });
  const Kernel kernel{.numerics = {.flush_subnormals = true}, .approximation = 0};
  expect_close_to_the_budget(kernel, made, 0.02);  // exp(h) - 1 of a large h is wide
}

TEST(BudgetAdversary, SubnormalValuesFlushed) {
  const Handmade made = handmade(
      1, 1.0f, [](int) { return 0.0f; }, [](int) { return 0x1.8p-127f; });
  const Kernel kernel{.numerics = {.flush_subnormals = true}, .approximation = 0};
  expect_close_to_the_budget(kernel, made, 0.1);
}

/// Of approximate instructions, as much error as is declared, each alone.
TEST(BudgetAdversary, ApproximateInstructions) {
  const Handmade made = handmade(
      3, 1.0f, [](int j) { return -0.7f * static_cast<float>(j); },
      [](int j) { return j == 0 ? 1.0f : -1.0f; });
  Kernel kernel{.numerics = {.exp2_ulps = 0.5}, .approximation = 1};
  kernel.numerics.rcp_ulps = 4096;
  expect_close_to_the_budget(kernel, made);
  kernel.numerics.rcp_ulps = 1;
  kernel.numerics.log2_absolute = 0x1p-12;
  expect_close_to_the_budget(kernel, made);
}

/// 999 rescalings by an exp2 that is too large by what is declared. They multiply what was summed before, so
/// that the first key's weight grows beside the last one's.
TEST(BudgetAdversary, EveryRescalingErrsTheSameWay) {
  const Handmade made = handmade(
      1000, 1.0f, [](int j) { return 0x1p-12f * static_cast<float>(j); },
      [](int j) { return j < 500 ? 1.0f : -1.0f; });
  const Kernel kernel{.numerics = {.exp2_ulps = 16, .kv_tile = 1}, .approximation = 1};
  expect_close_to_the_budget(kernel, made, 0.2);
}

/// Scores of 2^20 are far apart in f32; what their rounding does to the weights is in the budget.
TEST(BudgetAdversary, RoundingOfLargeScores) {
  for (Folding folding :
       {Folding::fused_maximum, Folding::product_then_sum, Folding::natural, Folding::into_q}) {
    const Handmade made = handmade(
        2, 1024.0f, [](int j) { return 1024.0f + 0x1p-10f * static_cast<float>(j); },
        [](int j) { return static_cast<float>(j); });
    const Kernel kernel{.numerics = {}, .folding = folding, .approximation = 0};
    const Uses uses = uses_of(kernel, made.problem, made.data, 1);
    EXPECT_LE(uses.worst, 1.0) << uses.where;
  }
}

/// The reference as a backend: double throughout, rounded once on the way out (by way of f32).
TEST(BudgetAdversary, TheReferenceItselfRoundedToTheDtype) {
  for (std::uint64_t number = 0; number < 500; ++number) {
    const Problem problem = small_problem(number);
    const Numerics numerics{.qk = Accumulation::f64,
                            .pv = Accumulation::f64,
                            .exp2_ulps = 0,
                            .rcp_ulps = 0,
                            .log2_absolute = 0,
                            .tanh_relative = 0,
                            .out = problem.dtype};
    const BudgetedAttention want = attention_forward_with_budget(problem, data_of(problem), numerics);
    double worst_o = 0, worst_lse = 0;
    for (std::size_t i = 0; i < want.o_budget.values().size(); ++i) {
      const double o = want.reference.o.values()[i];
      worst_o = std::max(worst_o, testing::use_of(rounded(problem.dtype, static_cast<float>(o)), o,
                                                  want.o_budget.values()[i]));
    }
    for (std::size_t i = 0; i < want.lse_budget.values().size(); ++i) {
      const double lse = want.reference.lse.values()[i];
      worst_lse =
          std::max(worst_lse, testing::use_of(static_cast<float>(lse), lse, want.lse_budget.values()[i]));
    }
    ASSERT_LE(worst_o, 1.0) << number;
    ASSERT_LE(worst_lse, 1.0) << number;
  }
}

}  // namespace
}  // namespace flashdiff
