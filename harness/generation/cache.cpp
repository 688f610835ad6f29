#include "harness/generation/cache.h"

#include <algorithm>

namespace flashdiff::generation {
namespace {

/// HuggingFace's filling of position ids where the mask is 0; any number would do, since nobody sees it.
constexpr int kPositionOfPadding = 1;

bool counts_columns(Positions positions, bool in_prompt) {
  switch (positions) {
    case Positions::of_token: return false;
    case Positions::of_column: return true;
    case Positions::column_then_token: return in_prompt;
    case Positions::token_then_column: return !in_prompt;
  }
  return false;
}

/// What each slot holds when the step's own are there.
std::vector<Column> slots_after(const std::vector<Slot>& before, const std::vector<Column>& columns,
                                const std::vector<bool>& stored) {
  std::vector<Column> slots;
  slots.reserve(before.size() + columns.size());
  for (const Slot& slot : before) slots.push_back(slot.holds);
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (stored[i]) slots.push_back(columns[i]);
  return slots;
}

std::vector<int> keys_of(Keys keys, const std::vector<Column>& slots) {
  const auto tokens = static_cast<int>(
      std::count_if(slots.begin(), slots.end(), [](const Column& c) { return c.is_token(); }));
  const int width = static_cast<int>(slots.size());
  std::vector<int> chosen;
  for (int slot = 0; slot < width; ++slot) {
    const bool is = keys == Keys::all || (keys == Keys::first && slot < tokens) ||
                    (keys == Keys::last && slot >= width - tokens) ||
                    (keys == Keys::by_mask && slots[static_cast<std::size_t>(slot)].is_token());
    if (is) chosen.push_back(slot);
  }
  return chosen;
}

std::vector<int> queries_of(Queries queries, const std::vector<Column>& columns,
                            const std::vector<Column>& slots, const StepPlace& place) {
  const int width = static_cast<int>(columns.size());
  // Without a cache there is nothing to slice: mask and queries have the same columns.
  if (queries == Queries::sliced_mask && place.fed == 0) queries = Queries::by_mask;
  std::vector<int> chosen;
  for (int i = 0; i < width; ++i) {
    // The mask is 1 where the row's slots hold tokens, 0 in padding and behind the row's last slot.
    const int slot = place.widest - width + i;
    const bool in_slice = slot < static_cast<int>(slots.size()) && slots.begin()[slot].is_token();
    const bool is = queries == Queries::all ||
                    (queries == Queries::by_mask && columns[static_cast<std::size_t>(i)].is_token()) ||
                    (queries == Queries::sliced_mask && in_slice);
    if (is) chosen.push_back(i);
  }
  return chosen;
}

}  // namespace

Columns rectangle(const Truth& truth, const std::vector<int>& prompts, Side side, int more) {
  const int width = *std::max_element(prompts.begin(), prompts.end()) + more;
  Columns rows;
  for (int row = 0; row < truth.rows(); ++row) {
    const int length = prompts[static_cast<std::size_t>(row)], padding = width - length;
    const int front = side == Side::left ? padding : side == Side::both ? padding / 2 : 0;
    auto& columns = rows.emplace_back(static_cast<std::size_t>(width));
    const auto first = columns.begin() + front;
    for (int i = 0; i < length; ++i) first[i].index = i;
  }
  return rows;
}

HandedRow handed(const Convention& how, const std::vector<Column>& columns, const std::vector<Slot>& before,
                 const StepPlace& place) {
  HandedRow out;
  const bool by_column = counts_columns(how.positions, place.in_prompt);
  for (int i = 0; i < static_cast<int>(columns.size()); ++i) {
    const Column& column = columns[static_cast<std::size_t>(i)];
    out.positions.push_back(by_column           ? place.fed + i
                            : column.is_token() ? column.index
                                                : kPositionOfPadding);
    out.stored.push_back(how.slots == Slots::appended || column.is_token());
  }
  const std::vector<Column> slots = slots_after(before, columns, out.stored);
  out.keys = keys_of(how.keys, slots);
  out.queries = queries_of(how.queries, columns, slots, place);
  return out;
}

}  // namespace flashdiff::generation
