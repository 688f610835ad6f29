#include "harness/lint/catalogue.h"
#include "harness/lint/writers.h"
#include "properties/tests/lint/any_mask.h"
#include "properties/tests/lint/golden.h"

namespace flashdiff::lint {
namespace {

using test::expect_golden;

TEST(Text, OfAGenerationFromRightPaddedPrompts) {
  expect_golden("right.txt", as_text(lint(test::steps_of({{"1111", "1100"}, {"11111", "11001"}}))));
}
TEST(Text, OfAnEvaluationOfRightPaddedTexts) {
  expect_golden("evaluation.txt",
                as_text(lint(test::steps_of({{"1111", "1100"}}, test::in_phase(Phase::train)))));
}
TEST(Text, OfALeftPaddedBatchIsShortened) {
  expect_golden("left.txt", as_text(lint(test::steps_of({{"0111", "1111", "0000", "0001"}})), {2, false}));
}
TEST(Text, OfAnExplanation) { expect_golden("FD001.txt", explained(*rule_named("FD001"))); }

TEST(Text, ColoursTheLevelAlone) {
  const Report report = lint(test::steps_of({{"1111", "1100"}}));
  const std::string plain = as_text(report), coloured = as_text(report, {20, true});
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  EXPECT_NE(coloured.find("\x1b[31;1merror[FD004]\x1b[0m"), std::string::npos);
}

}  // namespace
}  // namespace flashdiff::lint
