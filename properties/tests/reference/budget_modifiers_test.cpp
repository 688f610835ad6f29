#include <cmath>
#include <numbers>
#include <random>

#include <gmock/gmock.h>

#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/budget_use.h"
#include "reference/backward_budget.h"
#include "reference/budget.h"

// The terms of softcap, ALiBi and sink: what kernels round is within them, and would not be without.

namespace flashdiff {
namespace {

using budget::RowFacts;
using budget::Shape;
using testing::Kernel;
using testing::kLog2E;
using testing::Uses;

/// One key of weight nearly one, at a distance where bias and score cancel: m = 0, x = 0. What kernels round
/// of either is an error of the weight; each in its own units.
TEST(BudgetModifiers, AlibiBoundsWhatCancels) {
  std::mt19937 random(3);
  const auto unit = [&] { return 0.5f + static_cast<float>(random() % (1 << 22)) * 0x1p-23f; };
  double most = 0, without = 0;
  for (int round = 0; round < 20000; ++round) {
    const float slope = unit(), scale = unit(), distance = static_cast<float>(1 + random() % 65536);
    const float dot = static_cast<float>(static_cast<double>(slope) * distance / scale);
    const double bias = static_cast<double>(slope) * distance;
    const double exact = static_cast<double>(dot) * scale - bias;
    const double in_log2 = static_cast<double>(dot * (scale * kLog2E) - (slope * kLog2E) * distance);
    const double natural = static_cast<double>(dot * scale - slope * distance);
    const double raw = static_cast<double>(dot - slope / scale * distance) * scale;
    const RowFacts row{.max = exact, .dot_mean = std::fabs(dot), .bias_largest = bias};
    const Shape shape{.scale = scale};
    const double bound = budget::alibi({}, shape, row).mean + budget::exponent_rounding({}, shape, row).mean;
    for (double got : {in_log2 * std::numbers::ln2, natural, raw}) {
      ASSERT_LE(std::fabs(got - exact), bound);
      most = std::max(most, std::fabs(got - exact) / bound);
      without = std::max(without, std::fabs(got - exact) / budget::exponent_rounding({}, shape, row).mean);
    }
  }
  EXPECT_GT(most, 0.15);
  EXPECT_GT(without, 1.0);
}

/// A key as heavy as the sink: what each is in units of log2 is rounded on its own.
TEST(BudgetModifiers, SinkBoundsWhatItDoesNotShare) {
  std::mt19937 random(5);
  double most = 0, most_without = 0;
  for (int round = 0; round < 20000; ++round) {
    const float scale = 0.5f + static_cast<float>(random() % (1 << 22)) * 0x1p-23f;
    const float dot = 1.0f + static_cast<float>(random() % (1 << 20)) * 0x1p-6f;
    const float sink = dot * scale;
    const double exact = static_cast<double>(dot) * scale - static_cast<double>(sink);
    const float level = dot * (scale * kLog2E);
    const double got = static_cast<double>(level - sink * kLog2E) * std::numbers::ln2;
    const RowFacts row{
        .keys = 2, .max = sink, .sum = 2, .log_sum = std::log(2.0), .has_sink = true, .sink = sink};
    const double without = budget::exponent_rounding({}, {.scale = scale}, row).mean;
    const double bound = without + budget::sink_rounding({}, row).mean;
    ASSERT_LE(std::fabs(got - exact), bound);
    most = std::max(most, std::fabs(got - exact) / bound);
    most_without = std::max(most_without, std::fabs(got - exact) / without);
  }
  EXPECT_GT(most, 0.2);
  EXPECT_GT(most_without, 1.0);
}

/// tanh wrong by what is declared, everything else as good as f32 can be.
TEST(BudgetModifiers, TanhThatErrsByWhatIsDeclared) {
  Problem problem = testing::one_sequence(1, 2, 1);
  problem.scale = 1.0f;
  problem.softcap = 4.0f;
  LogicalData data = testing::data_of(problem);
  *data.q.row(0, 0, 0) = 1.0f;
  for (int j = 0; j < 2; ++j) {
    *data.k.row(0, 0, j) = j == 0 ? 1.0f : -1.0f;
    *data.v.row(0, 0, j) = j == 0 ? 1.0f : -1.0f;
  }
  const Kernel kernel{.numerics = {.exp2_ulps = 0.5, .rcp_ulps = 0.5, .tanh_relative = 0x1p-11},
                      .approximation = 1};
  const Uses uses = testing::uses_of(kernel, problem, data, 1);
  EXPECT_LE(uses.worst, 1.0) << uses.where;
  EXPECT_GT(uses.worst, 0.5) << uses.where;
}

/// 3e4 of score error, had it not been capped: the budget still tells a right key from none.
TEST(BudgetModifiers, ACapBoundsScoreErrors) {
  const RowFacts row{.keys = 4, .q_norm = 1e6, .k_norm_largest = 1e6, .dot_mean = 1e12};
  EXPECT_GT(budget::dot_product({}, {.d_qk = 64}, row).largest, 1e4);
  EXPECT_LE(budget::dot_product({}, {.d_qk = 64, .softcap = 0.5}, row).largest, 1.0);
}

/// The backward pass has LSE, and no maximum that the roundings could share: bias and score of one key, far
/// off, that cancel.
TEST(BudgetModifiers, AlibiOfTheBackwardPassBoundsWhatCancels) {
  std::mt19937 random(3);
  const auto unit = [&] { return 0.5f + static_cast<float>(random() % (1 << 22)) * 0x1p-23f; };
  // A score given as one number has one rounding at most below: its product.
  const double of_score = 0x1p-24, of_bias = budget::backward_alibi({});
  double most = 0, without = 0;
  for (int round = 0; round < 20000; ++round) {
    const float slope = unit(), distance = static_cast<float>(1 + random() % 65536);
    const double bias = static_cast<double>(slope) * distance;
    const float score = static_cast<float>(bias);  // exact but for one rounding
    const double exact = static_cast<double>(score) - bias;
    const double in_log2 =
        static_cast<double>(std::fma(-(slope * kLog2E), distance, score * kLog2E)) * std::numbers::ln2;
    const double natural = static_cast<double>(score - slope * distance);
    for (double got : {in_log2, natural}) {
      const double error = std::fabs(got - exact);
      ASSERT_LE(error, of_score * static_cast<double>(score) + of_bias * bias);
      most = std::max(most, error / (of_score * static_cast<double>(score) + of_bias * bias));
      without = std::max(without, error / (of_score * static_cast<double>(score)));
    }
  }
  EXPECT_GT(most, 0.15);
  EXPECT_GT(without, 1.0);
}

/// tanh moves by no more than is said where its argument is wrong, saturated or not, and often by about that.
TEST(BudgetModifiers, ArgumentsThatErrMoveTanhByWhatIsSaid) {
  std::mt19937 random(7);
  const auto up_to = [&](double most) { return most * static_cast<double>(random() % (1 << 20)) * 0x1p-20; };
  double most = 0, most_saturated = 0;
  for (int round = 0; round < 100000; ++round) {
    const double y = up_to(12), error = std::exp2(-up_to(20)) * (round % 2 == 0 ? 1 : -1);
    const double slope = 1 - std::tanh(y) * std::tanh(y);
    const double moved = std::fabs(std::tanh(y + error) - std::tanh(y));
    const double bound = static_cast<double>(
        budget::tanh_moved(static_cast<float>(std::fabs(error)), static_cast<float>(slope * (1 + 0x1p-22))));
    ASSERT_LE(moved, bound * (1 + 1e-5) + 0x1p-52) << y << " " << error;
    most = std::max(most, moved / bound);
    if (slope < 1e-3 && slope > 1e-8) most_saturated = std::max(most_saturated, moved / bound);
    const double square = std::tanh(y) * std::tanh(y);
    const double wrong = std::tanh(y) + moved;
    ASSERT_LE(std::fabs(wrong * wrong - square),
              static_cast<double>(
                  budget::slope_error(static_cast<float>(std::tanh(y)), static_cast<float>(moved))) *
                      (1 + 1e-5) +
                  0x1p-52);
  }
  EXPECT_GT(most, 0.99);
  EXPECT_GT(most_saturated, 0.99);
}

TEST(BudgetModifiers, ARowThatSeesTheSinkAloneHasABudgetOfLseOnly) {
  Problem problem = testing::one_sequence(3, 0, 8);
  problem.sink = Sink{2.5f};
  const BudgetedAttention want =
      attention_forward_with_budget(problem, testing::data_of(problem), Numerics{});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*want.reference.lse.row(0, 0, i), 2.5);
    EXPECT_GT(*want.lse_budget.row(0, 0, i), 0.0);
    EXPECT_LT(*want.lse_budget.row(0, 0, i), 1e-5);
    for (int c = 0; c < 8; ++c) {
      EXPECT_EQ(want.reference.o.row(0, 0, i)[c], 0.0);
      EXPECT_EQ(want.o_budget.row(0, 0, i)[c], 0.0);
    }
  }
}

}  // namespace
}  // namespace flashdiff
