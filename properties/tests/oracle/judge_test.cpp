#include "harness/oracle/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/random_bits.h"
#include "properties/random_cases.h"
#include "properties/tests/oracle/subject.h"

namespace flashdiff {
namespace {

using testing::answer_that;
using ::testing::HasSubstr;
using testing::right_answer;
using testing::Sees;
using testing::sees_as_asked;
using testing::sees_with;
using testing::Subject;
using testing::subject;

constexpr const char* kRagged =
    "fd1 b=3 hq=4 hk=2 d=24 dv=16 dt=f16 lay=left q=5,17,1 kv=70,65,12 mask=causal_br data=normal seed=0x2a";

const verdict::Mismatch& mismatch(const Verdict& v) {
  const auto* found = std::get_if<verdict::Mismatch>(&v);
  if (found == nullptr) throw std::logic_error(std::string("not a mismatch: ") + explain(v));
  return *found;
}

TEST(Judge, TheReferenceItselfPasses) {
  const Subject s = subject(kRagged);
  const Verdict v = s.judged(right_answer(s));
  EXPECT_STREQ(name_of(v), "pass") << explain(v);
  EXPECT_FALSE(is_failure(v));
}

TEST(Judge, AnotherProgrammeOfAttentionPasses) {
  const Subject s = subject(kRagged);
  const Verdict v = s.judged(answer_that(s, sees_as_asked(s)));
  EXPECT_STREQ(name_of(v), "pass") << explain(v);
}

TEST(Judge, ASingleWrongElementIsFound) {
  const Subject s = subject(kRagged);
  Answer answer = right_answer(s);
  float& element = answer.o.row(1, 3, 16)[15];
  element = rounded(DType::f16, element + 0.02f);
  const verdict::Mismatch found = mismatch(s.judged(answer));
  EXPECT_EQ(found.wrong, 1);
  EXPECT_EQ(found.worst.at, (ElementAt{TensorRole::o, 1, 3, 16, 15}));
  EXPECT_GT(found.use.of(TensorRole::o), 1);
  EXPECT_LE(found.use.of(TensorRole::lse), 1);
  EXPECT_THAT(found.words, HasSubstr("single element"));
}

TEST(Judge, NaNIsOutsideOfEveryBudget) {
  const Subject s = subject(kRagged);
  for (const TensorRole role : {TensorRole::o, TensorRole::lse}) {
    Answer answer = right_answer(s);
    (role == TensorRole::o ? answer.o : answer.lse).row(0, 0, 2)[0] = std::numeric_limits<float>::quiet_NaN();
    const verdict::Mismatch found = mismatch(s.judged(answer));
    EXPECT_EQ(found.worst.at, (ElementAt{role, 0, 0, 2, 0}));
    EXPECT_TRUE(std::isnan(found.use.worst()));
    EXPECT_TRUE(std::isnan(found.worst.use()));
    EXPECT_THAT(found.words, HasSubstr("poison leaks in"));
  }
}

TEST(Judge, TheWorstIsTheLargestViolationNotTheLargestDifference) {
  const Subject s = subject(kRagged);
  Answer answer = right_answer(s);
  const double* budget = s.expected.o_budget.row(0, 1, 1);
  const auto [least, most] = std::minmax_element(budget, budget + 16);
  ASSERT_GT(20 * *most, 40 * *least) << "the larger difference is to be the smaller violation";
  answer.o.row(0, 1, 1)[most - budget] += static_cast<float>(20 * *most);
  answer.o.row(0, 1, 1)[least - budget] += static_cast<float>(40 * *least);
  EXPECT_EQ(mismatch(s.judged(answer)).worst.at,
            (ElementAt{TensorRole::o, 0, 1, 1, static_cast<int>(least - budget)}));
}

TEST(Judge, ARowWithoutKeysIsZeroAndMinusInfinity) {
  const Subject s =
      subject("fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=right q=4 kv=2 mask=causal_br data=normal seed=1");
  const Answer right = right_answer(s);
  EXPECT_EQ(*right.lse.row(0, 0, 0), -std::numeric_limits<float>::infinity());
  EXPECT_FALSE(is_failure(s.judged(right)));
  Answer finite = right;
  *finite.lse.row(0, 0, 0) = -1e30f;
  EXPECT_EQ(mismatch(s.judged(finite)).worst.at.tensor, TensorRole::lse);
  Answer positive = right;
  *positive.lse.row(0, 0, 1) = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(is_failure(s.judged(positive)));
  Answer not_zero = right;
  not_zero.o.row(0, 0, 1)[7] = 1e-30f;
  EXPECT_EQ(mismatch(s.judged(not_zero)).worst.at, (ElementAt{TensorRole::o, 0, 0, 1, 7}));
}

TEST(Judge, ADroppedKeyIsFound) {
  const Subject s = subject(kRagged);
  const Sees right = sees_as_asked(s);
  const Verdict v = s.judged(
      answer_that(s, [&](int b, int h, int row, int key) { return right(b, h, row, key) && key != 64; }));
  EXPECT_TRUE(is_failure(v));
}

TEST(Judge, SwappedHeadsAreFound) {
  const Subject s = subject(kRagged);
  EXPECT_TRUE(is_failure(s.judged(answer_that(s, sees_as_asked(s), [](int head) { return head % 2; }))));
}

TEST(Judge, AWindowOffByOneIsFound) {
  const Subject s = subject(
      "fd1 b=2 hq=2 hk=1 d=16 dv=16 dt=bf16 lay=packed q=40,9 kv=80,9 mask=window:5,0 data=uniform seed=3");
  for (const Mask wrong :
       {Mask{MaskKind::window, 4, 0}, Mask{MaskKind::window, 6, 0}, Mask{MaskKind::window, 5, 1}})
    EXPECT_TRUE(is_failure(s.judged(answer_that(s, sees_with(s, wrong)))));
}

TEST(Judge, TouchedPaddingIsAFailureOfItsOwn) {
  const Subject s = subject(kRagged);
  Answer answer = right_answer(s);
  answer.touched = {3, {{TensorRole::o, 17, "sequence 2, padding row 3 left of row 0, head 1, column 7"}}};
  const Verdict v = s.judged(answer);
  ASSERT_STREQ(name_of(v), "padding-touched");
  EXPECT_TRUE(is_failure(v));
  EXPECT_THAT(explain(v), HasSubstr("O: sequence 2, padding row 3 left of row 0"));
  answer.o.row(0, 0, 0)[0] += 1;
  EXPECT_THAT(mismatch(s.judged(answer)).words, HasSubstr("besides, 3 elements outside of the logical rows"));
}

TEST(Judge, AnAnswerOfAnotherShapeIsAProgrammingError) {
  const Subject s = subject(kRagged);
  EXPECT_THROW((void)s.judged(Answer{}), std::invalid_argument);
}

/// What the budget is for: any answer inside it is no mismatch, whatever the noise, and any outside is.
/// (Noise as large as the budget is more than rounding makes, and rule 2 may say so.)
RC_GTEST_PROP(Judge, NoiseWithinTheBudgetPassesAndBeyondItFails, (std::uint64_t key)) {
  const Subject s = subject(print(draw_case(key, 0, {}).value()));
  Answer answer = right_answer(s);
  const auto shake = [key](auto& got, const auto& want, const auto& budget) {
    for (std::size_t i = 0; i < got.values().size(); ++i) {
      const double unit = 2.0 * detail::unit_value(static_cast<std::uint32_t>(detail::folded(key, i))) - 1;
      const auto noisy = static_cast<float>(want.values()[i] + unit * budget.values()[i]);
      // The noise and its rounding to float have to stay inside together.
      if (std::abs(noisy - want.values()[i]) <= budget.values()[i]) got.values()[i] = noisy;
    }
  };
  shake(answer.o, s.expected.reference.o, s.expected.o_budget);
  shake(answer.lse, s.expected.reference.lse, s.expected.lse_budget);
  RC_ASSERT(!std::holds_alternative<verdict::Mismatch>(s.judged(answer)));

  const std::size_t elements = answer.lse.values().size();
  RC_PRE(elements > 0u);
  const std::size_t at = key % elements;
  const double budget = s.expected.lse_budget.values()[at];
  RC_PRE(std::isfinite(budget));
  const double want = std::max(s.expected.reference.lse.values()[at], -1e30);  // of a row without keys, too
  answer.lse.values()[at] = static_cast<float>(want + 2 * budget + 1e-6 * std::abs(want) + 1e-30);
  RC_ASSERT(std::holds_alternative<verdict::Mismatch>(s.judged(answer)));
}

}  // namespace
}  // namespace flashdiff
