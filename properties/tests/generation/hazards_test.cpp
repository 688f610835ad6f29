#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/lint/forms.h"
#include "harness/lint/lint.h"
#include "harness/lint/phases.h"
#include "properties/tests/generation/small.h"
#include "properties/tests/lint/any_mask.h"

// What lint says of a mask, against what happens where the same batch generates: a hazard that it names
// changes the result, and what it calls expressible gives the result of each row alone.

namespace flashdiff::generation {
namespace {

using lint::Fit;
using lint::Form;

/// The masks of a batch with its padding on one side: the prompt, and a decode step that adds a column.
std::vector<lint::Step> steps_of(const Columns& prompt) {
  std::vector<lint::Step> steps(2);
  const int rows = static_cast<int>(prompt.size()), width = static_cast<int>(prompt.front().size());
  for (int step = 0; step < 2; ++step) {
    auto& one = steps[static_cast<std::size_t>(step)];
    one.mask = lint::BitMask(rows, width + step);
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < width; ++column)
        if (prompt[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)].is_token())
          one.mask.set(row, column);
      if (step == 1) one.mask.set(row, width);
    }
  }
  RC_ASSERT(lint::settle_phases(steps, {}).has_value());
  return steps;
}

/// The mask of a static cache behind a decode step: each row's tokens in front.
lint::Step slots_of(const std::vector<int>& prompts) {
  std::vector<lint::Step> steps(1);
  const int widest = *std::max_element(prompts.begin(), prompts.end()) + 1;
  steps[0].mask = lint::BitMask(static_cast<int>(prompts.size()), widest);
  for (int row = 0; row < static_cast<int>(prompts.size()); ++row)
    for (int slot = 0; slot <= prompts[static_cast<std::size_t>(row)]; ++slot) steps[0].mask.set(row, slot);
  lint::StepWords words;
  words.q_len = {1};
  RC_ASSERT(lint::settle_phases(steps, words).has_value());
  return steps[0];
}

bool says(const lint::Report& report, std::string_view code, std::size_t step) {
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const lint::Finding& finding) {
    return finding.rule->code == code && finding.step == step;
  });
}

RC_GTEST_PROP(Hazards, AreThoseThatChangeTheResult, ()) {
  const auto lengths = *rc::gen::container<std::vector<int>>(3, rc::gen::inRange(1, 14));
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1000);
  const Asked asked = test::small(lengths, seed);
  const auto reference = test::opened("reference");
  Settings settings;
  settings.steps = 2;
  settings.only = {"lengths, slots by column", "lengths and first rows", "query mask sliced, slots by column",
                   "query mask sliced, slots by row", "logits of the last column"};
  const Table table = run_scenario(asked, settings, {reference.get(), reference.get(), reference.get()});
  const Truth truth(asked, settings.steps);
  for (const Side side : {Side::left, Side::right, Side::both}) {
    const auto steps = steps_of(rectangle(truth, table.prompts, side, settings.more));
    const lint::Report report = lint::lint(steps);
    const auto safe = [&](const char* name, Stage stage) {
      return test::cell_of(table, name, side, stage).safe();
    };
    const auto in_place = [&](std::size_t step, Form form) {
      return lint::verdict_on(steps[step], form, 16).fit == Fit::in_place;
    };
    // FD006, last-column-is-padding.
    RC_ASSERT(says(report, "FD006", 0) == !safe("logits of the last column", Stage::prefill));
    RC_ASSERT(!says(report, "FD006", 1) && safe("logits of the last column", Stage::decode));
    // Lengths from column 0, which is also how cuDNN's padding mask counts.
    RC_ASSERT(in_place(0, Form::cudnn_lengths) == safe("lengths, slots by column", Stage::prefill));
    RC_ASSERT(in_place(1, Form::cudnn_lengths) == safe("lengths, slots by column", Stage::decode));
    RC_ASSERT(!says(report, "FD007", 1) && safe("query mask sliced, slots by column", Stage::decode));
    // A hole in the cache has no first row and length.
    RC_ASSERT(in_place(1, Form::lengths_and_first_rows) == safe("lengths and first rows", Stage::decode));
  }
  // FD007, mask-sliced-to-queries: of slots by row, whatever the prompt's side was.
  const lint::Report sliced = lint::lint({slots_of(table.prompts)});
  RC_ASSERT(says(sliced, "FD007", 0) ==
            !test::cell_of(table, "query mask sliced, slots by row", Side::right, Stage::decode).safe());
}

/// The steps with the position ids that a convention hands on.
std::vector<lint::Step> with_positions(std::vector<lint::Step> steps, const Convention& how,
                                       const Columns& prompt, const std::vector<int>& lengths) {
  std::vector<std::vector<int>> first, next;
  const int width = static_cast<int>(prompt.front().size());
  for (std::size_t row = 0; row < prompt.size(); ++row) {
    first.push_back(handed(how, prompt[row], {}, {true, 0, width}).positions);
    next.push_back(handed(how, {Column{lengths[row]}}, {}, {false, width, width + 1}).positions);
  }
  steps[0] = lint::test::with_positions(steps[0], first);
  steps[1] = lint::test::with_positions(steps[1], next);
  return steps;
}

/// What is an error of positions to lint changes the result, and nothing else does: a shift of the whole row,
/// of which it warns, rotary embeddings do not see.
RC_GTEST_PROP(Hazards, OfPositionsAreThoseThatChangeTheResult, ()) {
  // Of a prompt of one or two tokens, one key may have all the weight, wherever it stands.
  const auto lengths = *rc::gen::container<std::vector<int>>(3, rc::gen::inRange(4, 14));
  const Asked asked = test::small(lengths, *rc::gen::inRange<std::uint64_t>(1, 1000));
  const auto reference = test::opened("reference");
  Settings settings;
  settings.steps = 2;
  settings.only = {"unpadded by the mask", "positions by column", "positions by column, then by token",
                   "positions by token, then by column"};
  const Table table = run_scenario(asked, settings, {reference.get(), reference.get(), reference.get()});
  const Truth truth(asked, settings.steps);
  for (const std::string& name : settings.only)
    for (const Side side : {Side::left, Side::right, Side::both}) {
      const Columns prompt = rectangle(truth, table.prompts, side, settings.more);
      const lint::Report report =
          lint::lint(with_positions(steps_of(prompt), test::convention(name), prompt, table.prompts));
      const auto wrong_positions = [&](std::size_t step) {
        return std::any_of(report.findings.begin(), report.findings.end(), [&](const lint::Finding& finding) {
          const std::string_view code = finding.rule->code;
          return finding.step == step && finding.level == lint::Level::error && code >= "FD009" &&
                 code <= "FD012";
        });
      };
      RC_ASSERT(wrong_positions(0) == !test::cell_of(table, name, side, Stage::prefill).safe());
      RC_ASSERT(wrong_positions(1) == !test::cell_of(table, name, side, Stage::decode).safe());
    }
}

}  // namespace
}  // namespace flashdiff::generation
