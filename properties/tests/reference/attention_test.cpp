#include "reference/attention.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <gmock/gmock.h>

#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/naive_attention.h"

namespace flashdiff {
namespace {

using testing::data_of;
using testing::largest_magnitude;
using testing::naive_attention;
using testing::one_sequence;
using testing::small_problem;

constexpr double kInfiniteDouble = std::numeric_limits<double>::infinity();

/// Largest difference of two tensors, in units of `unit`; equal infinities differ by nothing.
double difference(const LogicalTensor<double>& a, const LogicalTensor<double>& b, double unit) {
  double largest = 0;
  EXPECT_EQ(a.values().size(), b.values().size());
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    const double x = a.values()[i], y = b.values()[i];
    if (x == y) continue;
    const double apart = std::fabs(x - y) / unit;
    largest = std::isnan(apart) ? kInfiniteDouble : std::max(largest, apart);
  }
  return largest;
}

/// How uncertain double arithmetic leaves a score: a few units in the last place of its largest product.
double score_uncertainty(const Problem& problem, const LogicalData& data) {
  return 0x1p-53 * (problem.d_qk + 8) *
         (1 + problem.softmax_scale() * problem.d_qk * largest_magnitude(data.q) * largest_magnitude(data.k));
}

TEST(Attention, AgreesWithTheDefinitionInLongDouble) {
  for (std::uint64_t number = 0; number < 600; ++number) {
    const Problem problem = small_problem(number);
    const LogicalData data = data_of(problem);
    const Attention got = attention_forward(problem, data);
    const Attention want = naive_attention(problem, data);
    const double tolerance = score_uncertainty(problem, data) + 300 * 0x1p-53;
    const double v = std::max(largest_magnitude(data.v), 1e-300);
    EXPECT_LE(difference(got.o, want.o, v), 4 * tolerance) << number;
    const double scores = 1 + tolerance / 0x1p-53;
    EXPECT_LE(difference(got.lse, want.lse, 1.0), 4 * tolerance + 0x1p-53 * scores) << number;
  }
}

TEST(Attention, TheBudgetedFormGivesTheSameBits) {
  for (std::uint64_t number = 0; number < 100; ++number) {
    const Problem problem = small_problem(number);
    const LogicalData data = data_of(problem);
    const Attention plain = attention_forward(problem, data);
    const BudgetedAttention budgeted = attention_forward_with_budget(problem, data, Numerics{});
    EXPECT_EQ(difference(plain.o, budgeted.reference.o, 1.0), 0.0) << number;
    EXPECT_EQ(difference(plain.lse, budgeted.reference.lse, 1.0), 0.0) << number;
  }
}

TEST(Attention, AQueryThatSeesNoKeyGivesZeroAndMinusInfinity) {
  Problem problem = one_sequence(70, 40, 8);
  problem.mask = {.kind = MaskKind::causal_bottom_right};  // the first 30 queries stand before the first key
  const BudgetedAttention out = attention_forward_with_budget(problem, data_of(problem), Numerics{});
  for (int i = 0; i < 70; ++i) {
    const bool sees = i >= 30;
    EXPECT_EQ(std::isfinite(*out.reference.lse.row(0, 0, i)), sees) << i;
    EXPECT_EQ(*out.lse_budget.row(0, 0, i) > 0, sees) << i;
    for (int c = 0; c < 8; ++c) {
      EXPECT_EQ(out.reference.o.row(0, 0, i)[c] != 0, sees) << i;
      EXPECT_EQ(out.o_budget.row(0, 0, i)[c] > 0, sees) << i;
    }
    if (!sees) {
      EXPECT_EQ(*out.reference.lse.row(0, 0, i), -kInfiniteDouble);
      EXPECT_EQ(*out.smallest_drop.row(0, 0, i), kInfiniteDouble);
    }
  }
}

TEST(Attention, ZeroLengthsAreLengthsLikeAnyOther) {
  Problem problem = one_sequence(0, 0, 8);
  problem.sequences = {{0, 5}, {3, 0}, {2, 4}, {0, 0}};
  const Attention out = attention_forward(problem, data_of(problem));
  EXPECT_EQ(out.o.values().size(), (3 + 2) * 8u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*out.lse.row(1, 0, i), -kInfiniteDouble);
    for (int c = 0; c < 8; ++c) EXPECT_EQ(out.o.row(1, 0, i)[c], 0.0);
  }
  EXPECT_TRUE(std::isfinite(*out.lse.row(2, 0, 1)));
}

TEST(Attention, OneKeyGivesItsValue) {
  const Problem problem = one_sequence(3, 1, 16);
  const LogicalData data = data_of(problem);
  const Attention out = attention_forward(problem, data);
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 16; ++c) EXPECT_EQ(out.o.row(0, 0, i)[c], data.v.row(0, 0, 0)[c]);
}

/// The last `rows` queries of a problem, as one of its own.
Problem last_rows(const Problem& problem, const LogicalData& data, int rows, LogicalData& part) {
  Problem cut = problem;
  const SequenceLengths lengths = problem.sequences.front();
  cut.sequences = {{rows, lengths.kv_len}};
  part = {LogicalTensor<float>({rows}, problem.h_q, problem.d_qk), data.k, data.v};
  for (int head = 0; head < problem.h_q; ++head)
    std::memcpy(part.q.matrix(0, head), data.q.row(0, head, lengths.q_len - rows),
                sizeof(float) * static_cast<std::size_t>(rows * problem.d_qk));
  return cut;
}

TEST(Attention, QueryRowsMayBeCutAnywhere) {
  Problem problem = one_sequence(300, 700, 24);
  problem.h_q = 4;
  problem.h_kv = 2;
  problem.mask = {.kind = MaskKind::causal_bottom_right};
  const LogicalData data = data_of(problem);
  const Attention whole = attention_forward(problem, data);
  for (int rows : {1, 7, 64, 65, 299}) {
    LogicalData part;
    const Problem cut = last_rows(problem, data, rows, part);
    const Attention out = attention_forward(cut, part);
    for (int head = 0; head < 4; ++head)
      for (int i = 0; i < rows; ++i) {
        EXPECT_NEAR(*out.lse.row(0, head, i), *whole.lse.row(0, head, 300 - rows + i), 1e-13);
        for (int c = 0; c < 24; ++c)
          EXPECT_NEAR(out.o.row(0, head, i)[c], whole.o.row(0, head, 300 - rows + i)[c], 1e-13);
      }
  }
}

TEST(Attention, ScoresFarBeyondExpAreSafe) {
  Problem problem = one_sequence(4, 600, 2);
  problem.scale = 1.0f;
  LogicalData data = data_of(problem);
  for (float& q : data.q.values()) q = 1e15f;
  for (int j = 0; j < 600; ++j)  // scores rise to 2e30 and fall again, across steps of keys
    for (int c = 0; c < 2; ++c) data.k.row(0, 0, j)[c] = (j == 300 ? 1e15f : -1e15f);
  const Attention out = attention_forward(problem, data);
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(*out.lse.row(0, 0, i) / 2e30, 1.0, 1e-6);
    for (int c = 0; c < 2; ++c) EXPECT_NEAR(out.o.row(0, 0, i)[c], data.v.row(0, 0, 300)[c], 1e-300);
  }
}

}  // namespace
}  // namespace flashdiff
