#include "harness/problem/data.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/laid_out.h"
#include "harness/problem/numbers.h"
#include "properties/tests/problem/any_case.h"

namespace flashdiff {
namespace {

Problem problem_of(DataFamily family, DType dtype) {
  Problem p;
  p.sequences = {{9, 300}, {64, 64}, {1, 130}};
  p.h_q = 4;
  p.h_kv = 2;
  p.d_qk = 64;
  p.d_v = 40;
  p.dtype = dtype;
  p.data = family;
  p.seed = 0x2a;
  return p;
}

bool same_bits(const LogicalTensor<float>& a, const LogicalTensor<float>& b) {
  return a.values().size() == b.values().size() &&
         (a.values().empty() ||
          std::memcmp(a.values().data(), b.values().data(), a.values().size_bytes()) == 0);
}

RC_GTEST_PROP(Data, IsFiniteAndRoundedAndTheSameEveryTime, ()) {
  const Problem p = *testing::any_problem();
  const LogicalData one = *make_data(p);
  const LogicalData again = *make_data(p);
  RC_ASSERT(same_bits(one.q, again.q));
  RC_ASSERT(same_bits(one.k, again.k));
  RC_ASSERT(same_bits(one.v, again.v));
  RC_ASSERT(same_bits(one.d_o, again.d_o));
  RC_ASSERT(one.d_o.sequences() == (p.pass == Pass::backward ? p.batch() : 0));
  for (const LogicalTensor<float>* tensor : {&one.q, &one.k, &one.v, &one.d_o})
    for (float x : tensor->values()) {
      RC_ASSERT(std::isfinite(x));
      RC_ASSERT(rounded(p.dtype, x) == x);
    }
}

RC_GTEST_PROP(Data, ARowDoesNotDependOnTheOthers, ()) {
  Problem p = *testing::any_problem();
  RC_PRE(p.pass != Pass::append);         // there a row is one of the cache's last
  RC_PRE(p.data != DataFamily::one_hot);  // there the number of keys says which one wins
  const LogicalData before = *make_data(p);
  for (SequenceLengths& lengths : p.sequences) lengths = {lengths.q_len + 3, lengths.kv_len + 5};
  p.sequences.push_back({4, 4});
  const LogicalData after = *make_data(p);
  for (int s = 0; s < before.k.sequences(); ++s)
    for (int head = 0; head < p.h_kv; ++head)
      for (int row = 0; row < before.k.rows(s); ++row)
        RC_ASSERT(std::equal(before.k.row(s, head, row), before.k.row(s, head, row) + p.d_qk,
                             after.k.row(s, head, row)));
}

TEST(Data, IsTheSameInEveryLayout) {
  for (DType dtype : all_of<DType>) {
    Case c;
    c.problem = problem_of(DataFamily::normal, dtype);
    const LogicalData data = *make_data(c.problem);
    for (Padding padding : all_of<Padding>)
      for (Order order : all_of<Order>) {
        c.layout = {padding, order, order == Order::bhsd, 1};
        EXPECT_TRUE(same_bits(gather(lay_out(c, *make_data(c.problem)).k), data.k));
      }
  }
}

TEST(Data, AnotherSeedTensorHeadOrRowIsAnotherStream) {
  Problem p = problem_of(DataFamily::normal, DType::f32);
  const LogicalData one = *make_data(p);
  ++p.seed;
  const LogicalData other = *make_data(p);
  const auto differ = [](const float* a, const float* b) { return !std::equal(a, a + 40, b); };
  EXPECT_TRUE(differ(one.k.row(0, 0, 0), other.k.row(0, 0, 0)));
  EXPECT_TRUE(differ(one.k.row(0, 0, 0), one.v.row(0, 0, 0)));
  EXPECT_TRUE(differ(one.k.row(0, 0, 0), one.k.row(1, 0, 0)));
  EXPECT_TRUE(differ(one.k.row(0, 0, 0), one.k.row(0, 1, 0)));
  EXPECT_TRUE(differ(one.k.row(0, 0, 0), one.k.row(0, 0, 1)));
}

TEST(Data, NormalHasTheMomentsOfTheNormalDistribution) {
  const LogicalData data = *make_data(problem_of(DataFamily::normal, DType::f32));
  const auto values = data.k.values();
  double sum = 0, square = 0, fourth = 0;
  for (double x : values) {
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
  }
  const auto n = static_cast<double>(values.size());  // 63,232: one sigma of the mean is 0.004
  EXPECT_NEAR(sum / n, 0, 0.02);
  EXPECT_NEAR(square / n, 1, 0.03);
  EXPECT_NEAR(fourth / n, 2.7, 0.15);  // four uniforms added up: 3 - 6/5/4
}

/// Scores of one head in double: the definition, no mask.
std::vector<std::vector<double>> scores(const Problem& p, const LogicalData& data, int sequence, int head) {
  std::vector<std::vector<double>> rows;
  for (int i = 0; i < data.q.rows(sequence); ++i) {
    std::vector<double>& row = rows.emplace_back();
    for (int j = 0; j < data.k.rows(sequence); ++j) {
      double dot = 0;
      for (int c = 0; c < p.d_qk; ++c)
        dot += static_cast<double>(data.q.row(sequence, head, i)[c]) *
               data.k.row(sequence, head / p.group(), j)[c];
      row.push_back(dot * p.softmax_scale());
    }
  }
  return rows;
}

class Family : public ::testing::TestWithParam<DType> {
 protected:
  void make(DataFamily family) {
    problem = problem_of(family, GetParam());
    data = *make_data(problem);
  }
  /// check(row of scores) for every query of every head.
  void for_each_row(const std::function<void(const std::vector<double>&)>& check) {
    for (int s = 0; s < problem.batch(); ++s)
      for (int head = 0; head < problem.h_q; ++head)
        for (const std::vector<double>& row : scores(problem, data, s, head)) check(row);
  }
  static std::vector<double> maxima_of_tiles(const std::vector<double>& row) {
    std::vector<double> maxima;
    for (std::size_t begin = 0; begin < row.size(); begin += 64)
      maxima.push_back(
          *std::max_element(row.begin() + static_cast<std::ptrdiff_t>(begin),
                            row.begin() + static_cast<std::ptrdiff_t>(std::min(begin + 64, row.size()))));
    return maxima;
  }
  Problem problem;
  LogicalData data;
};
INSTANTIATE_TEST_SUITE_P(In, Family, ::testing::Values(DType::f32, DType::f16, DType::bf16),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(Family, HugeOverflowsANaiveExp) {
  make(DataFamily::huge);
  for_each_row([](const std::vector<double>& row) {
    for (double score : row) ASSERT_TRUE(std::isinf(std::exp(static_cast<float>(score)))) << score;
  });
}

TEST_P(Family, VeryNegativeLiesBelowAMaskThatAddsMinusTenThousand) {
  make(DataFamily::very_negative);
  for_each_row([](const std::vector<double>& row) {
    for (double score : row) ASSERT_LT(score, -1e4);
  });
}

TEST_P(Family, RisingMovesTheMaximumAtEveryTile) {
  make(DataFamily::rising);
  for_each_row([](const std::vector<double>& row) {
    const std::vector<double> maxima = maxima_of_tiles(row);
    for (std::size_t t = 1; t + 1 < maxima.size(); ++t) ASSERT_GT(maxima[t], maxima[t - 1]);
  });
}

TEST_P(Family, FallingHasItsMaximumInTheFirstTile) {
  make(DataFamily::falling);
  for_each_row([](const std::vector<double>& row) {
    const std::vector<double> maxima = maxima_of_tiles(row);
    for (std::size_t t = 1; t < maxima.size(); ++t) ASSERT_LT(maxima[t], maxima[t - 1]);
  });
}

TEST_P(Family, EqualScoresAreEqual) {
  make(DataFamily::equal);
  for_each_row([](const std::vector<double>& row) {
    for (double score : row) ASSERT_EQ(score, row.front());
  });
}

TEST_P(Family, OneKeyOutweighsTheOthers) {
  make(DataFamily::one_hot);
  for_each_row([](std::vector<double> row) {
    std::sort(row.begin(), row.end(), std::greater<>());
    ASSERT_GT(row[0], row[1] + 2);
    double others = 0;
    for (std::size_t j = 1; j < row.size(); ++j) others += std::exp(row[j] - row[0]);
    ASSERT_LT(others, 1.0);
  });
}

TEST_P(Family, AlternatingSumsCancel) {
  make(DataFamily::alternating);
  const auto cancels = [](const auto& terms) {
    double sum = 0, absolute = 0;
    for (double x : terms) {
      sum += x;
      absolute += std::abs(x);
    }
    return std::abs(sum) < absolute / 2;
  };
  std::vector<double> dot, column;
  for (int c = 0; c < problem.d_qk; ++c)
    dot.push_back(static_cast<double>(data.q.row(0, 0, 0)[c]) * data.k.row(0, 0, 7)[c]);
  for (int j = 0; j < data.v.rows(0); ++j) column.push_back(data.v.row(0, 0, j)[3]);
  EXPECT_TRUE(cancels(dot));
  EXPECT_TRUE(cancels(column));
}

TEST_P(Family, TinyReachesBelowTheNormalRange) {
  make(DataFamily::tiny);
  const double smallest_normal = format_of(GetParam()).smallest_normal;
  for (const LogicalTensor<float>* tensor : {&data.k, &data.v}) {
    const auto values = tensor->values();
    const auto subnormal = std::count_if(values.begin(), values.end(), [smallest_normal](float x) {
      return x != 0 && std::abs(static_cast<double>(x)) < smallest_normal;
    });
    EXPECT_GT(static_cast<double>(subnormal), 0.25 * static_cast<double>(values.size()));
    EXPECT_LT(static_cast<double>(subnormal), 0.75 * static_cast<double>(values.size()));
  }
}

/// FNV-1a over the bits of the pass's made inputs in the three dtypes: Q, K and V; dO.
std::uint64_t digest(DataFamily family, Pass pass) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325u;
  for (DType dtype : all_of<DType>) {
    Problem problem = problem_of(family, dtype);
    problem.pass = pass;
    const LogicalData data = *make_data(problem);
    using Tensors = std::vector<const LogicalTensor<float>*>;
    for (const LogicalTensor<float>* tensor :
         pass == Pass::forward ? Tensors{&data.q, &data.k, &data.v} : Tensors{&data.d_o})
      for (float x : tensor->values()) {
        std::byte bytes[4];
        store_element(dtype, bytes, x);
        for (std::size_t i = 0; i < bytes_of(dtype); ++i)
          hash = (hash ^ static_cast<std::uint64_t>(bytes[i])) * 0x100'0000'01b3u;
      }
  }
  return hash;
}

// A change here changes the meaning of every case line ever printed: raise the version (fd1) with it.
TEST(Data, HasTheBitsThatPrintedCaseLinesStandFor) {
  const std::pair<DataFamily, std::uint64_t> golden[] = {
      {DataFamily::normal, 0x9c7c1136190154ceu},  {DataFamily::uniform, 0xe10d7400468c1c3fu},
      {DataFamily::equal, 0xd5d653ac58a67f9au},   {DataFamily::huge, 0x3226d16ca91f634au},
      {DataFamily::tiny, 0xe1aab41172d01340u},    {DataFamily::very_negative, 0x1fa91489647424c6u},
      {DataFamily::rising, 0x34e38606389e8991u},  {DataFamily::falling, 0x21bcdfe129714791u},
      {DataFamily::one_hot, 0xe80dbb0c217f3586u}, {DataFamily::alternating, 0x4fdd8e21121cc5du},
  };
  for (const auto& [family, expected] : golden)
    EXPECT_EQ(digest(family, Pass::forward), expected)
        << name_of(family) << " " << std::hex << digest(family, Pass::forward);
}

TEST(Data, HasTheGradientsThatPrintedCaseLinesStandFor) {
  const std::pair<DataFamily, std::uint64_t> golden[] = {
      {DataFamily::normal, 0xb600fa4ace43a816u},  {DataFamily::uniform, 0xee255dad28e51436u},
      {DataFamily::equal, 0xb600fa4ace43a816u},   {DataFamily::huge, 0xce92132ab1b54250u},
      {DataFamily::tiny, 0xb600fa4ace43a816u},    {DataFamily::very_negative, 0xb600fa4ace43a816u},
      {DataFamily::rising, 0xb600fa4ace43a816u},  {DataFamily::falling, 0xb600fa4ace43a816u},
      {DataFamily::one_hot, 0xb600fa4ace43a816u}, {DataFamily::alternating, 0xb097ee88ce871aadu},
  };
  for (const auto& [family, expected] : golden)
    EXPECT_EQ(digest(family, Pass::backward), expected)
        << name_of(family) << " " << std::hex << digest(family, Pass::backward);
}

RC_GTEST_PROP(Data, AnAppendsTokensAreTheLastOfWhatAttentionReads, ()) {
  const Problem append = *testing::any_append(*testing::any_problem());
  Problem attention = append;
  attention.pass = Pass::forward;
  attention.rope.reset();
  const LogicalData some = *make_data(append), all = *make_data(attention);
  RC_ASSERT(same_bits(some.q, all.q));
  for (int s = 0; s < append.batch(); ++s) {
    const auto [q_len, kv_len] = append.sequences[static_cast<std::size_t>(s)];
    for (int h = 0; h < append.h_kv; ++h)
      for (int i = 0; i < q_len; ++i) {
        const int j = kv_len - q_len + i;
        RC_ASSERT(std::equal(some.k.row(s, h, i), some.k.row(s, h, i) + append.d_qk, all.k.row(s, h, j)));
        RC_ASSERT(std::equal(some.v.row(s, h, i), some.v.row(s, h, i) + append.d_v, all.v.row(s, h, j)));
      }
  }
}

/// By the definition, with a power of its own: the angle of pair j is base^(-2 j / dim) of the position.
TEST(Data, CosinesAndSinesAreThoseOfThePositions) {
  Problem p;
  p.sequences = {{1, 4}, {2, 3000}};
  p.d_qk = 71;
  p.pass = Pass::append;
  for (const int dim : {70, 64, 2})
    for (const float base : {10000.0f, 500000.0f, 1.0f}) {
      p.rope = Rope{RopeForm::half, dim, base};
      const LogicalTensor<float> table = make_data(p)->rope;
      ASSERT_EQ(table.rows(0), 3000);
      ASSERT_EQ(table.width(), dim);
      for (const int position : {0, 1, 7, 2999})
        for (int j = 0; j < dim / 2; ++j) {
          const long double angle =
              position * std::exp2(-2.0L * j / dim * std::log2(static_cast<long double>(base)));
          EXPECT_NEAR(table.row(0, 0, position)[j], std::cos(angle), 0x1p-24 + 1e-12);
          EXPECT_NEAR(table.row(0, 0, position)[dim / 2 + j], std::sin(angle), 0x1p-24 + 1e-12);
        }
    }
}

TEST(Data, TheForwardsInputsAreTheSameInBothPasses) {
  Problem problem = problem_of(DataFamily::rising, DType::f16);
  const LogicalData forward = *make_data(problem);
  problem.pass = Pass::backward;
  const LogicalData backward = *make_data(problem);
  EXPECT_TRUE(same_bits(forward.q, backward.q));
  EXPECT_TRUE(same_bits(forward.k, backward.k));
  EXPECT_TRUE(same_bits(forward.v, backward.v));
}

}  // namespace
}  // namespace flashdiff
