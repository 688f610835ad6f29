#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/oracle/causes.h"
#include "harness/oracle/trust.h"
#include "harness/oracle/where.h"
#include "harness/problem/data.h"
#include "properties/random_cases.h"
#include "properties/tests/oracle/subject.h"

// What the oracle says of an append: answers that no kernel computed, with a fault planted in each.

namespace flashdiff {
namespace {

using testing::cause;
using ::testing::HasSubstr;
using testing::right_answer;
using ::testing::StartsWith;
using testing::Subject;
using testing::subject;
using testing::words;

/// The first sequence has no past, and the second is the longest.
constexpr const char* kLengths = "q=5,4,7 kv=5,70,23";

Subject asked(const std::string& rope = "rope=half", const std::string& layout = "lay=left",
              const std::string& lengths = kLengths) {
  return subject("fd1 pass=append b=3 hq=4 hk=2 d=24 dv=16 dt=f16 " + layout + " " + lengths + " mask=none " +
                 rope + " data=normal seed=0x2a");
}

/// Which position a (possibly wrong) caller gives new token `i` of a sequence.
using Position = std::function<int(int sequence, SequenceLengths lengths, int i)>;

/// Q and K turned by cosines and sines of these positions, as `rope` says: an answer of a caller with a
/// planted fault.
Answer answer_at(const Subject& s, const Position& position, std::optional<Rope> rope) {
  Answer answer = right_answer(s);
  Problem wrong = s.problem();
  wrong.rope = rope;
  LogicalData data = s.data;
  // One sequence a token, so that each may be anywhere.
  for (int b = 0; b < wrong.batch(); ++b) {
    const SequenceLengths lengths = s.problem().sequences[static_cast<std::size_t>(b)];
    for (int i = 0; i < lengths.q_len; ++i) {
      Problem one = wrong;
      const int at = position(b, lengths, i);
      one.sequences = {{1, at + 1}};
      LogicalData given = make_data(one).value();
      const auto take = [&](LogicalTensor<float>& to, const LogicalTensor<float>& from) {
        for (int head = 0; head < from.heads(); ++head)
          std::copy_n(from.row(b, head, i), from.width(), to.row(0, head, 0));
      };
      take(given.q, data.q);
      take(given.k, data.k);
      take(given.v, data.v);
      const Appended turned = append_kv(one, given);
      const auto put = [&](LogicalTensor<float>& to, const LogicalTensor<double>& from) {
        for (int head = 0; head < from.heads(); ++head)
          for (int c = 0; c < from.width(); ++c)
            to.row(b, head, i)[c] = rounded(wrong.dtype, static_cast<float>(from.row(0, head, 0)[c]));
      };
      put(answer.q_rot, turned.q_rot);
      put(answer.k, turned.k);
    }
  }
  return answer;
}
Answer answer_at(const Subject& s, const Position& position) {
  return answer_at(s, position, s.problem().rope);
}
/// The right positions, turned in another way.
Answer answer_turned(const Subject& s, std::optional<Rope> rope) {
  return answer_at(
      s, [](int, SequenceLengths n, int i) { return n.kv_len - n.q_len + i; }, rope);
}

// --- Budget

TEST(Appends, TheReferenceItselfPasses) {
  for (const char* rope : {"rope=half", "rope=interleaved:10", ""}) {
    const Subject s = asked(rope);
    const Verdict v = s.judged(right_answer(s));
    EXPECT_STREQ(name_of(v), "pass") << rope << ": " << explain(v);
    EXPECT_STREQ(name_of(s.judged(answer_turned(s, s.problem().rope))), "pass")
        << "another programme of them";
  }
}

/// What is turned may be off by its budget and no more; what is copied by nothing.
TEST(Appends, OneElementBeyondItsBudgetIsFoundInEachOutput) {
  const Subject s = asked("rope=half:10");
  for (const WantedTensor& output : s.wanted.outputs)
    for (int column = 0; column < output.want.width(); ++column) {
      Answer answer = right_answer(s);
      const double want = output.want.row(2, 1, 6)[column], budget = output.budget.row(2, 1, 6)[column];
      const bool turned = output.role != TensorRole::v && column < 10;
      EXPECT_EQ(budget > 0, turned) << name_of(output.role) << " column " << column;
      float& got = answer.of(output.role).row(2, 1, 6)[column];
      const auto moved = static_cast<float>(want + 0.9 * budget);
      got = moved;
      EXPECT_FALSE(is_failure(s.judged(answer))) << name_of(output.role) << " column " << column;
      got = turned ? static_cast<float>(want + 1.1 * budget) : std::nextafter(moved, 1e9f);
      const Verdict v = s.judged(answer);
      ASSERT_STREQ(name_of(v), "mismatch") << name_of(output.role) << " column " << column;
      EXPECT_EQ(std::get<verdict::Mismatch>(v).worst.at, (ElementAt{output.role, 2, 1, 6, column}));
    }
}

TEST(Appends, APositionThatIsOneOffIsFoundInWhateverIsDrawn) {
  CaseOptions options;
  options.pass = Pass::append;
  int found = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Case drawn = draw_case(3, i, options).value();
    const Subject s = subject(print(drawn));
    std::int64_t tokens = 0;
    for (const SequenceLengths& one : s.problem().sequences) tokens += one.q_len;
    if (!s.problem().rope || tokens == 0 || tokens > 40) continue;
    const Verdict right = s.judged(right_answer(s));
    ASSERT_FALSE(is_failure(right)) << print(drawn) << explain(right);
    if (!std::holds_alternative<verdict::Pass>(right)) continue;  // and says that it would not see it
    ++found;
    EXPECT_TRUE(is_failure(
        s.judged(answer_at(s, [](int, SequenceLengths n, int i) { return n.kv_len - n.q_len + i + 1; }))))
        << print(drawn);
  }
  EXPECT_GT(found, 40);
}

TEST(Appends, NaNIsOutsideOfEveryBudget) {
  const Subject s = asked();
  for (const TensorRole role : {TensorRole::q_rot, TensorRole::k, TensorRole::v}) {
    Answer answer = right_answer(s);
    answer.of(role).row(1, 1, 2)[3] = std::numeric_limits<float>::quiet_NaN();
    const Verdict v = s.judged(answer);
    ASSERT_STREQ(name_of(v), "mismatch");
    EXPECT_EQ(std::get<verdict::Mismatch>(v).worst.at, (ElementAt{role, 1, 1, 2, 3}));
    EXPECT_EQ(std::get<verdict::Mismatch>(v).map.tensor, role);
    EXPECT_EQ(std::get<verdict::Mismatch>(v).map.rows, 4) << "new tokens, not keys";
  }
}

// --- Where

TEST(AppendsWhere, RowsAreNewTokensOnBothSides) {
  const Subject s = asked();
  Answer answer = right_answer(s);
  for (float& x : answer.q_rot.values()) x += 9;
  for (int kv_head = 0; kv_head < 2; ++kv_head) answer.v.row(1, kv_head, 3)[5] += 9;
  EXPECT_EQ(
      words(s, answer),
      "turned Q in every sequence, all heads, all new tokens, all columns; V (K is right) in sequence 1 "
      "(q_len 4, kv_len 70): the longest kv_len, all kv-heads, new token 3 (the last new token), column 5");
}

TEST(AppendsWhere, SequencesByWhatTheCacheHeldBefore) {
  const Subject s = asked("rope=half", "lay=right");
  Answer answer = right_answer(s);
  for (int b : {1, 2})
    for (int kv_head = 0; kv_head < 2; ++kv_head)
      for (int i = 0; i < answer.k.rows(b); ++i) answer.k.row(b, kv_head, i)[0] += 9;
  EXPECT_THAT(words(s, answer), HasSubstr("sequences 1 to 2: tokens in the cache before"));
}

TEST(AppendsWhere, TokensBehindABoundaryBetweenPages) {
  // Sequence 0 has rows 14 to 18 of its pages, the others begin behind their first ones.
  const Subject s = asked("", "lay=right page=16", "q=5,4,7 kv=19,34,23");
  const auto with = [&](auto is_wrong) {
    Answer answer = right_answer(s);
    for (int b = 0; b < 3; ++b)
      for (int kv_head = 0; kv_head < 2; ++kv_head)
        for (int i = 0; i < answer.k.rows(b); ++i) {
          const auto [q_len, kv_len] = s.problem().sequences[static_cast<std::size_t>(b)];
          if (is_wrong(kv_len - q_len, i)) answer.k.row(b, kv_head, i)[0] += 9;
        }
    return words(s, answer);
  };
  EXPECT_THAT(with([](int past, int i) { return (past + i) / 16 != past / 16; }),
              HasSubstr("new tokens in another page than the first new one, column 0"));
  EXPECT_THAT(with([](int past, int i) { return (past + i) % 16 == 0; }),
              HasSubstr("new tokens in the first row of a page, column 0"));
  EXPECT_THAT(with([](int past, int i) { return past + i >= 16; }),
              HasSubstr("new tokens behind their sequence's first page, column 0"));
}

// --- As if

TEST(AppendsCause, NothingForARightAnswer) {
  const Subject s = asked();
  EXPECT_EQ(cause(s, right_answer(s)), "");
}

TEST(AppendsCause, NothingForNoise) {
  const Subject s = asked();
  Answer answer = right_answer(s);
  for (std::size_t i = 0; i < answer.k.values().size(); ++i)
    answer.k.values()[i] += i % 3 == 0 ? 0.5f : -0.25f;
  EXPECT_EQ(cause(s, answer), "");
}

/// A column of the padded batch taken for a position (BUG_ZOO 7 and 44).
TEST(AppendsCause, PositionsThatCountPadding) {
  const Subject s = asked("rope=half", "lay=left pad=3");
  const Answer answer = answer_at(s, [](int, SequenceLengths n, int i) { return 73 - n.q_len + i; });
  EXPECT_EQ(cause(s, answer), "as if positions counted padding (all 6 rows that were looked at)");
  EXPECT_THAT(words(s, answer), StartsWith("turned Q in every sequence"));
  EXPECT_THAT(words(s, answer), HasSubstr("; K (V is right) in every sequence"));
}

TEST(AppendsCause, PositionsThatCountThePaddingOfTheNewTokens) {
  const Subject s = asked("rope=half", "lay=left pad=3");
  EXPECT_THAT(
      cause(s, answer_at(s, [](int, SequenceLengths n, int i) { return n.kv_len + 10 - 2 * n.q_len + i; })),
      StartsWith("as if positions counted the padding of the new tokens"));
}

TEST(AppendsCause, PositionsThatRunOnInAPackedBatch) {
  const Subject s = asked("rope=interleaved", "lay=packed");
  EXPECT_THAT(cause(s, answer_at(s,
                                 [](int b, SequenceLengths n, int i) {
                                   return (b == 0 ? 0 : b == 1 ? 5 : 75) + n.kv_len - n.q_len + i;
                                 })),
              StartsWith("as if positions ran on from sequence to sequence"));
}

TEST(AppendsCause, PositionsThatStartAtZero) {
  const Subject s = asked();
  EXPECT_THAT(cause(s, answer_at(s, [](int, SequenceLengths, int i) { return i; })),
              StartsWith("as if positions started at 0, whatever the cache holds"));
}

TEST(AppendsCause, PositionsThatAreOneTooLateOrTooEarly) {
  const Subject s = asked();
  EXPECT_THAT(
      cause(s, answer_at(s, [](int, SequenceLengths n, int i) { return n.kv_len - n.q_len + i + 1; })),
      StartsWith("as if positions were one too late"));
  EXPECT_THAT(cause(s, answer_at(s, [](int, SequenceLengths n,
                                       int i) { return std::max(0, n.kv_len - n.q_len + i - 1); })),
              StartsWith("as if positions were one too early"));
}

TEST(AppendsCause, PositionsOfTheBatchOrOfAnotherToken) {
  const Subject s = asked("rope=half", "lay=right");
  EXPECT_THAT(cause(s, answer_at(s, [](int, SequenceLengths n, int i) { return 70 - n.q_len + i; })),
              StartsWith("as if every sequence had the longest kv_len"));
  const Subject first = asked("rope=half", "lay=right", "q=4,5,7 kv=33,70,23");
  EXPECT_THAT(cause(first, answer_at(first, [](int, SequenceLengths n, int i) { return 33 - n.q_len + i; })),
              StartsWith("as if every sequence had the first one's kv_len"));
  EXPECT_THAT(cause(s, answer_at(s, [](int, SequenceLengths n, int) { return n.kv_len - 1; })),
              StartsWith("as if every new token had the last one's position"));
  EXPECT_THAT(cause(first, answer_at(first, [](int, SequenceLengths n, int) { return n.kv_len - n.q_len; })),
              StartsWith("as if every new token had the first one's position"));
}

TEST(AppendsCause, AnotherWayToTurn) {
  const Subject half = asked("rope=half"), interleaved = asked("rope=interleaved");
  EXPECT_THAT(cause(half, answer_turned(half, Rope{RopeForm::interleaved, {}})),
              StartsWith("as if pairs were interleaved, not halves"));
  EXPECT_THAT(cause(interleaved, answer_turned(interleaved, Rope{RopeForm::half, {}})),
              StartsWith("as if pairs were halves, not interleaved"));
  EXPECT_THAT(cause(half, answer_turned(half, {})), StartsWith("as if new tokens were not turned at all"));
  EXPECT_THAT(cause(half, answer_at(half, [](int, SequenceLengths n,
                                             int i) { return 2 * (n.kv_len - n.q_len + i); })),
              StartsWith("as if new tokens were turned twice"));
  const Subject part = asked("rope=half:10,500000");
  EXPECT_THAT(cause(part, answer_turned(part, Rope{RopeForm::half, {}, 500000})),
              StartsWith("as if all columns were turned, not the first 10"));
  EXPECT_THAT(cause(part, answer_turned(part, Rope{RopeForm::half, 10})),
              StartsWith("as if the base were 10000"));
  Answer other_way = right_answer(half);
  Subject mirrored = half;
  const int pairs = half.problem().rope_dim() / 2;
  for (int p = 0; p < mirrored.data.rope.rows(0); ++p)
    for (int j = 0; j < pairs; ++j) mirrored.data.rope.row(0, 0, p)[pairs + j] *= -1;
  mirrored.wanted = wanted(mirrored.problem(), mirrored.data, mirrored.numerics);
  EXPECT_THAT(cause(half, right_answer(mirrored)),
              StartsWith("as if new tokens were turned the other way round"));
}

TEST(AppendsCause, OnlyKIsNotTurned) {
  const Subject s = asked();
  Answer answer = right_answer(s);
  answer.k = answer_turned(s, {}).k;
  EXPECT_THAT(words(s, answer), StartsWith("K (turned Q and V are right)"));
  EXPECT_THAT(cause(s, answer), StartsWith("as if new tokens were not turned at all"));
}

TEST(AppendsCause, OtherRows) {
  const Subject s = asked("rope=half", "lay=left", "q=5,4,7 kv=15,70,23");
  Answer heads = right_answer(s);
  for (int b = 0; b < 3; ++b)
    std::copy_n(right_answer(s).v.matrix(b, 0), heads.v.rows(b) * 16, heads.v.matrix(b, 1));
  EXPECT_THAT(cause(s, heads), StartsWith("as if kv-head 1 held the answer of kv-head 0"));

  Answer shifted = right_answer(s);
  for (int b = 0; b < 3; ++b)
    for (int kv_head = 0; kv_head < 2; ++kv_head)
      for (int i = 1; i < shifted.k.rows(b); ++i)
        std::copy_n(right_answer(s).k.row(b, kv_head, i - 1), 24, shifted.k.row(b, kv_head, i));
  EXPECT_THAT(cause(s, shifted),
              StartsWith("as if each new token held the answer of the new token 1 before it"));

  // Rows read one too late, at the right positions: first_row that was forgotten, say.
  Subject read = s;
  for (int b = 0; b < 3; ++b)
    for (int head = 0; head < 4; ++head)
      for (int i = 0; i + 1 < read.data.q.rows(b); ++i)
        std::copy_n(s.data.q.row(b, head, i + 1), 24, read.data.q.row(b, head, i));
  read.wanted = wanted(read.problem(), read.data, read.numerics);
  EXPECT_THAT(cause(s, right_answer(read)),
              StartsWith("as if each new token were the new token 1 further on, turned by its own position"));
}

TEST(Appends, SwappedHalvesOfTheCacheAreFound) {
  const Subject s = subject(
      "fd1 pass=append b=1 hq=1 hk=1 d=16 dv=16 dt=bf16 lay=packed q=9 kv=40 mask=none data=uniform seed=3");
  Answer answer = right_answer(s);
  std::swap(answer.k, answer.v);
  EXPECT_TRUE(is_failure(s.judged(answer)));
}

// --- Trust

TEST(AppendsTrust, ARowThatShowsNoPositionMakesACaseWeak) {
  Subject s = asked();
  EXPECT_FALSE(detail::blind_spot(s.problem(), s.wanted).has_value());
  for (int i = 0; i < 7; ++i) *s.wanted.outputs[1].smallest_drop.row(2, 1, i) = 0.9;
  const auto blind = detail::blind_spot(s.problem(), s.wanted);
  ASSERT_TRUE(blind.has_value());
  EXPECT_EQ(blind->tensor, TensorRole::k);
  const Verdict v = s.judged(right_answer(s));
  ASSERT_STREQ(name_of(v), "pass-weak");
  EXPECT_THAT(explain(v),
              HasSubstr("a position that is one off could hide: K shows no position that is one off"));
  *s.wanted.outputs[1].smallest_drop.row(2, 1, 3) = 1.5;  // one token that shows it is enough
  EXPECT_FALSE(detail::blind_spot(s.problem(), s.wanted).has_value());
}

TEST(AppendsTrust, WhatIsCopiedCannotHideAnything) {
  const Subject s = asked("");
  EXPECT_FALSE(detail::blind_spot(s.problem(), s.wanted).has_value());
}

TEST(AppendsTrust, ZerosHideAPosition) {
  Subject s = asked();
  std::fill_n(s.data.k.matrix(2, 1), 7 * 24, 0.0f);
  s.wanted = wanted(s.problem(), s.data, s.numerics);
  const auto blind = detail::blind_spot(s.problem(), s.wanted);
  ASSERT_TRUE(blind.has_value());
  EXPECT_EQ(blind->tensor, TensorRole::k);
}

}  // namespace
}  // namespace flashdiff
