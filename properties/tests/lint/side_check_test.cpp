#include "harness/lint/side_check.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "properties/tests/lint/any_mask.h"

namespace flashdiff::lint {
namespace {

using Judgement = SideCheck::Judgement;
using ::testing::ElementsAre;

Judgement judged(const std::vector<std::string>& rows, Phase phase) {
  return side_check(test::step_of(rows, test::in_phase(phase))).judgement;
}

/// Where the project comes from: an evaluation of right-padded texts, stopped.
TEST(SideCheck, AFalseAlarmStopsAnEvaluation) {
  EXPECT_EQ(judged({"1111", "1100"}, Phase::train), Judgement::false_alarm);
}

TEST(SideCheck, ATrueAlarmStopsAGenerationFromRightPaddedPrompts) {
  EXPECT_EQ(judged({"1111", "1100"}, Phase::prefill), Judgement::true_alarm);
}

/// The same batch one decode step later: the last column is all ones.
TEST(SideCheck, AMissPassesTheHoleOfTheFirstDecodeStep) {
  const SideCheck check = side_check(test::step_of({"11111", "11001"}, test::in_phase(Phase::decode)));
  EXPECT_EQ(check.judgement, Judgement::miss);
  EXPECT_FALSE(check.fires());
  EXPECT_EQ(check.last_column, 2);
  EXPECT_THAT(check.rows, ElementsAre(1));
}

TEST(SideCheck, LeftPaddingPassesRightly) {
  for (const Phase phase : {Phase::train, Phase::prefill})
    EXPECT_EQ(judged({"1111", "0011"}, phase), Judgement::quiet);
  EXPECT_EQ(judged({"11111", "00111"}, Phase::decode), Judgement::quiet);
}

TEST(SideCheck, AnEmptyRowIsNoQuestionOfSides) {
  EXPECT_EQ(judged({"1111", "0000"}, Phase::prefill), Judgement::false_alarm);
}

TEST(SideCheck, FreeSlotsOfAStaticCacheAreNoPadding) {
  StepWords words;
  words.cache_len = {2};
  words.q_len = {1};
  EXPECT_EQ(side_check(test::step_of({"11100000", "01100000"}, words)).judgement, Judgement::false_alarm);
}

TEST(SideCheck, TokensInFreeSlotsAreBadInput) {
  StepWords words;
  words.cache_len = {2};
  words.q_len = {1};
  EXPECT_THROW(test::step_of({"11100000", "01110000"}, words), std::invalid_argument);
}

/// mask[:, -1].sum() != batch, word for word.
RC_GTEST_PROP(SideCheck, FiresWhereTheLastColumnIsNotAllOnes, ()) {
  const Step step = *test::any_step();
  int sum = 0;
  for (int row = 0; row < step.batch(); ++row) sum += step.mask.at(row, step.kv_len() - 1) ? 1 : 0;
  const SideCheck check = side_check(step);
  RC_ASSERT(check.last_column == sum);
  RC_ASSERT(check.fires() == (sum != step.batch()));
}

}  // namespace
}  // namespace flashdiff::lint
