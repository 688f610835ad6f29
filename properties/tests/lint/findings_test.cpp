#include <set>

#include <gmock/gmock.h>

#include "harness/lint/catalogue.h"
#include "harness/lint/lint.h"
#include "harness/lint/writers.h"
#include "properties/tests/lint/any_mask.h"

namespace flashdiff::lint {
namespace {

using ::testing::HasSubstr;

/// A batch that has a finding, and one as like it as can be that has not.
struct Shown {
  const char* code;
  Level level;
  std::vector<int> rows;
  std::vector<Step> with, without;
  Settings settings{};
  std::vector<Step> against{};
};

/// A prompt of two rows and one decode step, with position ids; `first` and `new_ones` are those of the step.
std::vector<Step> two_steps(const std::vector<std::string>& prompt,
                            const std::vector<std::vector<int>>& first, const std::vector<std::string>& next,
                            const std::vector<std::vector<int>>& new_ones) {
  auto steps = test::steps_of({prompt, next});
  steps[0] = test::with_positions(steps[0], first);
  steps[1] = test::with_positions(steps[1], new_ones);
  return steps;
}
template <class Change>
std::vector<Step> changed(std::vector<Step> steps, Change change) {
  change(steps.back());
  return steps;
}
std::vector<Step> with_spans(const std::vector<std::string>& rows, std::vector<Span> spans,
                             int ids_columns = 0) {
  return changed(test::steps_of({rows}, test::in_phase(Phase::train)), [&](Step& step) {
    step.spans = std::move(spans);
    step.ids_columns = ids_columns;
  });
}
std::vector<Step> with_lengths(const std::vector<std::string>& rows, std::vector<std::int64_t> lengths) {
  return changed(test::steps_of({rows}, test::with_q_len(1)),
                 [&](Step& step) { step.cache_lengths = std::move(lengths); });
}
std::vector<Step> with_slots(const std::vector<std::string>& rows, int q_len,
                             std::vector<std::int64_t> slots) {
  return changed(test::steps_of({rows}, test::with_q_len(q_len)),
                 [&](Step& step) { step.slots = std::move(slots); });
}

std::vector<Shown> shown() {
  using test::in_phase;
  using test::steps_of;
  using test::with_q_len;
  using enum Phase;
  return {
      {"FD001", Level::error, {1}, steps_of({{"111", "000"}}), steps_of({{"111", "001"}})},
      {"FD002", Level::warning, {1}, steps_of({{"111", "101"}}), steps_of({{"111", "011"}})},
      {"FD003",
       Level::note,
       {},
       steps_of({{"111", "110"}}, in_phase(train)),
       steps_of({{"111", "011"}}, in_phase(train))},
      {"FD004", Level::error, {1}, steps_of({{"111", "110"}}), steps_of({{"111", "110"}}, in_phase(train))},
      {"FD005",
       Level::error,
       {1},
       steps_of({{"11111", "11001"}}, in_phase(decode)),
       steps_of({{"11111", "00111"}}, in_phase(decode))},
      {"FD006", Level::error, {0}, steps_of({{"110", "111"}}), steps_of({{"110", "111"}}, in_phase(train))},
      {"FD006",
       Level::warning,
       {0},
       steps_of({{"110", "111"}}, with_q_len(2)),
       steps_of({{"011", "111"}}, with_q_len(2))},
      {"FD007",
       Level::error,
       {1},
       steps_of({{"11111", "11100"}}, with_q_len(2)),
       steps_of({{"11111", "00111"}}, with_q_len(2))},
      {"FD007",
       Level::error,
       {0},
       steps_of({{"1100", "1111"}}, in_phase(decode)),
       steps_of({{"1100", "1111"}})},
      // Three new columns of which two are tokens: told by the cache's length, or by where they are written.
      {"FD007",
       Level::error,
       {0},
       changed(steps_of({{"1111110"}}, with_q_len(3)), [](Step& step) { step.cache_lengths = {3}; }),
       changed(steps_of({{"1111110"}}, with_q_len(3)), [](Step& step) { step.cache_lengths = {4}; })},
      {"FD007",
       Level::error,
       {0},
       changed(steps_of({{"1111110"}}, with_q_len(3)),
               [](Step& step) {
                 step.slots = {3, 4, 5};
               }),
       changed(steps_of({{"1111110"}}, with_q_len(3)),
               [](Step& step) {
                 step.slots = {4, 5, 6};
               })},
      {"FD008",
       Level::error,
       {1},
       steps_of({{"11111", "11001"}}, in_phase(decode)),
       steps_of({{"11111", "00111"}}, in_phase(decode)),
       {16, 2, false}},
      {"FD008",
       Level::error,
       {1},
       steps_of({{"11111", "11001"}}),
       steps_of({{"11111", "00111"}}),
       {16, {}, true}},
      // With a hole, and a window that ends in front of it.
      {"FD008",
       Level::error,
       {0},
       steps_of({{"10111"}}, in_phase(decode)),
       steps_of({{"00111"}}, in_phase(decode)),
       {16, 3, false}},
      {"FD008",
       Level::error,
       {0},
       steps_of({{"11011"}}, in_phase(decode)),
       steps_of({{"10111"}}, in_phase(decode)),
       {16, 2, false}},
      // A bottom-right diagonal of the padded length: the window of row 1 begins behind its first keys.
      {"FD008",
       Level::error,
       {1},
       steps_of({{"11111", "11100"}}, in_phase(decode)),
       steps_of({{"11111", "11100"}}),
       {16, 2, false}},
      {"FD009",
       Level::warning,
       {1},
       {test::with_positions(test::step_of({"111", "011"}), {{0, 1, 2}, {0, 1, 2}})},
       {test::with_positions(test::step_of({"111", "011"}), {{0, 1, 2}, {1, 0, 1}})}},
      {"FD009",
       Level::error,
       {0},
       {test::with_positions(test::step_of({"1101"}), {{0, 1, 2, 3}})},
       {test::with_positions(test::step_of({"1101"}), {{0, 1, 1, 2}})}},
      {"FD009",
       Level::error,
       {1},
       two_steps({"111", "110"}, {{0, 1, 2}, {0, 1, 1}}, {"1111", "1101"}, {{3}, {3}}),
       two_steps({"111", "110"}, {{0, 1, 2}, {0, 1, 1}}, {"1111", "1101"}, {{3}, {2}})},
      {"FD010",
       Level::error,
       {0, 1},
       two_steps({"111", "011"}, {{0, 1, 2}, {1, 0, 1}}, {"1111", "0111"}, {{0}, {0}}),
       two_steps({"111", "011"}, {{0, 1, 2}, {1, 0, 1}}, {"1111", "0111"}, {{3}, {2}})},
      {"FD011",
       Level::warning,
       {0},
       {test::with_positions(test::step_of({"1111"}), {{0, 1, 1, 2}})},
       {test::with_positions(test::step_of({"1111"}), {{0, 1, 2, 3}})}},
      {"FD012",
       Level::warning,
       {0},
       {test::with_positions(test::step_of({"11111"}), {{0, 1, 2, 0, 1}})},
       {test::with_positions(test::step_of({"11111"}), {{0, 1, 2, 3, 4}})}},
      {"FD013",
       Level::error,
       {1},
       with_lengths({"11111", "11001"}, {4, 4}),
       with_lengths({"11111", "11001"}, {4, 2})},
      {"FD013",
       Level::warning,
       {1},
       with_lengths({"11111", "00111"}, {4, 4}),
       with_lengths({"11111", "00111"}, {5, 3})},
      {"FD013",
       Level::error,
       {0},
       with_lengths({"11100", "11111"}, {4, 4}),
       with_lengths({"11100", "11111"}, {2, 4})},
      // Two of three rows have the new token in, so the third one is wrong.
      {"FD013",
       Level::error,
       {2},
       with_lengths({"11111", "00111", "00011"}, {5, 3, 9}),
       with_lengths({"11111", "00111", "00011"}, {5, 3, 2})},
      {"FD014",
       Level::error,
       {1},
       with_slots({"1111", "1101"}, 1, {3, 2}),
       with_slots({"1111", "1101"}, 1, {3, -1})},
      {"FD014",
       Level::error,
       {0, 1},
       with_slots({"1111", "0111"}, 2, {3, 4}),
       with_slots({"1111", "0111"}, 2, {2, 3})},
      {"FD014",
       Level::error,
       {1},
       changed(steps_of({{"111", "110"}, {"1111", "1101"}}),
               [](Step& step) {
                 step.slots = {3, 1};
               }),
       changed(steps_of({{"111", "110"}, {"1111", "1101"}}),
               [](Step& step) {
                 step.slots = {3, 3};
               })},
      {"FD015",
       Level::error,
       {1},
       steps_of({{"111", "110"}, {"1111", "1111"}}),
       steps_of({{"111", "110"}, {"1111", "1101"}})},
      {"FD015",
       Level::error,
       {},
       steps_of({{"111"}, {"11111"}}, {{3, 1}, {}, {}}),
       steps_of({{"111"}, {"11111"}}, {{3, 2}, {}, {}})},
      {"FD016", Level::note, {}, steps_of({{"110", "011"}}), steps_of({{"011", "011"}})},
      {"FD017",
       Level::warning,
       {1},
       steps_of({{"111", "110"}}),
       steps_of({{"111", "001"}}),
       {},
       steps_of({{"1111", "0011"}})},
      {"FD018",
       Level::warning,
       {0},
       steps_of({{"011", "110"}}),
       steps_of({{"111", "110"}}),
       {},
       steps_of({{"111", "110"}})},
      {"FD019",
       Level::error,
       {0},
       with_spans({"111"}, {{0, 1, 5}}, 6),
       with_spans({"111111"}, {{0, 1, 5}}, 6)},
      {"FD019", Level::error, {0}, with_spans({"111"}, {{0, 1, 5}}), with_spans({"11111"}, {{0, 1, 5}})},
      {"FD020", Level::error, {0}, with_spans({"111000"}, {{0, 1, 5}}), with_spans({"111110"}, {{0, 1, 5}})},
      {"FD020",
       Level::warning,
       {1},
       with_spans({"1111", "0011"}, {{1, 0, 2}}),
       with_spans({"1111", "0011"}, {{0, 0, 2}})},
  };
}

const Finding* found(const Report& report, const char* code) {
  for (const Finding& finding : report.findings)
    if (finding.rule->code == std::string(code)) return &finding;
  return nullptr;
}

TEST(Findings, AreThereOnABatchThatHasThemAndNotOnOneThatHasNot) {
  for (const Shown& one : shown()) {
    const Report with = lint(one.with, one.settings, one.against);
    const Report without = lint(one.without, one.settings, one.against);
    const Finding* finding = found(with, one.code);
    ASSERT_NE(finding, nullptr) << one.code << "\n" << as_text(with);
    EXPECT_EQ(finding->level, one.level) << one.code;
    EXPECT_EQ(finding->rows, one.rows) << one.code;
    EXPECT_FALSE(finding->message.empty()) << one.code;
    EXPECT_EQ(found(without, one.code), nullptr) << one.code << "\n" << as_text(without);
  }
}

/// Whoever adds a rule adds its two batches above.
TEST(Findings, OfEachRuleAreShown) {
  std::set<std::string> codes;
  for (const Shown& one : shown()) codes.insert(one.code);
  for (const Rule* rule : all_rules()) EXPECT_TRUE(codes.count(rule->code)) << rule->code;
}

TEST(Findings, ABatchPaddedOnTheLeftIsClean) {
  for (const auto& rows : {std::vector<std::string>{"1111", "0011"}, {"1111", "1111"}, {"0111"}})
    EXPECT_TRUE(lint(test::steps_of({rows})).findings.empty()) << as_text(lint(test::steps_of({rows})));
}

TEST(Catalogue, CodesAreInOrderAndEveryWordIsThere) {
  std::string before;
  std::set<std::string> names;
  for (const Rule* rule : all_rules()) {
    EXPECT_LT(before, rule->code);
    before = rule->code;
    EXPECT_TRUE(names.insert(rule->name).second) << rule->name;
    EXPECT_EQ(rule_named(rule->code), rule);
    EXPECT_EQ(rule_named(rule->name), rule);
    EXPECT_GT(std::string(rule->explanation).size(), 100u) << rule->code;
    EXPECT_TRUE(std::string(rule->advice).ends_with('.')) << rule->code;
    EXPECT_THAT(explained(*rule), HasSubstr(rule->advice));
  }
  EXPECT_EQ(rule_named("fd003"), rule_named("FD003"));
  EXPECT_EQ(rule_named("FD999"), nullptr);
}

/// The message that the project started from, with the word whether it is right.
TEST(Catalogue, TheFrameworksMessageIsNamed) {
  const std::string message =
      "You are attempting to perform batched generation with padding_side='right' this may lead";
  EXPECT_THAT(found(lint(test::steps_of({{"111", "110"}}, test::in_phase(Phase::train))), "FD003")->message,
              ::testing::AllOf(HasSubstr(message), HasSubstr("wrongly")));
  EXPECT_THAT(found(lint(test::steps_of({{"111", "110"}})), "FD004")->message,
              ::testing::AllOf(HasSubstr(message), HasSubstr("rightly")));
  for (const char* code : {"FD003", "FD004", "FD005"})
    EXPECT_THAT(explained(*rule_named(code)), HasSubstr("batched generation with"));
}

TEST(Findings, RowsAreNamedUpToAFew) {
  EXPECT_EQ(in_words({3}), "row 3");
  EXPECT_EQ(in_words({0, 2, 5}), "rows 0, 2 and 5");
  EXPECT_EQ(in_words({0, 1, 2, 3, 4, 5, 6}), "rows 0, 1, 2, 3, 4, 5 and 6");
  EXPECT_EQ(in_words({0, 1, 2, 3, 4, 5, 6, 7}), "rows 0, 1, 2, 3, 4, 5 and 2 more");
}

/// A step behind a cache goes on from the one before; a batch of training does not.
TEST(Findings, BatchesOfTrainingStandByThemselves) {
  const auto says_past_changed = [](const std::vector<Step>& steps) {
    const Report report = lint(steps);
    return std::any_of(report.findings.begin(), report.findings.end(),
                       [](const Finding& finding) { return finding.rule->code == std::string("FD015"); });
  };
  EXPECT_FALSE(
      says_past_changed(test::steps_of({{"1111", "1111"}, {"0011", "1111"}}, test::in_phase(Phase::train))));
  EXPECT_TRUE(says_past_changed(test::steps_of({{"1111", "1111"}, {"00111", "11111"}})));
}

}  // namespace
}  // namespace flashdiff::lint
