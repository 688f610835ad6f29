#include "harness/oracle/bias.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/oracle/subject.h"

namespace flashdiff {
namespace {

using ::testing::HasSubstr;
using testing::right_answer;
using testing::Subject;
using verdict::BiasTest;

constexpr const char* kBatch =
    "fd1 b=2 hq=4 hk=2 d=32 dv=32 dt=f16 lay=left q=60,40 kv=60,40 mask=causal_br data=normal seed=0x2a";
constexpr const char* kGradients =
    "fd1 b=2 hq=4 hk=2 d=32 dv=32 dt=f16 lay=left q=40,40 kv=40,40 mask=causal_br pass=backward data=normal "
    "seed=0x2a";

/// P (and dS) in 16 bits, sums in f32, as kernels have it.
Subject with_rounded_p(const std::string& line) {
  Subject s = testing::subject(line);
  s.numerics.p = s.numerics.ds = s.problem().dtype;
  s.wanted = wanted(s.problem(), s.data, s.numerics);
  return s;
}

/// Toward zero, to the dtype.
float cut(DType dtype, float value) {
  if (dtype == DType::f32) return value;
  const std::uint32_t low = dtype == DType::f16 ? 0x1fffu : 0xffffu;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & ~low);
}

enum class Where { nowhere, in_values, in_row_sum };

/// Attention in double but for P, which is rounded, or cut off.
Answer with_p_cut(const Subject& s, Where where) {
  const Problem& p = s.problem();
  Answer answer = right_answer(s);
  for (int b = 0; b < p.batch(); ++b)
    for (int head = 0; head < p.h_q; ++head)
      for (int row = 0; row < answer.o.rows(b); ++row) {
        const KeyRange keys = visible_keys(p.mask, p.sequences[static_cast<std::size_t>(b)], row);
        std::vector<double> o(static_cast<std::size_t>(p.d_v));
        std::vector<double> scores;
        for (int key = keys.begin; key < keys.end; ++key) {
          double dot = 0;
          for (int c = 0; c < p.d_qk; ++c)
            dot += static_cast<double>(s.data.q.row(b, head, row)[c]) *
                   s.data.k.row(b, head / p.group(), key)[c];
          scores.push_back(dot * p.softmax_scale());
        }
        const double max = *std::ranges::max_element(scores);
        double sum = 0;
        for (int key = keys.begin; key < keys.end; ++key) {
          const auto weight =
              static_cast<float>(std::exp(scores[static_cast<std::size_t>(key - keys.begin)] - max));
          sum += where == Where::in_row_sum ? cut(p.dtype, weight) : weight;
          const float of_value = where == Where::in_values ? cut(p.dtype, weight) : rounded(p.dtype, weight);
          for (int c = 0; c < p.d_v; ++c)
            o[static_cast<std::size_t>(c)] +=
                static_cast<double>(of_value) * s.data.v.row(b, head / p.group(), key)[c];
        }
        for (int c = 0; c < p.d_v; ++c)
          answer.o.row(b, head, row)[c] =
              rounded(p.dtype, static_cast<float>(o[static_cast<std::size_t>(c)] / sum));
      }
  return answer;
}

const verdict::Bias& bias(const Verdict& v) {
  const auto* found = std::get_if<verdict::Bias>(&v);
  if (found == nullptr) throw std::logic_error(std::string("no bias: ") + explain(v));
  return *found;
}

std::string with_dtype(std::string line, const std::string& dtype) {
  return line.replace(line.find("dt=f16"), 6, "dt=" + dtype);
}

TEST(Bias, PCutOffInsteadOfRoundedIsFoundByItsGain) {
  for (const char* dtype : {"f16", "bf16"}) {
    const Subject s = with_rounded_p(with_dtype(kBatch, dtype));
    EXPECT_FALSE(is_failure(s.judged(with_p_cut(s, Where::nowhere))))
        << explain(s.judged(with_p_cut(s, Where::nowhere)));
    const verdict::Bias found = bias(s.judged(with_p_cut(s, Where::in_values)));
    EXPECT_EQ(found.tensor, TensorRole::o);
    EXPECT_EQ(found.test, BiasTest::gain);
    EXPECT_LT(found.effect, 0);
    EXPECT_LT(found.chance, 1e-9);
    EXPECT_THAT(found.words, HasSubstr("too small"));
    EXPECT_THAT(found.words, HasSubstr(std::string("as if P were cut off, not rounded, to ") + dtype));
  }
}

TEST(Bias, PCutOffInTheRowSumAloneMakesOTooLarge) {
  const Subject s = with_rounded_p(with_dtype(kBatch, "bf16"));
  const verdict::Bias found = bias(s.judged(with_p_cut(s, Where::in_row_sum)));
  EXPECT_GT(found.effect, 0);
  EXPECT_THAT(found.words, HasSubstr("in the row sum alone"));
}

/// A gain that hides in the budget of every element; of one head alone, too.
TEST(Bias, ASmallGainOfOneHead) {
  const Subject s = with_rounded_p(with_dtype(kBatch, "bf16"));
  Answer answer = right_answer(s);
  const LogicalTensor<double>& want = s.wanted.of(TensorRole::o).want;
  for (int b = 0; b < want.sequences(); ++b)
    for (int row = 0; row < want.rows(b); ++row)
      for (int c = 0; c < want.width(); ++c)
        answer.o.row(b, 2, row)[c] = rounded(DType::bf16, static_cast<float>(1.003 * want.row(b, 2, row)[c]));
  const verdict::Bias found = bias(s.judged(answer));
  EXPECT_EQ(found.head, 2);
  EXPECT_EQ(found.test, BiasTest::gain);
  EXPECT_NEAR(found.effect, 0.003, 0.001);
  EXPECT_THAT(found.words, HasSubstr("every row of head 2 is 0.3"));
}

TEST(Bias, AShiftOfAllElements) {
  const Subject s = with_rounded_p(kGradients);
  Answer answer = right_answer(s);
  const WantedTensor& dk = s.wanted.of(TensorRole::dk);
  for (std::size_t i = 0; i < dk.want.values().size(); ++i)
    answer.dk.values()[i] =
        rounded(DType::f16, static_cast<float>(dk.want.values()[i] + 0.5 * dk.budget.values()[i]));
  const verdict::Bias found = bias(s.judged(answer));
  EXPECT_EQ(found.tensor, TensorRole::dk);
  EXPECT_GT(found.effect, 0);
}

/// Rows that lean each to its own side: no gain and no mean in them, but their sums are too far off.
TEST(Bias, RowsThatLeanToEitherSide) {
  const Subject s = with_rounded_p(with_dtype(kBatch, "bf16"));
  Answer answer = right_answer(s);
  const WantedTensor& o = s.wanted.of(TensorRole::o);
  for (int b = 0; b < 2; ++b)
    for (int head = 0; head < 4; ++head)
      for (int row = 0; row < o.want.rows(b); ++row)
        for (int c = 0; c < o.want.width(); ++c) {
          const double off = (row % 2 == 0 ? 0.9 : -0.9) * o.budget.row(b, head, row)[c];
          answer.o.row(b, head, row)[c] = static_cast<float>(o.want.row(b, head, row)[c] + off);
        }
  bool found = false;
  for (const detail::BiasOf& one : detail::biases(s.numerics, s.wanted, answer))
    found = found || (one.test == BiasTest::row_sum && one.chance < 1e-12);
  EXPECT_TRUE(found);
  EXPECT_TRUE(is_failure(s.judged(answer)));
}

TEST(Bias, TheReferenceHasNoneWhateverTheDataAndThePass) {
  for (const char* pass : {"", " pass=backward", " pass=append rope=half"})
    for (const char* data :
         {"normal", "uniform", "equal", "huge", "tiny", "very_negative", "rising", "one_hot", "alternating"})
      for (const char* dtype : {"f16", "bf16", "f32"}) {
        const Subject s = with_rounded_p(fmt::format(
            "fd1 b=2 hq=4 hk=2 d=16 dv=16 dt={} lay=left q=60,40 kv=60,40 mask=none{} data={} seed=0x7",
            dtype, pass, data));
        EXPECT_FALSE(is_failure(s.judged(right_answer(s))))
            << print(s.question) << explain(s.judged(right_answer(s)));
      }
}

/// In f32 nothing is modelled as random, so nothing is said.
TEST(Bias, SaysNothingOfF32) {
  const Subject s = testing::subject(with_dtype(kBatch, "f32"));
  EXPECT_TRUE(detail::biases(s.numerics, s.wanted, right_answer(s)).empty());
}

/// Copies of one row round alike: N of them are no better than one.
TEST(Bias, CopiesOfARowCountOnce) {
  Subject s = with_rounded_p(
      "fd1 b=1 hq=1 hk=1 d=4 dv=4 dt=f16 lay=packed q=500 kv=40 mask=none data=equal seed=0x3");
  // Every row is the mean of V; half an ulp off in each column, to the same side in all rows.
  Answer answer = right_answer(s);
  const WantedTensor& o = s.wanted.of(TensorRole::o);
  for (int row = 0; row < 500; ++row)
    for (int c = 0; c < 4; ++c) {
      const auto want = static_cast<float>(o.want.row(0, 0, row)[c]);
      answer.o.row(0, 0, row)[c] = cut(DType::f16, want);
      if (std::fabs(answer.o.row(0, 0, row)[c] - want) > 0.9 * o.budget.row(0, 0, row)[c])
        answer.o.row(0, 0, row)[c] = rounded(DType::f16, want);
    }
  EXPECT_FALSE(is_failure(s.judged(answer))) << explain(s.judged(answer));
}

}  // namespace
}  // namespace flashdiff
