#pragma once
#include <vector>

#include "harness/generation/convention.h"
#include "harness/generation/truth.h"

namespace flashdiff::generation {

/// A column of a row of the batch: a token of the row's text by index, or padding.
struct Column {
  static constexpr int padding = -1;
  int index = padding;
  [[nodiscard]] bool is_token() const { return index >= 0; }
};

/// What a step feeds: for each row the same number of columns.
using Columns = std::vector<std::vector<Column>>;

/// The prompts as a rectangle with `more` columns than the longest one, padding on one side, or on both: half
/// of it, rounded down, in front.
[[nodiscard]] Columns rectangle(const Truth& truth, const std::vector<int>& prompts, Side side, int more);

/// What lies in a slot of a row's cache.
struct Slot {
  Column holds;
  int position = 0;
  std::vector<float> k;  ///< turned, [h_kv * d_qk]
};

/// The cache of a batch, by row.
struct Cache {
  std::vector<std::vector<Slot>> rows;
  int columns = 0;  ///< fed so far, padding too
};

/// What a convention makes of a step, for one row: positions of the new columns, which of them are stored,
/// which are queries, and which slots the queries are handed, the new columns' among them. The causal mask is
/// the kernel's: query i of n sees the first (keys - n + i + 1).
struct HandedRow {
  std::vector<int> positions;  ///< of each new column
  std::vector<bool> stored;    ///< of each new column
  std::vector<int> queries;    ///< new columns
  std::vector<int> keys;       ///< slots, those of the new columns counted on behind the cache's
};

/// Where a step stands in its batch.
struct StepPlace {
  bool in_prompt = true;
  int fed = 0;     ///< columns in front of this step's
  int widest = 0;  ///< slots of the row that has most, this step's among them
};
/// `columns`: the row's new ones; `before`: its slots.
[[nodiscard]] HandedRow handed(const Convention& how, const std::vector<Column>& columns,
                               const std::vector<Slot>& before, const StepPlace& place);

}  // namespace flashdiff::generation
