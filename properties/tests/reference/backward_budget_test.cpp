#include "reference/backward_budget.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "harness/problem/names.h"
#include "harness/problem/numbers.h"
#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/backward_simulation.h"
#include "properties/tests/reference/budget_use.h"
#include "reference/backward.h"

namespace flashdiff {
namespace {

using testing::BackwardOfKernel;
using testing::data_of;
using testing::Kernel;
using testing::one_sequence;
using testing::quantile;
using testing::small_backward_problem;
using testing::use_of;

/// Budget use of a simulated kernel's gradients, of a few rows and keys a head.
struct GradientUses {
  std::vector<double> dq, dk, dv;
  double worst = 0;
  std::string where;
};

struct Sampler {
  const BudgetedGradients& want;
  GradientUses uses;

  void note(std::vector<double>& into, const char* name, const LogicalTensor<double> Gradients::*tensor,
            const std::vector<float>& got, int s, int head, int row) {
    for (int c = 0; c < static_cast<int>(got.size()); ++c) {
      const double wanted = (want.reference.*tensor).row(s, head, row)[c];
      const double budget = (want.budget.*tensor).row(s, head, row)[c];
      into.push_back(use_of(got[static_cast<std::size_t>(c)], wanted, budget));
      if (into.back() <= uses.worst) continue;
      uses.worst = into.back();
      uses.where =
          fmt::format("{} sequence {} head {} row {} column {}: got {:.9g}, want {:.9g}, budget {:.3g}", name,
                      s, head, row, c, got[static_cast<std::size_t>(c)], wanted, budget);
    }
  }
};

/// The last and a middle one of `count`.
std::vector<int> some_of(int count) {
  if (count == 0) return {};
  if (count == 1) return {0};
  return {count - 1, count / 2};
}

GradientUses uses_of(const Kernel& kernel, const Numerics& declared, const Problem& problem,
                     const LogicalData& data) {
  const BudgetedGradients want = attention_backward_with_budget(problem, data, declared);
  const BackwardOfKernel simulated(kernel, problem, data);
  Sampler sampler{want, {}};
  for (int s = 0; s < problem.batch(); ++s) {
    for (int head = 0; head < problem.h_q; ++head)
      for (int row : some_of(problem.sequences[static_cast<std::size_t>(s)].q_len))
        sampler.note(sampler.uses.dq, "dQ", &Gradients::dq, simulated.dq(s, head, row), s, head, row);
    for (int head = 0; head < problem.h_kv; ++head)
      for (int key : some_of(problem.sequences[static_cast<std::size_t>(s)].kv_len)) {
        const BackwardOfKernel::OfKey got = simulated.of_key(s, head, key);
        sampler.note(sampler.uses.dk, "dK", &Gradients::dk, got.dk, s, head, key);
        sampler.note(sampler.uses.dv, "dV", &Gradients::dv, got.dv, s, head, key);
      }
  }
  return sampler.uses;
}

void append(std::vector<double>& to, const std::vector<double>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Correct kernels of every kind, on every family of data, stay within; and not by a budget that anything
/// would fit in.
TEST(BackwardBudget, EveryCorrectKernelStaysWithin) {
  std::map<DataFamily, GradientUses> by_family;
  for (std::uint64_t number = 0; number < 3000; ++number) {
    const Problem problem = small_backward_problem(number);
    const Kernel kernel = testing::any_kernel(number);
    const GradientUses uses = uses_of(kernel, kernel.numerics, problem, data_of(problem));
    ASSERT_LE(uses.worst, 1.0) << "number " << number << ": " << name_of(problem.data) << " "
                               << name_of(problem.dtype) << " p=" << name_of(kernel.numerics.p)
                               << " ds=" << name_of(kernel.numerics.ds)
                               << " qk=" << static_cast<int>(kernel.numerics.qk)
                               << " pv=" << static_cast<int>(kernel.numerics.pv)
                               << " flush=" << kernel.numerics.flush_subnormals
                               << " tile=" << kernel.numerics.kv_tile
                               << " folding=" << static_cast<int>(kernel.folding)
                               << " softcap=" << problem.softcap.value_or(0) << " alibi=" << problem.alibi
                               << " order=" << static_cast<int>(kernel.order) << "\n"
                               << uses.where;
    GradientUses& family = by_family[problem.data];
    append(family.dq, uses.dq);
    append(family.dk, uses.dk);
    append(family.dv, uses.dv);
    family.worst = std::max(family.worst, uses.worst);
  }
  GradientUses all;
  for (const auto& [family, uses] : by_family) {
    fmt::print("  {:14} dQ median {:.4f} p99 {:.3f}   dK {:.4f} {:.3f}   dV {:.4f} {:.3f}   worst {:.3f}\n",
               name_of(family), quantile(uses.dq, 0.5), quantile(uses.dq, 0.99), quantile(uses.dk, 0.5),
               quantile(uses.dk, 0.99), quantile(uses.dv, 0.5), quantile(uses.dv, 0.99), uses.worst);
    append(all.dq, uses.dq);
    append(all.dk, uses.dk);
    append(all.dv, uses.dv);
  }
  for (const std::vector<double>& uses : {all.dq, all.dk, all.dv}) {
    EXPECT_GT(quantile(uses, 0.5), 0.005);
    EXPECT_LT(quantile(uses, 0.5), 0.5);
  }
}

TEST(BackwardBudget, TheBudgetedFormGivesTheSameBits) {
  for (std::uint64_t number = 0; number < 100; ++number) {
    const Problem problem = small_backward_problem(number);
    const LogicalData data = data_of(problem);
    const Gradients plain = attention_backward(problem, data);
    const BudgetedGradients budgeted = attention_backward_with_budget(problem, data, Numerics{});
    for (const auto tensor : {&Gradients::dq, &Gradients::dk, &Gradients::dv})
      EXPECT_TRUE(std::equal((plain.*tensor).values().begin(), (plain.*tensor).values().end(),
                             (budgeted.reference.*tensor).values().begin()))
          << number;
  }
}

/// The reference as a backend: double throughout, rounded once on the way out (by way of f32).
TEST(BackwardBudget, TheReferenceItselfRoundedToTheDtypeIsWithin) {
  for (std::uint64_t number = 0; number < 500; ++number) {
    const Problem problem = small_backward_problem(number);
    const Numerics numerics{.qk = Accumulation::f64,
                            .pv = Accumulation::f64,
                            .exp2_ulps = 0,
                            .rcp_ulps = 0,
                            .log2_absolute = 0,
                            .out = problem.dtype};
    const BudgetedGradients want = attention_backward_with_budget(problem, data_of(problem), numerics);
    for (const auto tensor : {&Gradients::dq, &Gradients::dk, &Gradients::dv})
      for (std::size_t i = 0; i < (want.budget.*tensor).values().size(); ++i) {
        const double value = (want.reference.*tensor).values()[i];
        ASSERT_LE(use_of(rounded(problem.dtype, static_cast<float>(value)), value,
                         (want.budget.*tensor).values()[i]),
                  1.0)
            << number;
      }
  }
}

/// What the convention fixes has no budget: queries without keys, keys without queries.
TEST(BackwardBudget, IsZeroWhereNothingIsAddedUp) {
  Problem problem = one_sequence(20, 100, 8);
  problem.pass = Pass::backward;
  problem.mask = {.kind = MaskKind::causal_top_left};
  const BudgetedGradients out = attention_backward_with_budget(problem, data_of(problem), Numerics{});
  for (int j = 0; j < 100; ++j)
    for (int c = 0; c < 8; ++c) {
      EXPECT_EQ(out.budget.dk.row(0, 0, j)[c] > 0, j < 20) << j;
      EXPECT_EQ(out.budget.dv.row(0, 0, j)[c] > 0, j < 20) << j;
      EXPECT_EQ(std::isinf(*out.smallest_drop.dv.row(0, 0, j)), j >= 20) << j;
    }
  problem.mask = {.kind = MaskKind::causal_bottom_right};
  problem.sequences = {{50, 10}};
  const BudgetedGradients late = attention_backward_with_budget(problem, data_of(problem), Numerics{});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(late.budget.dq.row(0, 0, i)[3] > 0, i >= 40) << i;
}

/// Random errors use little of what an accumulator may do at worst, so the simulated kernels above would not
/// miss that term. With tensor cores a budget is wider than in double by gamma times the sum of magnitudes.
TEST(BackwardBudget, AccumulationIsCountedByMagnitudes) {
  Problem problem = one_sequence(40, 96, 8);
  problem.pass = Pass::backward;
  const LogicalData data = data_of(problem);
  const Numerics cores{.pv = Accumulation::f32_tensor_core}, exact{.pv = Accumulation::f64};
  const BudgetedGradients wide = attention_backward_with_budget(problem, data, cores);
  const BudgetedGradients narrow = attention_backward_with_budget(problem, data, exact);
  const double scale = problem.softmax_scale();
  LogicalTensor<double> dq({40}, 1, 8), dk({96}, 1, 8), dv({96}, 1, 8);  // sums of magnitudes
  for (int i = 0; i < 40; ++i)
    for (int j = 0; j < 96; ++j) {
      double score = 0, t = 0;
      for (int c = 0; c < 8; ++c) {
        score += static_cast<double>(data.q.row(0, 0, i)[c]) * static_cast<double>(data.k.row(0, 0, j)[c]);
        t += static_cast<double>(data.d_o.row(0, 0, i)[c]) *
             (static_cast<double>(data.v.row(0, 0, j)[c]) - static_cast<double>(data.o.row(0, 0, i)[c]));
      }
      const double p = std::exp(scale * score - static_cast<double>(*data.lse.row(0, 0, i)));
      for (int c = 0; c < 8; ++c) {
        dq.row(0, 0, i)[c] += std::fabs(scale * p * t * static_cast<double>(data.k.row(0, 0, j)[c]));
        dk.row(0, 0, j)[c] += std::fabs(scale * p * t * static_cast<double>(data.q.row(0, 0, i)[c]));
        dv.row(0, 0, j)[c] += std::fabs(p * static_cast<double>(data.d_o.row(0, 0, i)[c]));
      }
    }
  const auto expect_counted = [&](const LogicalTensor<double>& sizes,
                                  const LogicalTensor<double> Gradients::*tensor, int terms) {
    const double gamma = budget::gradient_sum(cores, terms, 1);
    for (std::size_t i = 0; i < sizes.values().size(); ++i) {
      const double more = (wide.budget.*tensor).values()[i] - (narrow.budget.*tensor).values()[i];
      EXPECT_GT(more, 0.95 * gamma * sizes.values()[i]) << i;
      EXPECT_LT(more, 1.05 * gamma * sizes.values()[i]) << i;
    }
  };
  expect_counted(dq, &Gradients::dq, 96);
  expect_counted(dk, &Gradients::dk, 40);
  expect_counted(dv, &Gradients::dv, 40);
}

/// Under a causal mask the last key is seen by the last query alone, whatever the others see.
TEST(BackwardBudget, CountsTheQueriesThatSeeAKey) {
  constexpr int keys = 32, last = keys - 1;
  Problem problem = one_sequence(keys, keys, 16, DType::f16), alone = one_sequence(1, keys, 16, DType::f16);
  problem.pass = alone.pass = Pass::backward;
  problem.mask = alone.mask = {.kind = MaskKind::causal_bottom_right};
  const LogicalData data = data_of(problem);
  LogicalData of_last = data_of(alone);
  of_last.k = data.k;
  of_last.v = data.v;
  for (auto tensor : {&LogicalData::q, &LogicalData::o, &LogicalData::lse, &LogicalData::d_o})
    std::copy_n((data.*tensor).row(0, 0, last), (data.*tensor).width(), (of_last.*tensor).row(0, 0, 0));
  const Numerics cores{.p = DType::f16, .ds = DType::f16, .pv = Accumulation::f32_tensor_core};
  const BudgetedGradients all = attention_backward_with_budget(problem, data, cores);
  const BudgetedGradients one = attention_backward_with_budget(alone, of_last, cores);
  for (auto tensor : {&Gradients::dk, &Gradients::dv}) {
    for (int c = 0; c < 16; ++c)
      EXPECT_NEAR((all.budget.*tensor).row(0, 0, last)[c] / (one.budget.*tensor).row(0, 0, last)[c], 1, 1e-3)
          << c;
    EXPECT_NEAR(*(all.smallest_drop.*tensor).row(0, 0, last) / *(one.smallest_drop.*tensor).row(0, 0, last),
                1, 1e-3);
  }
}

/// dS above f16's range is infinite in a correct kernel: nothing can be said of what it reaches.
TEST(BackwardBudget, IsInfiniteWhereTheDeclaredDtypeOverflows) {
  Problem problem = one_sequence(4, 4, 8);
  problem.pass = Pass::backward;
  LogicalData data = data_of(problem);
  for (float& value : data.d_o.values()) value *= 1e6f;
  const Numerics narrow{.ds = DType::f16};
  const BudgetedGradients out = attention_backward_with_budget(problem, data, narrow);
  EXPECT_TRUE(std::isinf(out.budget.dq.row(0, 0, 2)[1]));
  EXPECT_TRUE(std::isinf(out.budget.dk.row(0, 0, 2)[1]));
  EXPECT_FALSE(std::isinf(out.budget.dv.row(0, 0, 2)[1])) << "P knows nothing of dS";
  const BudgetedGradients wide = attention_backward_with_budget(problem, data, Numerics{});
  EXPECT_FALSE(std::isinf(wide.budget.dq.row(0, 0, 2)[1]));
}

/// A kernel that does worse than it declares is found out, in ordinary data.
TEST(BackwardBudget, AKernelThatDeclaresTooMuchIsFoundOut) {
  Problem problem = one_sequence(16, 48, 64, DType::f16);
  problem.pass = Pass::backward;
  const LogicalData data = data_of(problem);
  const Numerics honest{.p = DType::f16, .ds = DType::f16, .out = DType::f16};
  EXPECT_LE(uses_of({.numerics = honest}, honest, problem, data).worst, 1.0);
  const auto worst = [&](const std::function<void(Kernel&)>& change) {
    Kernel kernel{.numerics = honest};
    change(kernel);
    return uses_of(kernel, honest, problem, data).worst;
  };
  EXPECT_GT(worst([](Kernel& kernel) { kernel.numerics.p = DType::bf16; }), 1.0);
  EXPECT_GT(worst([](Kernel& kernel) { kernel.numerics.ds = DType::bf16; }), 1.0);
  EXPECT_GT(worst([](Kernel& kernel) { kernel.numerics.out = DType::bf16; }), 1.0);
  EXPECT_GT(worst([](Kernel& kernel) {
              kernel.numerics.exp2_ulps = 32768;
              kernel.approximation = 1;
            }),
            1.0);
}

/// Errors of tanh beyond what is declared reach P by way of the score and dS by way of the slope besides.
TEST(BackwardBudget, ATanhThatIsWorseThanDeclaredIsFoundOut) {
  Problem problem = one_sequence(16, 48, 64);
  problem.pass = Pass::backward;
  problem.softcap = 20.0f;
  problem.scale = 1.0f;
  const LogicalData data = data_of(problem);
  Numerics declared;
  declared.exp2_ulps = 0.5;
  declared.tanh_relative = 0x1p-21;
  const auto worst = [&](double relative) {
    Kernel kernel{.numerics = declared, .approximation = 2};
    kernel.numerics.tanh_relative = relative;
    return uses_of(kernel, declared, problem, data).worst;
  };
  EXPECT_LE(worst(0x1p-21), 1.0);
  EXPECT_GT(worst(0x1p-21), 0.02);
  EXPECT_GT(worst(0x1p-11), 1.0) << "tanh.approx";
}

/// Share of dropped pairs that leave the budget of the row that adds them up, and what smallest_drop
/// foretold.
TEST(BackwardBudget, ADroppedPairIsOutsideWhereSmallestDropSaysSo) {
  for (DType dtype : {DType::f32, DType::f16, DType::bf16})
    for (int keys : {33, 128, 512}) {
      Problem problem = one_sequence(32, keys, 64, dtype);
      problem.pass = Pass::backward;
      Numerics numerics{.p = dtype, .ds = dtype, .out = dtype};
      if (dtype != DType::f32) numerics.qk = numerics.pv = Accumulation::f32_tensor_core;
      const LogicalData data = data_of(problem);
      const BudgetedGradients want = attention_backward_with_budget(problem, data, numerics);
      // dV is linear in P: without one query, P dO is missing.
      int seen = 0, tried = 0;
      for (int key = 0; key < keys; key += 3) {
        const int query = key % 32;
        double score = 0;
        for (int c = 0; c < 64; ++c)
          score +=
              static_cast<double>(data.q.row(0, 0, query)[c]) * static_cast<double>(data.k.row(0, 0, key)[c]);
        const double p =
            std::exp(score * problem.softmax_scale() - static_cast<double>(*data.lse.row(0, 0, query)));
        if (p < 0.7 / keys || p > 1.4 / keys) continue;
        bool outside = false;
        for (int c = 0; c < 64; ++c)
          outside |= std::fabs(p * static_cast<double>(data.d_o.row(0, 0, query)[c])) >
                     want.budget.dv.row(0, 0, key)[c];
        seen += outside;
        ++tried;
      }
      ASSERT_GT(tried, 3);
      const auto median = [](const LogicalTensor<double>& drops) {
        return quantile({drops.values().begin(), drops.values().end()}, 0.5);
      };
      const double share = static_cast<double>(seen) / tried;
      fmt::print("  {:5} {:4} keys: smallest_drop dQ {:.3g} dK {:.3g} dV {:.3g}, of dV seen {:.3f}\n",
                 name_of(dtype), keys, median(want.smallest_drop.dq), median(want.smallest_drop.dk),
                 median(want.smallest_drop.dv), share);
      if (median(want.smallest_drop.dv) > 2) {
        EXPECT_GT(share, 0.9);
      }
    }
}

}  // namespace
}  // namespace flashdiff
