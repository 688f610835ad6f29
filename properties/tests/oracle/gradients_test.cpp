#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/oracle/causes.h"
#include "harness/oracle/gradients_by_rule.h"
#include "harness/oracle/trust.h"
#include "harness/oracle/where.h"
#include "harness/problem/random_bits.h"
#include "properties/tests/oracle/subject.h"

// What the oracle says of dQ, dK and dV: answers that no kernel computed, with a fault planted in each.

namespace flashdiff {
namespace {

using detail::GradientRule;
using detail::HeadGradients;
using ::testing::AllOf;
using testing::cause;
using ::testing::HasSubstr;
using testing::right_answer;
using ::testing::StartsWith;
using testing::Subject;
using testing::subject;
using testing::words;

constexpr const char* kThreeLengths = "q=5,17,70 kv=70,66,90";

Subject gradients_of(const std::string& rest = "mask=causal_br", const std::string& lengths = kThreeLengths) {
  return subject("fd1 pass=backward b=3 hq=4 hk=2 d=24 dv=16 dt=f16 lay=left " + lengths + " " + rest +
                 " data=normal seed=0x2a");
}

/// Gradients by another rule than the one that was asked; `head_of` says which K/V head is read.
Answer answer_by(
    const Subject& s, const std::function<void(GradientRule&)>& change,
    const std::function<int(int)>& head_of = [](int kv_head) { return kv_head; }) {
  Answer answer = right_answer(s);
  const Problem& p = s.problem();
  for (int b = 0; b < p.batch(); ++b)
    for (int kv_head = 0; kv_head < p.h_kv; ++kv_head) {
      GradientRule rule = detail::gradient_rule(p, head_of(kv_head));
      change(rule);
      const HeadGradients made = detail::gradients_by(rule, p, s.data, b, kv_head);
      const auto write = [&](LogicalTensor<float>& to, const LogicalTensor<double>& from, int first,
                             int count) {
        for (int head = 0; head < count; ++head)
          for (int i = 0; i < from.rows(0) * from.width(); ++i)
            to.matrix(b, first + head)[i] = rounded(p.dtype, static_cast<float>(from.matrix(0, head)[i]));
      };
      write(answer.dq, made.dq, kv_head * p.group(), p.group());
      write(answer.dk, made.dk, kv_head, 1);
      write(answer.dv, made.dv, kv_head, 1);
    }
  return answer;
}

// --- Budget

TEST(Gradients, TheReferenceItselfPasses) {
  const Subject s = gradients_of();
  const Verdict v = s.judged(right_answer(s));
  EXPECT_STREQ(name_of(v), "pass") << explain(v);
}

TEST(Gradients, AnotherProgrammeOfThemPasses) {
  for (const char* modifiers : {"", " softcap=2", " alibi=on", " softcap=1 alibi=on sink=seeded"}) {
    const Subject s = gradients_of(std::string("mask=causal_br") + modifiers);
    const Verdict v = s.judged(answer_by(s, [](GradientRule&) {}));
    EXPECT_STREQ(name_of(v), "pass") << modifiers << ": " << explain(v);
  }
}

/// In f32, which rounds noise away from where it was put by little.
RC_GTEST_PROP(Gradients, TheBudgetExactlyPassesAndHalfAsMuchAgainFails, (std::uint64_t key)) {
  static const Subject s = subject(
      "fd1 pass=backward b=2 hq=2 hk=1 d=8 dv=8 dt=f32 lay=left q=5,9 kv=7,4 mask=causal_br data=normal "
      "seed=0x2a");
  const auto shaken = [key](double by) {
    Answer answer = right_answer(s);
    for (const WantedTensor& output : s.wanted.outputs) {
      const auto got = answer.of(output.role).values();
      for (std::size_t i = 0; i < got.size(); ++i) {
        const double sign = (detail::folded(key, i) & 1) != 0 ? by : -by;
        got[i] = static_cast<float>(output.want.values()[i] + sign * output.budget.values()[i]);
        // To the side of the wanted value where rounding to float has passed the budget.
        if (by <= 1 && std::abs(got[i] - output.want.values()[i]) > output.budget.values()[i])
          got[i] = std::nextafter(got[i], static_cast<float>(output.want.values()[i]));
      }
    }
    return answer;
  };
  const Verdict within = s.judged(shaken(1));
  RC_ASSERT(!is_failure(within));

  // One element of one output by 1.5 budgets.
  const Answer beyond = shaken(1.5);
  const WantedTensor& output = s.wanted.outputs[key % 3];
  const std::size_t at = key / 3 % output.want.values().size();
  RC_PRE(output.budget.values()[at] > 0);
  Answer answer = right_answer(s);
  answer.of(output.role).values()[at] = beyond.of(output.role).values()[at];
  const Verdict found = s.judged(answer);
  const auto* mismatch = std::get_if<verdict::Mismatch>(&found);
  RC_ASSERT(mismatch != nullptr);
  RC_ASSERT(mismatch->worst.at.tensor == output.role);
  RC_ASSERT(mismatch->wrong == 1);
}

TEST(Gradients, AGainOfOnePercentIsFoundInEach) {
  const Subject s = gradients_of();
  for (const TensorRole role : {TensorRole::dq, TensorRole::dk, TensorRole::dv}) {
    Answer answer = right_answer(s);
    for (float& value : answer.of(role).values()) value = rounded(DType::f16, value * 1.01f);
    const Verdict v = s.judged(answer);
    ASSERT_STREQ(name_of(v), "mismatch") << name_of(role);
    EXPECT_EQ(std::get<verdict::Mismatch>(v).worst.at.tensor, role);
  }
}

TEST(Gradients, NaNIsOutsideOfEveryBudget) {
  const Subject s = gradients_of();
  Answer answer = right_answer(s);
  answer.dv.row(2, 1, 7)[3] = std::numeric_limits<float>::quiet_NaN();
  const Verdict v = s.judged(answer);
  ASSERT_STREQ(name_of(v), "mismatch");
  EXPECT_EQ(std::get<verdict::Mismatch>(v).worst.at, (ElementAt{TensorRole::dv, 2, 1, 7, 3}));
  EXPECT_EQ(std::get<verdict::Mismatch>(v).map.tensor, TensorRole::dv);
}

TEST(Gradients, WhatNobodySeesIsZero) {
  const Subject s = gradients_of("mask=causal_br", "q=9,2,3 kv=4,9,0");
  Answer answer = right_answer(s);
  EXPECT_EQ(answer.dq.row(0, 0, 0)[0], 0) << "a query that sees no key";
  answer.dq.row(0, 0, 0)[0] = 1e-30f;
  EXPECT_TRUE(is_failure(s.judged(answer)));
}

// --- Where

TEST(GradientsWhere, RowsOfDqAreQueriesThoseOfDkAndDvKeys) {
  const Subject s = gradients_of();
  Answer answer = right_answer(s);
  for (int kv_head = 0; kv_head < 2; ++kv_head) answer.dk.row(2, kv_head, 89)[5] += 9;
  EXPECT_EQ(words(s, answer),
            "dK (dQ and dV are right) in sequence 2 (q_len 70, kv_len 90): the longest kv_len; also: kv_len "
            "% 64 is "
            "26, all kv-heads, key 89 (the last key), column 5")
      << "two patterns of lengths fit by chance";
}

TEST(GradientsWhere, TwoSidesAreToldApart) {
  const Subject s = gradients_of("mask=none");
  Answer answer = right_answer(s);
  for (float& x : answer.dq.values()) x += 9;
  for (int b = 0; b < 3; ++b)
    for (int key = 64; key < answer.dk.rows(b); ++key) answer.dk.row(b, 1, key)[0] += 9;
  EXPECT_EQ(words(s, answer),
            "dQ in every sequence, all heads, all rows, all columns; dK (dV is right) in every sequence, all "
            "kv-heads but the first, tail keys, behind the last whole tile of 64, column 0");
}

TEST(GradientsWhere, KeysByTheQueriesThatSeeThem) {
  const Subject s = gradients_of("mask=causal_tl", "q=20,30,40 kv=40,50,60");
  Answer answer = right_answer(s);
  for (int b = 0; b < 3; ++b)
    for (int kv_head = 0; kv_head < 2; ++kv_head)
      for (int key = 20 + 10 * b; key < 40 + 10 * b; ++key) answer.dv.row(b, kv_head, key)[1] = 1;
  EXPECT_THAT(words(s, answer), HasSubstr("all kv-heads, keys that no query sees, column 1"));
}

// --- As if

TEST(GradientsCause, NothingForARightAnswer) {
  const Subject s = gradients_of();
  EXPECT_EQ(cause(s, right_answer(s)), "");
}

TEST(GradientsCause, NothingForNoise) {
  const Subject s = gradients_of();
  Answer answer = right_answer(s);
  for (std::size_t i = 0; i < answer.dk.values().size(); ++i)
    answer.dk.values()[i] += i % 3 == 0 ? 0.5f : -0.25f;
  EXPECT_EQ(cause(s, answer), "");
}

TEST(GradientsCause, TheScaleForgotten) {
  const Subject s = gradients_of();
  const Answer answer = answer_by(s, [](GradientRule& rule) { rule.scale = 1; });
  EXPECT_THAT(words(s, answer), HasSubstr("dK (dV is right)"));
  EXPECT_THAT(cause(s, answer), StartsWith("as if dQ and dK were not multiplied with the softmax scale"));
}

TEST(GradientsCause, DForgotten) {
  const Subject s = gradients_of();
  EXPECT_THAT(cause(s, answer_by(s, [](GradientRule& rule) { rule.subtracts_d = false; })),
              StartsWith("as if D were not subtracted"));
}

TEST(GradientsCause, AnotherMask) {
  const Subject s = gradients_of();
  EXPECT_THAT(cause(s, answer_by(s, [](GradientRule& rule) { rule.mask = {MaskKind::causal_top_left}; })),
              StartsWith("as if the causal mask were aligned top-left"));
  EXPECT_THAT(cause(s, answer_by(s, [](GradientRule& rule) { rule.mask = {}; })),
              StartsWith("as if there were no mask"));
  const Subject window = gradients_of("mask=window:5,3");
  EXPECT_THAT(cause(window, answer_by(window, [](GradientRule& rule) { rule.mask.left = 6; })),
              StartsWith("as if the window were one key wider on its left"));
}

TEST(GradientsCause, ModifiersForgotten) {
  const Subject s = gradients_of("mask=causal_br softcap=1 alibi=on sink=1");
  EXPECT_EQ(cause(s, answer_by(s, [](GradientRule&) {})), "");
  EXPECT_THAT(cause(s, answer_by(s, [](GradientRule& rule) { rule.softcap = 0; })),
              StartsWith("as if the softcap were forgotten"));
  const Answer without_slope = answer_by(s, [](GradientRule& rule) { rule.slope_of_softcap = false; });
  EXPECT_THAT(words(s, without_slope), StartsWith("dQ in every sequence"));
  EXPECT_THAT(words(s, without_slope), HasSubstr("dK (dV is right)"));
  EXPECT_THAT(cause(s, without_slope), StartsWith("as if the softcap's slope were forgotten"));
  EXPECT_THAT(cause(s, answer_by(s, [](GradientRule& rule) { rule.alibi = false; })),
              StartsWith("as if ALiBi were forgotten"));
}

/// What was asked of scores is kept by every other hypothesis.
TEST(GradientsCause, OtherCausesUnderModifiers) {
  const Subject s = gradients_of("mask=causal_br softcap=1 alibi=on");
  EXPECT_THAT(cause(s, answer_by(s, [](GradientRule& rule) { rule.subtracts_d = false; })),
              StartsWith("as if D were not subtracted"));
  EXPECT_THAT(cause(s, answer_by(s, [](GradientRule& rule) { rule.mask = {MaskKind::causal_top_left}; })),
              StartsWith("as if the causal mask were aligned top-left"));
}

TEST(GradientsCause, AnotherKvHead) {
  const Subject s = gradients_of();
  EXPECT_THAT(cause(s, answer_by(
                           s, [](GradientRule&) {}, [](int) { return 0; })),
              StartsWith("as if K and V of kv-head 0 were read for kv-head 1"));
}

TEST(GradientsCause, OneQueryHeadInsteadOfTheGroup) {
  const Subject s = gradients_of();
  const Answer answer = answer_by(s, [](GradientRule& rule) { rule.heads = {0, 1}; });
  EXPECT_THAT(words(s, answer), StartsWith("dK and dV (dQ is right) in every sequence, all kv-heads"));
  EXPECT_THAT(cause(s, answer), StartsWith("as if dK and dV were those of query head 0 of each group of 2 "
                                           "alone"));
}

TEST(GradientsCause, KeysAndQueriesThatTookNoPart) {
  const Subject s = gradients_of("mask=none");
  EXPECT_THAT(cause(s, answer_by(s,
                                 [](GradientRule& rule) {
                                   rule.keys = {0, 64};
                                 })),
              StartsWith("as if keys of the last tile of 64 took no part"));
  EXPECT_THAT(cause(s, answer_by(s,
                                 [](GradientRule& rule) {
                                   rule.queries = {0, 64};
                                 })),
              StartsWith("as if queries of the last tile of 64 took no part"));
  const Subject one = gradients_of("mask=none", "q=4,4,4 kv=9,9,9");
  const Answer without_last = answer_by(one, [](GradientRule& rule) { rule.keys = {0, 8}; });
  EXPECT_TRUE(is_failure(one.judged(without_last))) << "a dropped key is found";
  EXPECT_THAT(cause(one, without_last), StartsWith("as if the last key took no part"));
}

TEST(Gradients, SwappedRowsAreFound) {
  const Subject s = gradients_of();
  Answer answer = right_answer(s);
  std::swap_ranges(answer.dq.row(2, 0, 3), answer.dq.row(2, 0, 3) + 24, answer.dq.row(2, 0, 4));
  EXPECT_THAT(words(s, answer), HasSubstr("dQ (dK and dV are right)"));
  EXPECT_TRUE(is_failure(s.judged(answer)));
}

// --- Trust

/// One key alone has no slope: there dQ and dK are 0, however the pair is dropped, and dV shows it.
TEST(GradientsTrust, AnOnlyKeyHidesNothing) {
  const auto verdict = [](const std::string& rest) {
    const Subject s =
        subject("fd1 pass=backward b=2 hq=2 hk=1 d=8 dv=8 dt=f16 lay=right " + rest + " data=normal seed=5");
    return std::string(name_of(s.judged(right_answer(s))));
  };
  EXPECT_EQ(verdict("q=4,1 kv=9,1 mask=none"), "pass");
  EXPECT_EQ(verdict("q=4,3 kv=9,7 mask=window:0,0"), "pass");
  EXPECT_EQ(verdict("q=1,1 kv=9,5 mask=causal_tl"), "pass");
  const Subject s = subject(
      "fd1 pass=backward b=1 hq=1 hk=1 d=8 dv=8 dt=f16 lay=right q=4 kv=1 mask=none data=normal seed=5");
  Answer without = right_answer(s);
  for (float& value : without.dv.values()) value = 0;
  EXPECT_TRUE(is_failure(s.judged(without)));
}

/// Nor does a row that has nothing to show stand for those that hide something.
TEST(GradientsTrust, AnOnlyKeyShowsNothingEither) {
  Subject s = subject(
      "fd1 pass=backward b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=right q=4 kv=4 mask=causal_br data=normal seed=5");
  for (int query = 1; query < 4; ++query) *s.wanted.outputs[0].smallest_drop.row(0, 0, query) = 0.25;
  *s.wanted.outputs[0].smallest_drop.row(0, 0, 0) = 2;
  ASSERT_TRUE(detail::blind_spot(s.problem(), s.wanted).has_value());
  *s.wanted.outputs[0].smallest_drop.row(0, 0, 2) = 2;
  EXPECT_FALSE(detail::blind_spot(s.problem(), s.wanted).has_value());
}

TEST(GradientsTrust, OneBlindHeadOfOneOutputMakesACaseWeak) {
  Subject s = subject(
      "fd1 pass=backward b=2 hq=2 hk=1 d=8 dv=8 dt=f32 lay=right q=4,4 kv=9,9 mask=none data=normal seed=5");
  EXPECT_FALSE(detail::blind_spot(s.problem(), s.wanted).has_value());
  for (int key = 0; key < 9; ++key) *s.wanted.outputs[1].smallest_drop.row(1, 0, key) = 0.25;
  const auto blind = detail::blind_spot(s.problem(), s.wanted);
  ASSERT_TRUE(blind.has_value());
  EXPECT_EQ(blind->tensor, TensorRole::dk);
  EXPECT_DOUBLE_EQ(blind->weight, 1 / (8 * 0.25)) << "4 queries of 2 heads see each key";
  *s.wanted.outputs[1].smallest_drop.row(1, 0, 3) = 1.5;  // one key that sees is enough
  EXPECT_FALSE(detail::blind_spot(s.problem(), s.wanted).has_value());
}

}  // namespace
}  // namespace flashdiff
