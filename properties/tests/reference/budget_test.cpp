#include "reference/budget.h"

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>

#include "harness/problem/numbers.h"
#include "properties/tests/reference/simulated_arithmetic.h"
#include "reference/element_budget.h"

namespace flashdiff {
namespace {

using budget::RowFacts;
using budget::Shape;
using testing::Arithmetic;
using testing::Kernel;
using testing::SumOrder;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Terms grow from left to right by orders of magnitude, or alternate, or are alike: what accumulation minds.
std::vector<float> adverse_terms(std::mt19937_64& random, int n, int kind) {
  std::vector<float> terms;
  for (int i = 0; i < n; ++i) {
    const float unit = 0.5f + static_cast<float>(random() % 1024) / 2048.0f;
    const int exponent = kind == 0 ? 0 : kind == 1 ? i / 8 : -(i % 13);
    terms.push_back(std::ldexp(i % 2 == 1 && kind == 2 ? -unit : unit, exponent % 24));
  }
  return terms;
}

TEST(BudgetTerms, ProductSumBoundsEveryOrderAndTheTensorCore) {
  std::mt19937_64 random(7);
  double worst = 0;
  for (int round = 0; round < 3000; ++round) {
    const int n = 1 + static_cast<int>(random() % 200);
    const auto a = adverse_terms(random, n, round % 3), b = adverse_terms(random, n, round % 2);
    double exact = 0, magnitude = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      exact += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      magnitude += std::fabs(static_cast<double>(a[i]) * static_cast<double>(b[i]));
    }
    Kernel kernel;
    kernel.order = static_cast<SumOrder>(round % 3);
    for (Accumulation how : {Accumulation::f32_fma, Accumulation::f32_tensor_core}) {
      const float got = Arithmetic(kernel).product_sum(how, DType::f32, DType::f32, a, b, 0.0f);
      const double use = std::fabs(got - exact) / (budget::product_sum(how, n) * magnitude);
      ASSERT_LE(use, 1.0) << n << " terms";
      worst = std::max(worst, use);
    }
  }
  EXPECT_GT(worst, 0.1);  // not so wide that the comparison says nothing
}

/// Beside a sum of 1, a step's products just below 2 or 1 times 2^-24 lose nearly 2^-24 each, and its sum
/// 2^-24 more: more than a fused multiply-add a term could.
TEST(BudgetTerms, ATensorCoreLosesMoreThanFusedMultiplyAdds) {
  std::vector<float> a(800, 0x1.fffffep-24f);
  for (std::size_t i = 7; i < a.size(); i += 8) a[i] = 0x1.fffffep-25f;
  a[0] = 1.0f;
  const std::vector<float> ones(a.size(), 1.0f);
  double exact = 0;
  for (float value : a) exact += static_cast<double>(value);
  const Kernel kernel;
  const float got =
      Arithmetic(kernel).product_sum(Accumulation::f32_tensor_core, DType::f32, DType::f32, a, ones, 0.0f);
  EXPECT_GT(exact - got, budget::product_sum(Accumulation::f32_fma, 800) * exact);
  EXPECT_LE(exact - got, budget::product_sum(Accumulation::f32_tensor_core, 800) * exact);
}

TEST(BudgetTerms, RescalingIsOneRoundingATile) {
  constexpr double u = 0x1p-24;
  const RowFacts row{.keys = 64};
  EXPECT_NEAR(budget::value_sum({.kv_tile = 64}, row), (64 + 2) * u, 1e-3 * u);
  EXPECT_NEAR(budget::value_sum({.kv_tile = 1}, row), (64 + 64) * u, 1e-3 * u);
  EXPECT_NEAR(budget::row_sum({.kv_tile = 1}, row), (64 + 64) * u, 1e-3 * u);
}

TEST(BudgetTerms, AWholeRowIsNotRescaledAndItsPIsDividedByOneProductEach) {
  constexpr double u = 0x1p-24;
  const RowFacts row{.keys = 64, .sum = 10};
  const Numerics whole{.exp2_ulps = 2, .rcp_ulps = 0.5, .kv_tile = 1, .whole_rows = true};
  EXPECT_NEAR(budget::value_sum(whole, row), (64 + 1) * u, 1e-3 * u);
  EXPECT_NEAR(budget::row_sum(whole, row), 64 * u, 1e-3 * u);
  EXPECT_NEAR(budget::exponentials(whole, row).largest, 1.01 * 2 * 2 * u, 1e-3 * u);
  EXPECT_NEAR(budget::division(whole), 1.01 * u, 1e-3 * u);
  // P's own underflow is that of 1 / 10 of the largest weight's units.
  const Numerics rounded{.p = DType::f16, .whole_rows = true};
  EXPECT_NEAR(budget::weight_underflow(rounded, row).in_values, 10 * 0x1p-25, 1e-3 * 0x1p-25);
}

TEST(BudgetTerms, ATensorCoreOnSubnormalsIsBoundedThroughItsExponentFloor) {
  // a = 2^-24 is decoded with exponent -14. Beside 1024 a, fraction bits end at 2^(10 - 14 - 24) = 2^-28, and
  // the seven others, 2^-24 + 63 * 2^-34, lose nearly that much each.
  const std::vector<float> a(8, 0x1p-24f);
  std::vector<float> b(8, 1.0f + 63 * 0x1p-10f);
  b[0] = 1024.0f;
  const Kernel kernel;
  const float got =
      Arithmetic(kernel).product_sum(Accumulation::f32_tensor_core, DType::f16, DType::f16, a, b, 0.0f);
  double b_sum = 0;
  for (float value : b) b_sum += static_cast<double>(value);
  const double exact = 0x1p-24 * b_sum;
  const double relative = budget::product_sum(Accumulation::f32_tensor_core, 8);
  const double floor = budget::exponent_floor(Accumulation::f32_tensor_core, DType::f16);
  EXPECT_GT(std::fabs(got - exact), relative * exact);
  EXPECT_LE(std::fabs(got - exact), relative * floor * b_sum);
}

/// Scores of all shapes, from flat to one that outweighs all.
TEST(BudgetTerms, TheMeanDepthOfScoresFollowsFromTheirCountAndSum) {
  std::mt19937_64 random(11);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  double tightest = 0;
  for (int round = 0; round < 5000; ++round) {
    const int n = 1 + static_cast<int>(random() % 300);
    const double width = std::ldexp(1.0, static_cast<int>(random() % 10) - 3);
    std::vector<double> depth{0.0};
    for (int j = 1; j < n; ++j) depth.push_back(-width * std::pow(uniform(), 1 + round % 3));
    RowFacts row{.keys = n, .sum = 0};
    double squares = 0;
    for (double x : depth) {
      row.sum += std::exp(x);
      squares += std::exp(x) * x * x;
    }
    // With nothing but depths, exponent_rounding is 6u of the bound.
    Numerics numerics;
    const double bound = budget::exponent_rounding(numerics, Shape{}, row).mean / (1.01 * 6 * 0x1p-24);
    ASSERT_LE(std::sqrt(squares / row.sum), bound * (1 + 1e-12)) << n << " keys, width " << width;
    tightest = std::max(tightest, std::sqrt(squares / row.sum) / bound);
  }
  EXPECT_GT(tightest, 0.8);
}

Shape usual_shape() { return {.d_qk = 64, .scale = 0.125, .inputs = DType::f16}; }
RowFacts usual_row() {
  return {.keys = 256,
          .max = 3,
          .sum = 20,
          .log_sum = std::log(20.0),
          .q_norm = 8,

          .k_norm_largest = 10,
          .dot_mean = 60};
}

struct Columns {
  std::array<double, 2> budget{};
  RowErrors errors;
};
/// O and what is allowed in two columns: one of ordinary values, one where all V are equal.
Columns columns_of(const Numerics& numerics, const RowFacts& row, double o = 0.5) {
  const std::array<double, 2> values{o, 1.0}, largest{3.0, 1.0}, moments{(1.0 + o * o) / 9, 1.0};
  Columns columns;
  (void)detail::RowBudget(numerics, usual_shape(), row)
      .elements(values, moments.data(), largest.data(), columns.budget.data(), columns.errors);
  return columns;
}
std::array<double, 2> budget_of(const Numerics& numerics, const RowFacts& row, double o = 0.5) {
  return columns_of(numerics, row, o).budget;
}

/// What may lean to one side is the budget of the same kernel with P and O in f32.
TEST(RowBudget, WhatMayLeanIsAllButTheRoundingsTo16Bits) {
  for (const bool shared : {false, true})
    for (const DType dtype : {DType::f16, DType::bf16})
      for (const Accumulation pv : {Accumulation::f32_fma, Accumulation::f32_tensor_core}) {
        const Numerics kernel{.p = dtype, .sum_uses_rounded_p = shared, .pv = pv, .out = dtype};
        const Numerics in_f32{.sum_uses_rounded_p = shared, .pv = pv};
        const Columns all = columns_of(kernel, usual_row()), plain = columns_of(in_f32, usual_row());
        // The tensor core takes a 16-bit P for at least its dtype's smallest normal number; products of
        // errors, the second order of a shared P's among them.
        const double u = format_of(dtype).unit_roundoff, second_order = shared ? 3 * u * u : 0;
        const double budget = plain.budget[0] + plain.budget[1];
        EXPECT_GE(all.errors.lean, budget * (1 - 1e-9)) << name_of(dtype) << shared;
        EXPECT_LE(all.errors.lean, 1.02 * budget + 0x1p-21 + second_order) << name_of(dtype) << shared;
        EXPECT_LT(all.errors.lean, 0.2 * (all.budget[0] + all.budget[1]));
        EXPECT_NEAR(plain.errors.weighted_lean, 0.5 * plain.budget[0] + plain.budget[1], 1e-12);
      }
  const Numerics whole_rows{.p = DType::f16, .whole_rows = true, .out = DType::f32};
  const Columns divided = columns_of(whole_rows, usual_row());
  EXPECT_NEAR(divided.errors.lean, divided.budget[0] + divided.budget[1], 1e-9)
      << "a P that is divided may round alike everywhere";
}

TEST(RowBudget, GrowsWithEveryDeclaration) {
  const std::array<double, 2> plain = budget_of(Numerics{}, usual_row());
  const auto wider = [&](Numerics n) { return budget_of(n, usual_row())[0] > plain[0] * 1.001; };
  EXPECT_TRUE(wider({.p = DType::f16}));
  EXPECT_TRUE(wider({.p = DType::f16, .sum_uses_rounded_p = true}));
  EXPECT_TRUE(wider({.qk = Accumulation::f32_tensor_core}));
  EXPECT_TRUE(wider({.pv = Accumulation::f32_tensor_core}));
  EXPECT_TRUE(wider({.exp2_ulps = 64}));
  EXPECT_TRUE(wider({.rcp_ulps = 64}));
  EXPECT_TRUE(wider({.kv_tile = 1}));
  EXPECT_TRUE(wider({.out = DType::bf16}));
  EXPECT_LT(budget_of({.qk = Accumulation::f64, .pv = Accumulation::f64}, usual_row())[0], plain[0]);
}

TEST(RowBudget, EqualValuesForgiveErrorsOfTheWeights) {
  const Numerics numerics{.p = DType::bf16, .sum_uses_rounded_p = true};
  const std::array<double, 2> budget = budget_of(numerics, usual_row());
  EXPECT_LT(budget[1], 0.1 * budget[0]);  // bf16's 2^-8 would be 4e-3 of either
}

TEST(RowBudget, AWideScoreErrorIsNoWiderThanTheValues) {
  RowFacts row = usual_row();
  row.max = 1e7;  // f32 holds such scores to the unit
  const double budget = budget_of(Numerics{}, row)[0];
  EXPECT_GT(budget, 3.0);
  EXPECT_LT(budget, 3.0 + 0.5 + 0.01);
}

TEST(RowBudget, WhatMayOverflowIsUnbounded) {
  RowFacts row = usual_row();
  row.q_norm = 1e30;
  row.k_norm_largest = 1e30;
  EXPECT_EQ(budget_of(Numerics{}, row)[0], kInfinity);
  EXPECT_EQ(detail::RowBudget(Numerics{}, usual_shape(), row).lse(), kInfinity);
  EXPECT_EQ(budget_of({.out = DType::f16}, usual_row(), 65504.0)[0], kInfinity);
  EXPECT_LT(budget_of({.out = DType::f16}, usual_row(), 65000.0)[0], kInfinity);
}

}  // namespace
}  // namespace flashdiff
