#include "properties/relations/differences.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

namespace flashdiff::relations {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Differences, TheWorstIsKeptAndNaNIsWorst) {
  Differences found;
  found.element({TensorRole::o, 0, 0, 0, 1}, 1.5, 1, 1);
  EXPECT_EQ(found.wrong(), 0);
  found.element({TensorRole::o, 0, 0, 0, 2}, 3, 1, 1);
  found.element({TensorRole::o, 0, 0, 0, 3}, 1.2, 1, 0.1);
  EXPECT_EQ(found.worst().at.column, 2);
  found.element({TensorRole::o, 0, 0, 0, 4}, nan, 1, 1);
  found.element({TensorRole::o, 0, 0, 0, 5}, 9, 1, 1);
  EXPECT_EQ(found.worst().at.column, 4);
  EXPECT_EQ(found.wrong(), 4);
  EXPECT_EQ(found.total(), 5);
}

TEST(Differences, WhereNothingMayBeOffOnlyTheSameIsRight) {
  Differences found;
  found.element({}, -infinity, -infinity, 0);
  found.element({}, 0, 0, 0);
  EXPECT_EQ(found.wrong(), 0);
  found.element({}, 0, -infinity, 0);
  EXPECT_EQ(found.wrong(), 1);
}

TEST(Differences, WhereAnythingIsRightNothingIsCompared) {
  Differences found;
  found.element({}, nan, 1, infinity);
  found.element({}, 5, 1, nan);
  EXPECT_EQ(found.total(), 0);
  EXPECT_EQ(found.wrong(), 0);
}

Answered answered(std::vector<float> o, double budget) {
  Answered made;
  made.answer.o = LogicalTensor<float>({1}, 1, 2);
  std::ranges::copy(o, made.answer.o.values().begin());
  made.allowed.outputs.emplace_back().budget = LogicalTensor<double>({1}, 1, 2, budget);
  return made;
}

TEST(Differences, RowsMayBeAsFarApartAsBothBudgetsTogether) {
  Differences within, beyond, reordered, sum;
  within.all_rows(answered({1.3f, 2}, 0.25), answered({1, 2}, 0.125));
  EXPECT_EQ(within.wrong(), 0);
  beyond.all_rows(answered({1.5f, 2}, 0.25), answered({1, 2}, 0.125));
  EXPECT_EQ(beyond.wrong(), 1);
  EXPECT_EQ(beyond.worst().budget, 0.375);
  const int swapped[] = {1, 0};
  reordered.row(TensorRole::o, answered({2, 1}, 0.1), {}, answered({1, 2}, 0.1), {}, swapped);
  EXPECT_EQ(reordered.wrong(), 0);
  sum.difference(TensorRole::o, answered({5, 2}, 0.1), answered({4, 1}, 0.1), answered({1, 2}, 0.1));
  EXPECT_EQ(sum.wrong(), 1) << "5 - 4 is 1, 2 - 1 is not 2";
}

}  // namespace
}  // namespace flashdiff::relations
