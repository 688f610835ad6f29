#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/budget_use.h"

namespace flashdiff {
namespace {

using testing::any_kernel;
using testing::data_of;
using testing::Kernel;
using testing::quantile;
using testing::small_problem;
using testing::Uses;
using testing::uses_of;

std::string in_words(const Kernel& kernel) {
  const Numerics& n = kernel.numerics;
  return fmt::format(
      "p={} sum_rounded={} qk={} pv={} ulps={} flush={} tile={} out={} folding={} order={} approx={} "
      "whole_rows={}",
      name_of(n.p), n.sum_uses_rounded_p, static_cast<int>(n.qk), static_cast<int>(n.pv), n.exp2_ulps,
      n.flush_subnormals, n.kv_tile, name_of(n.out), static_cast<int>(kernel.folding),
      static_cast<int>(kernel.order), kernel.approximation, n.whole_rows);
}

/// Correct kernels of every kind, on every family of data, stay within; and not by a budget that anything
/// would fit in.
TEST(BudgetSoundness, EveryCorrectKernelStaysWithin) {
  std::map<DataFamily, Uses> by_family;
  for (std::uint64_t number = 0; number < 4000; ++number) {
    const Problem problem = small_problem(number);
    const Kernel kernel = any_kernel(number);
    const Uses uses = uses_of(kernel, problem, data_of(problem), 5);
    ASSERT_LE(uses.worst, 1.0) << "number " << number << ": " << name_of(problem.data) << " "
                               << name_of(problem.dtype) << " " << in_words(kernel) << "\n"
                               << uses.where;
    Uses& family = by_family[problem.data];
    family.o.insert(family.o.end(), uses.o.begin(), uses.o.end());
    family.lse.insert(family.lse.end(), uses.lse.begin(), uses.lse.end());
    family.worst = std::max(family.worst, uses.worst);
  }
  Uses all;
  for (const auto& [family, uses] : by_family) {
    fmt::print("  {:14} O median {:.4f} p99 {:.3f}   LSE median {:.4f} p99 {:.3f}   worst {:.3f}\n",
               name_of(family), quantile(uses.o, 0.5), quantile(uses.o, 0.99), quantile(uses.lse, 0.5),
               quantile(uses.lse, 0.99), uses.worst);
    all.o.insert(all.o.end(), uses.o.begin(), uses.o.end());
    all.lse.insert(all.lse.end(), uses.lse.begin(), uses.lse.end());
  }
  EXPECT_GT(quantile(all.o, 0.5), 0.005);
  EXPECT_LT(quantile(all.o, 0.5), 0.5);
  EXPECT_GT(quantile(all.lse, 0.5), 0.005);
  EXPECT_LT(quantile(all.lse, 0.5), 0.5);
}

}  // namespace
}  // namespace flashdiff
