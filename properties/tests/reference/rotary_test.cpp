#include "reference/rotary.h"

#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include <gtest/gtest.h>

#include "harness/problem/numbers.h"
#include "properties/tests/reference/any_problem.h"

namespace flashdiff {
namespace {

using testing::data_of;
using testing::small_problem;

/// The small problems' lengths, heads, families and dtypes, appended, with every kind of rotary embedding.
Problem small_append(std::uint64_t number) {
  Problem p = small_problem(number);
  p.pass = Pass::append;
  for (SequenceLengths& one : p.sequences) one.kv_len = std::max(one.kv_len, one.q_len);
  p.mask = {};
  p.scale.reset();
  p.softcap.reset();
  p.alibi = false;
  p.sink.reset();
  const std::uint64_t choice = number / 10;  // families are number % 10
  if (p.d_qk < 2 || choice % 5 == 0) return p;
  Rope& rope = p.rope.emplace();
  rope.form = choice % 2 == 0 ? RopeForm::half : RopeForm::interleaved;
  if (choice % 3 == 0) rope.dim = 2 * (1 + static_cast<int>(number) % (p.d_qk / 2));
  if (choice % 7 == 0) rope.base = 500000;
  return p;
}

/// A turned row by another way: pairs are complex numbers, times e^(i angle), angles not from the table.
std::vector<double> by_complex_numbers(const Problem& problem, int position, const float* from, int width) {
  std::vector<double> to(from, from + width);
  const int pairs = problem.rope_dim() / 2;
  for (int j = 0; j < pairs; ++j) {
    const bool half = problem.rope->form == RopeForm::half;
    const auto x = static_cast<std::size_t>(half ? j : 2 * j),
               y = half ? x + static_cast<std::size_t>(pairs) : x + 1;
    const long double frequency =
        std::exp(-2.0L * j / problem.rope_dim() * std::log(static_cast<long double>(problem.rope->base)));
    const auto turned = std::complex<long double>(to[x], to[y]) * std::polar(1.0L, position * frequency);
    to[x] = static_cast<double>(turned.real());
    to[y] = static_cast<double>(turned.imag());
  }
  return to;
}

void expect_turned(const Problem& problem, const LogicalTensor<float>& from,
                   const LogicalTensor<double>& got) {
  for (int s = 0; s < problem.batch(); ++s) {
    const auto [q_len, kv_len] = problem.sequences[static_cast<std::size_t>(s)];
    for (int h = 0; h < from.heads(); ++h)
      for (int i = 0; i < q_len; ++i) {
        const float* const in = from.row(s, h, i);
        const std::vector<double> want = by_complex_numbers(problem, kv_len - q_len + i, in, from.width());
        double largest = 0;  // the table's rounding is of cos and sin, each times an element
        for (int c = 0; c < from.width(); ++c)
          largest = std::max(largest, std::fabs(static_cast<double>(in[c])));
        for (int c = 0; c < from.width(); ++c)
          ASSERT_NEAR(got.row(s, h, i)[c], want[static_cast<std::size_t>(c)], 2 * largest * 0x1p-24)
              << "sequence " << s << " head " << h << " row " << i << " column " << c;
      }
  }
}

TEST(Rotary, IsMultiplicationByComplexNumbersOfNormOne) {
  for (std::uint64_t number = 0; number < 400; ++number) {
    const Problem problem = small_append(number);
    const LogicalData data = data_of(problem);
    const Appended got = append_kv(problem, data);
    expect_turned(problem, data.q, got.q_rot);
    expect_turned(problem, data.k, got.k);
    ASSERT_TRUE(std::equal(got.v.values().begin(), got.v.values().end(), data.v.values().begin(),
                           data.v.values().end()));
  }
}

/// Tokens as far apart as before have the scores that they had: what a rotary embedding is for.
TEST(Rotary, ScoresDependOnDistancesAlone) {
  Problem problem = testing::one_sequence(6, 6, 16);
  problem.pass = Pass::append;
  for (const RopeForm form : {RopeForm::half, RopeForm::interleaved})
    for (const std::optional<int> dim : {std::optional<int>{}, std::optional{10}}) {
      problem.rope = Rope{form, dim};
      LogicalData data = data_of(problem);
      const auto scores = [&](int past) {
        problem.sequences[0] = {6, 6 + past};
        data.rope = data_of(problem).rope;
        const Appended turned = append_kv(problem, data);
        std::vector<double> made;
        for (int i = 0; i < 6; ++i)
          for (int j = 0; j < 6; ++j) {
            double sum = 0;
            for (int c = 0; c < 16; ++c) sum += turned.q_rot.row(0, 0, i)[c] * turned.k.row(0, 0, j)[c];
            made.push_back(sum);
          }
        return made;
      };
      const std::vector<double> near = scores(0);
      for (const int past : {1, 17, 400}) {
        const std::vector<double> far = scores(past);
        for (std::size_t x = 0; x < near.size(); ++x) EXPECT_NEAR(far[x], near[x], 1e-5) << past;
      }
    }
}

/// How a kernel may add up a pair.
enum class Habit { plain, fused_first, fused_second, flushed };
constexpr Habit kHabits[] = {Habit::plain, Habit::fused_first, Habit::fused_second, Habit::flushed};

float flushed(Habit habit, float x) {
  return habit == Habit::flushed && std::fabs(x) < std::numeric_limits<float>::min() ? 0.0f : x;
}
/// a b + c d in f32.
float sum_of_two(Habit habit, float a, float b, float c, float d) {
  switch (habit) {
    case Habit::plain: break;
    case Habit::fused_first: return std::fma(a, b, c * d);
    case Habit::fused_second: return std::fma(c, d, a * b);
    case Habit::flushed:
      return flushed(habit, flushed(habit, flushed(habit, a) * b) + flushed(habit, flushed(habit, c) * d));
  }
  const float first = a * b, second = c * d;
  return first + second;
}

/// The kernel's turned rows; `position` is what it takes for one.
template <class Position>
LogicalTensor<float> simulated(const Problem& problem, const LogicalData& data,
                               const LogicalTensor<float>& from, Habit habit, RopeForm form,
                               Position position) {
  LogicalTensor<float> to = from;
  const int pairs = problem.rope_dim() / 2;
  for (int s = 0; s < problem.batch(); ++s)
    for (int h = 0; h < from.heads(); ++h)
      for (int i = 0; i < from.rows(s); ++i)
        for (int j = 0; j < pairs; ++j) {
          const bool half = form == RopeForm::half;
          const int x = half ? j : 2 * j, y = half ? j + pairs : 2 * j + 1;
          const float* const in = from.row(s, h, i);
          const float* const table = data.rope.row(0, 0, position(s, i));
          const float cosine = table[j], sine = table[pairs + j];
          to.row(s, h, i)[x] = rounded(problem.dtype, sum_of_two(habit, in[x], cosine, -in[y], sine));
          to.row(s, h, i)[y] = rounded(problem.dtype, sum_of_two(habit, in[y], cosine, in[x], sine));
        }
  return to;
}

Numerics numerics_of(const Problem& problem, Habit habit) {
  Numerics n;
  n.qk = n.pv = Accumulation::f32_fma;
  n.out = problem.dtype;
  n.flush_subnormals = habit == Habit::flushed;
  return n;
}

/// Elements that are outside of their budget; NaN is.
std::size_t outside(const LogicalTensor<float>& got, const LogicalTensor<double>& want,
                    const LogicalTensor<double>& budget) {
  EXPECT_EQ(got.values().size(), want.values().size());
  std::size_t count = 0;
  for (std::size_t x = 0; x < got.values().size(); ++x)
    if (!(std::fabs(got.values()[x] - want.values()[x]) <= budget.values()[x])) ++count;
  return count;
}

TEST(RotaryBudget, HoldsForEveryHabit) {
  for (std::uint64_t number = 0; number < 400; ++number) {
    const Problem problem = small_append(number);
    const LogicalData data = data_of(problem);
    for (const Habit habit : kHabits) {
      const BudgetedAppend expected = append_kv_with_budget(problem, data, numerics_of(problem, habit));
      const RopeForm form = problem.rope ? problem.rope->form : RopeForm::half;
      const auto position = [&problem](int s, int i) {
        const auto [q_len, kv_len] = problem.sequences[static_cast<std::size_t>(s)];
        return kv_len - q_len + i;
      };
      EXPECT_EQ(outside(simulated(problem, data, data.q, habit, form, position), expected.reference.q_rot,
                        expected.budget.q_rot),
                0u)
          << number;
      EXPECT_EQ(outside(simulated(problem, data, data.k, habit, form, position), expected.reference.k,
                        expected.budget.k),
                0u)
          << number;
      EXPECT_EQ(outside(data.v, expected.reference.v, expected.budget.v), 0u) << number;
    }
  }
}

/// A budget of one rounding of the sum and one of the output is nearly used up: it is no wider than it must
/// be.
TEST(RotaryBudget, IsNearlyUsedUp) {
  Problem problem = testing::one_sequence(64, 64, 64);
  problem.pass = Pass::append;
  problem.rope = Rope{};
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    problem.dtype = dtype;
    const LogicalData data = data_of(problem);
    const BudgetedAppend expected = append_kv_with_budget(problem, data, numerics_of(problem, Habit::plain));
    const LogicalTensor<float> got =
        simulated(problem, data, data.q, Habit::plain, RopeForm::half, [](int, int i) { return i; });
    double use = 0;
    for (std::size_t x = 0; x < got.values().size(); ++x)
      use = std::max(use, std::fabs(got.values()[x] - expected.reference.q_rot.values()[x]) /
                              expected.budget.q_rot.values()[x]);
    EXPECT_GT(use, 0.7) << static_cast<int>(dtype);
    EXPECT_LE(use, 1.0);
  }
}

/// Bugs that kernels had, in nearly every element of the rows that they concern.
TEST(RotaryBudget, SeesAWrongPositionAndTheOtherForm) {
  Problem problem = testing::one_sequence(8, 40, 64, DType::bf16);
  problem.pass = Pass::append;
  problem.rope = Rope{};
  const LogicalData data = data_of(problem);
  const BudgetedAppend expected = append_kv_with_budget(problem, data, numerics_of(problem, Habit::plain));
  const auto share = [&](RopeForm form, int first) {
    const auto wrong = outside(
        simulated(problem, data, data.k, Habit::plain, form, [first](int, int i) { return first + i; }),
        expected.reference.k, expected.budget.k);
    return static_cast<double>(wrong) / static_cast<double>(data.k.values().size());
  };
  EXPECT_EQ(share(RopeForm::half, 32), 0.0);
  EXPECT_GT(share(RopeForm::interleaved, 32), 0.9);
  EXPECT_GT(share(RopeForm::half, 0), 0.5);  // the slow pairs hardly turn
  EXPECT_GT(share(RopeForm::half, 31), 0.3);
  EXPECT_GT(share(RopeForm::half, 8), 0.5);
}

/// In budgets: what the same tokens would be, were there one more in front of them.
TEST(RotaryBudget, NextPositionIsWhereARowWouldBe) {
  for (std::uint64_t number = 0; number < 200; ++number) {
    const Problem problem = small_append(number);
    const LogicalData data = data_of(problem);
    const BudgetedAppend expected = append_kv_with_budget(problem, data, numerics_of(problem, Habit::plain));
    Problem later = problem;
    for (SequenceLengths& one : later.sequences) ++one.kv_len;
    LogicalData moved = data;
    moved.rope = data_of(later).rope;
    const Appended next = append_kv(later, moved);
    const auto expect_same = [&](const LogicalTensor<double>& got, const LogicalTensor<double>& here,
                                 const LogicalTensor<double>& there, const LogicalTensor<double>& budget) {
      ASSERT_EQ(got.values().size() * static_cast<std::size_t>(here.width()), here.values().size());
      for (std::size_t row = 0; row < got.values().size(); ++row) {
        double most = 0;
        for (std::size_t c = row * static_cast<std::size_t>(here.width());
             c < (row + 1) * static_cast<std::size_t>(here.width()); ++c)
          if (here.values()[c] != there.values()[c])
            most = std::max(most, std::fabs(there.values()[c] - here.values()[c]) / budget.values()[c]);
        // The table's own roundings, of about a budget in f32, are in one of them.
        EXPECT_NEAR(got.values()[row], most, 1e-3 * most + 1) << number << " row " << row;
      }
    };
    expect_same(expected.next_position.q_rot, expected.reference.q_rot, next.q_rot, expected.budget.q_rot);
    expect_same(expected.next_position.k, expected.reference.k, next.k, expected.budget.k);
    EXPECT_EQ(expected.next_position.v.values().size(), 0U);
  }
}

TEST(RotaryBudget, IsZeroWhereAnElementIsCopied) {
  Problem problem = testing::one_sequence(3, 9, 16, DType::f16);
  problem.pass = Pass::append;
  problem.rope = Rope{RopeForm::half, 6};
  const BudgetedAppend expected =
      append_kv_with_budget(problem, data_of(problem), numerics_of(problem, Habit::plain));
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 16; ++c) {
      EXPECT_EQ(expected.budget.k.row(0, 0, i)[c] == 0, c >= 6);
      EXPECT_EQ(expected.budget.q_rot.row(0, 0, i)[c] == 0, c >= 6);
      EXPECT_EQ(expected.budget.v.row(0, 0, i)[c], 0);
    }
}

TEST(RotaryBudget, IsInfiniteWhereTheDtypeMayOverflow) {
  Problem problem = testing::one_sequence(2, 2, 2, DType::f16);
  problem.pass = Pass::append;
  problem.rope = Rope{};
  LogicalData data = data_of(problem);
  data.k.row(0, 0, 1)[0] = 60000;  // turned by 1 radian: y' = 60000 (cos 1 + sin 1)
  data.k.row(0, 0, 1)[1] = 60000;
  const BudgetedAppend expected = append_kv_with_budget(problem, data, numerics_of(problem, Habit::plain));
  EXPECT_LT(expected.budget.k.row(0, 0, 1)[0], 40);
  EXPECT_EQ(expected.budget.k.row(0, 0, 1)[1], std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace flashdiff
