#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/budget_use.h"

namespace flashdiff {
namespace {

using testing::data_of;
using testing::Kernel;
using testing::one_sequence;
using testing::quantile;

/// A tensor-core kernel as people write them.
Numerics usual_numerics(DType dtype) {
  if (dtype == DType::f32) return {};
  return {.p = dtype, .qk = Accumulation::f32_tensor_core, .pv = Accumulation::f32_tensor_core, .out = dtype};
}

/// O of one row without key `without`, from the reference's own O: (O - p v) / (1 - p).
std::vector<double> dropped(const Problem& problem, const LogicalData& data, const Attention& full, int row,
                            int without, double& weight) {
  double score = 0;
  for (int c = 0; c < problem.d_qk; ++c)
    score +=
        static_cast<double>(data.q.row(0, 0, row)[c]) * static_cast<double>(data.k.row(0, 0, without)[c]);
  weight = std::exp(score * problem.softmax_scale() - *full.lse.row(0, 0, row));
  std::vector<double> o;
  for (int c = 0; c < problem.d_v; ++c) {
    const double v = data.v.row(0, 0, without)[c];
    o.push_back((full.o.row(0, 0, row)[c] - weight * v) / (1 - weight));
  }
  return o;
}

/// Share of (row, key) pairs, keys of about average weight, whose drop leaves the budget of O in some column.
double share_seen(const Problem& problem, const Numerics& numerics) {
  const LogicalData data = data_of(problem);
  const BudgetedAttention want = attention_forward_with_budget(problem, data, numerics);
  const int keys = problem.sequences.front().kv_len;
  int seen = 0, tried = 0;
  for (int row = 0; row < want.reference.o.rows(0); row += 3)
    for (int key = row % 5; key < keys; key += 5) {
      double weight = 0;
      const std::vector<double> o = dropped(problem, data, want.reference, row, key, weight);
      if (weight < 0.7 / keys || weight > 1.4 / keys) continue;
      bool outside = false;
      for (int c = 0; c < problem.d_v; ++c) {
        const double moved = std::fabs(o[static_cast<std::size_t>(c)] - want.reference.o.row(0, 0, row)[c]);
        outside |= moved > want.o_budget.row(0, 0, row)[c];
      }
      seen += outside;
      ++tried;
    }
  EXPECT_GT(tried, 10);
  return static_cast<double>(seen) / tried;
}

TEST(BudgetPower, ADroppedKeyOfAverageWeightIsOutside) {
  for (DataFamily family : {DataFamily::normal, DataFamily::uniform, DataFamily::rising})
    for (int keys : {33, 128, 512}) {
      Problem problem = one_sequence(32, keys, 64, DType::f32);
      problem.data = family;
      for (DType dtype : {DType::f32, DType::f16, DType::bf16}) {
        problem.dtype = dtype;
        const bool hopeless = dtype == DType::bf16 && keys > 128;  // 1/512 beside an ulp of 2^-8
        const double share = share_seen(problem, usual_numerics(dtype));
        fmt::print("  {:8} {:5} {:4} keys: {:.3f} of dropped keys seen\n", name_of(family), name_of(dtype),
                   keys, share);
        if (!hopeless) {
          EXPECT_GT(share, 0.99) << name_of(family) << " " << name_of(dtype) << " " << keys;
        }
      }
    }
}

/// smallest_drop says beforehand what the test above finds by dropping.
TEST(BudgetPower, SmallestDropForetellsWhatIsSeen) {
  for (DType dtype : {DType::f32, DType::f16, DType::bf16})
    for (int keys : {33, 128, 512, 4096}) {
      const Problem problem = one_sequence(32, keys, 64, dtype);
      const BudgetedAttention want =
          attention_forward_with_budget(problem, data_of(problem), usual_numerics(dtype));
      const auto drops = want.smallest_drop.values();
      const double median = quantile({drops.begin(), drops.end()}, 0.5);
      const double share = share_seen(problem, usual_numerics(dtype));
      fmt::print("  {:5} {:4} keys: smallest_drop {:.3g}, seen {:.3f}\n", name_of(dtype), keys, median,
                 share);
      if (median > 2) {
        EXPECT_GT(share, 0.99);
      }
      if (median < 0.2) {
        EXPECT_LT(share, 0.1);
      }
    }
}

/// A kernel that does worse than it declares is found out, in ordinary data.
TEST(BudgetPower, AKernelThatDeclaresTooMuchIsFoundOut) {
  const Problem problem = one_sequence(16, 96, 64, DType::f16);
  const LogicalData data = data_of(problem);
  const auto worst = [&](const Kernel& does, const Numerics& declares) {
    const BudgetedAttention want = attention_forward_with_budget(problem, data, declares);
    double use = 0;
    for (int row = 0; row < 16; ++row) {
      const testing::SimulatedRow got = testing::simulate_row(does, problem, data, 0, 0, row);
      for (int c = 0; c < problem.d_v; ++c)
        use = std::max(use,
                       testing::use_of(got.o[static_cast<std::size_t>(c)], want.reference.o.row(0, 0, row)[c],
                                       want.o_budget.row(0, 0, row)[c]));
      use = std::max(
          use, testing::use_of(got.lse, *want.reference.lse.row(0, 0, row), *want.lse_budget.row(0, 0, row)));
    }
    return use;
  };
  const Numerics honest{.p = DType::f16, .out = DType::f16};
  EXPECT_LE(worst({.numerics = honest}, honest), 1.0);

  Kernel p_in_bf16{.numerics = honest};
  p_in_bf16.numerics.p = DType::bf16;
  EXPECT_GT(worst(p_in_bf16, honest), 1.0);
  Kernel o_in_bf16{.numerics = honest};
  o_in_bf16.numerics.out = DType::bf16;
  EXPECT_GT(worst(o_in_bf16, honest), 1.0);
  Kernel coarse_exp2{.numerics = honest, .approximation = 1};
  coarse_exp2.numerics.exp2_ulps = 4096;
  EXPECT_GT(worst(coarse_exp2, honest), 1.0);
  Kernel coarse_reciprocal{.numerics = honest, .approximation = 1};
  coarse_reciprocal.numerics.rcp_ulps = 32768;
  EXPECT_GT(worst(coarse_reciprocal, honest), 1.0);
}

}  // namespace
}  // namespace flashdiff
