#include "harness/lint/positions.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "harness/lint/lint.h"
#include "properties/tests/lint/any_mask.h"

namespace flashdiff::lint {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> codes_of(const Report& report) {
  std::vector<std::string> codes;
  for (const Finding& finding : report.findings)
    if (finding.rule->code >= std::string("FD009") && finding.rule->code <= std::string("FD012"))
      codes.emplace_back(finding.rule->code);
  return codes;
}

/// mask.cumsum(-1) - 1, whatever lies at padding.
std::vector<std::vector<int>> counted(const Step& step) {
  std::vector<std::vector<int>> rows;
  for (int row = 0; row < step.batch(); ++row) {
    rows.emplace_back();
    for (int column = 0; column < step.kv_len(); ++column)
      rows.back().push_back(step.mask.at(row, column) ? step.mask.count(row, 0, column) : 777);
  }
  return rows;
}

RC_GTEST_PROP(PositionIds, CountedFromTheMaskAreRightForEveryMask, ()) {
  const Step step = *test::any_step();
  RC_ASSERT(codes_of(lint({test::with_positions(step, counted(step))})).empty());
}

/// Columns are positions where nothing is padded in front of a token, and only there.
RC_GTEST_PROP(PositionIds, ByColumnAreRightWhereNoTokenFollowsPadding, ()) {
  const Step step = *test::any_step();
  std::vector<int> columns;
  for (int column = 0; column < step.kv_len(); ++column) columns.push_back(column);
  bool right = true;
  for (const RowFacts& row : step.rows)
    right = right && (row.empty() || (row.left_padding == 0 && row.holes == 0));
  // A batch of 1 stands for all rows, as frameworks hand arange over.
  const auto codes = codes_of(lint({test::with_positions(step, {columns})}));
  RC_ASSERT(codes.empty() == right);
  if (!right) RC_ASSERT(codes == std::vector<std::string>{"FD009"});
}

/// Three axes: an image of 2 x 2 patches between texts takes two positions, and the next step goes on behind.
TEST(PositionIds, OfThreeAxesContinueBehindTheLargest) {
  auto steps = test::steps_of({{"1111111"}, {"11111111"}});
  steps[0].spans = {{0, 1, 5}};
  const std::vector<std::vector<int>> first{
      {0, 1, 1, 1, 1, 3, 4}, {0, 1, 1, 2, 2, 3, 4}, {0, 1, 2, 1, 2, 3, 4}};
  steps[0] = test::with_positions(steps[0], first, 3);
  auto right = steps, counts_tokens = steps;
  right[1] = test::with_positions(right[1], {{5}, {5}, {5}}, 3);
  counts_tokens[1] = test::with_positions(counts_tokens[1], {{6}, {6}, {6}}, 3);
  EXPECT_TRUE(codes_of(lint(right)).empty());
  EXPECT_EQ(codes_of(lint(counts_tokens)), std::vector<std::string>{"FD010"});
}

/// Without the spans nobody knows where images are, and without the step before, how many positions they
/// took.
TEST(PositionIds, OfThreeAxesAreNotJudgedWhereImagesAreNotKnown) {
  const std::vector<std::vector<int>> image{
      {0, 1, 1, 1, 1, 3, 4}, {0, 1, 1, 2, 2, 3, 4}, {0, 1, 2, 1, 2, 3, 4}};
  EXPECT_TRUE(codes_of(lint({test::with_positions(test::step_of({"1111111"}), image, 3)})).empty());
  const Step alone = test::step_of({"11111111"}, test::with_q_len(1));
  EXPECT_TRUE(codes_of(lint({test::with_positions(alone, {{5}, {5}, {5}}, 3)})).empty());
  // Of one axis the same is an error.
  EXPECT_EQ(codes_of(lint({test::with_positions(alone, {{5}})})), std::vector<std::string>{"FD010"});
}

/// Over a hole positions may jump as columns do (FD009); any other jump is no way of counting (FD011).
TEST(PositionIds, ThatJumpFurtherThanAHoleAreIrregular) {
  const Step step = test::step_of({"1101"});
  EXPECT_EQ(codes_of(lint({test::with_positions(step, {{0, 1, 777, 3}})})),
            std::vector<std::string>{"FD009"});
  EXPECT_EQ(codes_of(lint({test::with_positions(step, {{0, 1, 777, 5}})})),
            std::vector<std::string>{"FD011"});
}

TEST(PositionIds, OfAnotherShapeAreBadInput) {
  const Step step = test::step_of({"1111", "0111"});
  for (const auto& shape : {std::vector<std::int64_t>{3, 4}, {2, 5}, {8}, {5, 2, 4}}) {
    ArrayReader array("p.npy", shape, std::vector<double>(40));
    const auto read = read_positions(array, step.mask, step.q_len, 0, {});
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().what, HasSubstr("expected positions [2, 4]"));
  }
  ArrayReader fractions("p.npy", {2, 4}, std::vector<double>(8, 0.5));
  EXPECT_THAT(read_positions(fractions, step.mask, 4, 0, {}).error().what,
              HasSubstr("0.5 at row 0, column 0"));
}

}  // namespace
}  // namespace flashdiff::lint
