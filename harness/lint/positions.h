#pragma once
#include <cstdint>
#include <vector>

#include "harness/lint/array_reader.h"
#include "harness/lint/bit_mask.h"

namespace flashdiff::lint {

/// Columns [begin, end) of a row that are one image's or video's tokens.
struct Span {
  int row = 0, begin = 0, end = 0;
  bool operator==(const Span&) const = default;
};

/// What is kept of a row's position ids: those of its tokens, whatever stands at padding.
struct PositionRow {
  int tokens = 0;                    ///< how many have a position here: all of the row, or the new ones
  int first_column = 0;              ///< of the first of them
  std::int64_t first = 0, last = 0;  ///< of the first and the last, the largest of several axes
  int restarts = 0;                  ///< neighbours whose second one is 0 again
  int breaks = 0;                    ///< other neighbours that do not differ by 1, outside of spans
  int break_column = 0;              ///< of the first break's second token
  std::int64_t break_from = 0, break_to = 0;
  bool like_columns = true;  ///< each is its column, up to a constant of the row
};

struct Positions {
  int axes = 0;  ///< 1, or 3 (time, height, width) of multimodal rotary embeddings; 0: not given
  std::vector<PositionRow> rows;  ///< one for each of the mask's
  [[nodiscard]] bool given() const { return axes > 0; }
};

/// Position ids [batch, columns] or [axes, batch, columns], read piecewise; a batch of 1 stands for all rows.
/// `columns` is kv_len, kv_len and the `free_slots` behind it, or q_len: then they are the last columns'.
/// Errors: another shape, fractions.
[[nodiscard]] Outcome<Positions> read_positions(ArrayReader& array, const BitMask& mask, int q_len,
                                                int free_slots, const std::vector<Span>& spans);

}  // namespace flashdiff::lint
