#include "harness/oracle/causes.h"

#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/oracle/subject.h"

namespace flashdiff {
namespace {

using testing::answer_that;
using testing::cause;
using ::testing::HasSubstr;
using testing::right_answer;
using testing::Sees;
using testing::sees_as_asked;
using testing::sees_with;
using ::testing::StartsWith;
using testing::Subject;
using testing::subject;

std::string line(const std::string& lengths, const std::string& rest) {
  return "fd1 b=2 hq=4 hk=2 d=16 dv=12 dt=f16 lay=left " + lengths + " " + rest + " data=normal seed=9";
}

TEST(Cause, NothingForARightAnswer) {
  const Subject s = subject(line("q=6,7 kv=70,65", "mask=none"));
  EXPECT_EQ(cause(s, right_answer(s)), "");
}

TEST(Cause, TheLastKey) {
  const Subject s = subject(line("q=6,7 kv=70,66", "mask=none"));
  const Answer answer = answer_that(s, [&s](int b, int, int, int key) {
    return key < s.problem().sequences[static_cast<std::size_t>(b)].kv_len - 1;
  });
  EXPECT_EQ(cause(s, answer), "as if the last visible key were not seen (all 6 rows that were looked at)");
}

TEST(Cause, TheLastTile) {
  const Subject s = subject(line("q=6,7 kv=70,140", "mask=none"));
  const Answer answer = answer_that(s, [](int b, int, int, int key) { return key < (b == 0 ? 64 : 128); });
  EXPECT_THAT(cause(s, answer), StartsWith("as if the last kv tile of 64 were not seen"));
}

TEST(Cause, ATileInTheMiddle) {
  const Subject s = subject(line("q=6,7 kv=200,150", "mask=none"));
  const Answer answer = answer_that(s, [](int, int, int, int key) { return key / 64 != 1; });
  EXPECT_THAT(cause(s, answer), StartsWith("as if kv tile 1 were not seen"));
}

TEST(Cause, AKeyInTheMiddle) {
  const Subject s = subject(line("q=6,7 kv=200,150", "mask=none"));
  const Answer answer = answer_that(s, [](int, int, int, int key) { return key != 127; });
  EXPECT_THAT(cause(s, answer), StartsWith("as if key 127, column 63 of kv tile 1, were not seen"));
}

TEST(Cause, CausalAlignedTopLeft) {
  const Subject s = subject(line("q=16,7 kv=70,65", "mask=causal_br"));
  EXPECT_THAT(cause(s, answer_that(s, sees_with(s, {MaskKind::causal_top_left}))),
              StartsWith("as if the causal mask were aligned top-left"));
}

TEST(Cause, NoMaskAtAll) {
  const Subject s = subject(line("q=16,7 kv=70,65", "mask=causal_br"));
  EXPECT_THAT(cause(s, answer_that(s, sees_with(s, {MaskKind::none}))),
              StartsWith("as if there were no mask"));
}

TEST(Cause, AWindowOffByOne) {
  const Subject s = subject(line("q=16,7 kv=70,65", "mask=window:5,3"));
  EXPECT_THAT(cause(s, answer_that(s, sees_with(s, {MaskKind::window, 6, 3}))),
              StartsWith("as if the window were one key wider on its left"));
  EXPECT_THAT(cause(s, answer_that(s, sees_with(s, {MaskKind::window, 5, 2}))),
              StartsWith("as if the window were one key narrower on its right"));
}

TEST(Cause, TailSlotsScoredZero) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none"));
  Answer answer = right_answer(s);
  for (int b = 0; b < 2; ++b)
    for (int head = 0; head < 4; ++head)
      for (int row = 0; row < answer.o.rows(b); ++row) {
        const double lse = *s.expected.reference.lse.row(b, head, row);
        const double slots = b == 0 ? 128 - 70 : 64 - 61;
        const double grown = std::exp(lse) + slots;
        *answer.lse.row(b, head, row) = static_cast<float>(std::log(grown));
        for (int c = 0; c < 12; ++c)
          answer.o.row(b, head, row)[c] = rounded(
              DType::f16,
              static_cast<float>(s.expected.reference.o.row(b, head, row)[c] * std::exp(lse) / grown));
      }
  EXPECT_THAT(cause(s, answer),
              StartsWith("as if the slots from kv_len to the end of its tile of 64 were keys of score 0"));
}

TEST(Cause, TheWrongKvHead) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none"));
  const Answer answer = answer_that(s, sees_as_asked(s), [](int head) { return head == 3 ? 0 : head / 2; });
  EXPECT_THAT(cause(s, answer), StartsWith("as if K and V of kv-head 0 were read for kv-head 1"));
}

TEST(Cause, RowsShiftedByOne) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none"));
  Answer answer = right_answer(s);
  const Answer right = answer;
  for (int row = 0; row + 1 < 7; ++row)
    for (int head = 0; head < 4; ++head) {
      std::copy_n(right.o.row(1, head, row + 1), 12, answer.o.row(1, head, row));
      *answer.lse.row(1, head, row) = *right.lse.row(1, head, row + 1);
    }
  EXPECT_THAT(cause(s, answer), HasSubstr("each row held the answer of the row 1 further on"));
}

TEST(Cause, LseInBaseTwo) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none"));
  Answer answer = right_answer(s);
  for (float& value : answer.lse.values()) value *= std::numbers::log2e_v<float>;
  EXPECT_THAT(cause(s, answer), StartsWith("as if LSE were in base 2"));
}

TEST(Cause, ScoresNotScaled) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none"));
  Subject unscaled = s;
  unscaled.question.problem.scale = 1.0f;
  EXPECT_THAT(cause(s, answer_that(unscaled, sees_as_asked(s))),
              StartsWith("as if the scores were not scaled"));
}

/// The answer to another problem, over the same numbers.
Answer answer_to(const Subject& s, void (*change)(Problem&)) {
  Subject other = s;
  change(other.question.problem);
  return answer_that(other, sees_as_asked(s));
}

TEST(Cause, ScoreModifiersForgotten) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none softcap=1 alibi=on sink=1"));
  EXPECT_EQ(cause(s, answer_to(s, [](Problem&) {})), "");
  EXPECT_THAT(cause(s, answer_to(s, [](Problem& p) { p.softcap.reset(); })),
              StartsWith("as if the softcap were forgotten"));
  EXPECT_THAT(cause(s, answer_to(s, [](Problem& p) { p.alibi = false; })),
              StartsWith("as if ALiBi were forgotten"));
  EXPECT_THAT(cause(s, answer_to(s, [](Problem& p) { p.sink.reset(); })),
              StartsWith("as if the sink were forgotten"));
}

TEST(Cause, ASinkCountedByEveryLaneOfAQuad) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none sink=1"));
  EXPECT_THAT(cause(s, answer_to(s, [](Problem& p) { *p.sink->logit += std::log(4.0f); })),
              StartsWith("as if the sink were counted 4 times"));
}

/// LSE without key and sink is -inf, from which nothing is far in relative terms.
TEST(Cause, TheSinkOfARowWithoutKeys) {
  const Subject s = subject(line("q=3,1 kv=0,0", "mask=none sink=1"));
  const auto with_sink = [&s](float sink) {
    Answer answer = right_answer(s);
    for (int b = 0; b < 2; ++b)
      for (int head = 0; head < s.question.problem.h_q; ++head)
        for (int i = 0; i < answer.lse.rows(b); ++i) *answer.lse.row(b, head, i) = sink;
    return cause(s, answer);
  };
  EXPECT_THAT(with_sink(1 + std::log(2.0f)), StartsWith("as if the sink were counted 2 times"));
  EXPECT_EQ(with_sink(17.0f), "");
}

TEST(Cause, ASinkThatIsScaled) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none sink=4"));
  EXPECT_THAT(cause(s, answer_to(s, [](Problem& p) { p.sink->logit = 1.0f; })),  // d is 16
              StartsWith("as if the sink were multiplied with the softmax scale"));
}

TEST(Cause, NothingForNoise) {
  const Subject s = subject(line("q=6,7 kv=70,61", "mask=none"));
  Answer answer = right_answer(s);
  for (std::size_t i = 0; i < answer.o.values().size(); ++i)
    answer.o.values()[i] += i % 3 == 0 ? 0.5f : -0.25f;
  EXPECT_EQ(cause(s, answer), "");
}

}  // namespace
}  // namespace flashdiff
