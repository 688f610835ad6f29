#pragma once
#include <cstdint>
#include <vector>

#include "harness/lint/bit_mask.h"

namespace flashdiff::lint {

/// Where a row's padding lies: nowhere, in front of its tokens, behind them, on both sides, between them
/// (whatever else), or everywhere.
enum class RowClass : std::uint8_t { full, left, right, both, holes, empty };
[[nodiscard]] const char* name_of(RowClass);

/// One row of a mask. Columns count from 0; an empty row has first 0 and last -1.
struct RowFacts {
  RowClass cls = RowClass::empty;
  int tokens = 0;
  int first = 0, last = -1;          ///< columns of the first and of the last token
  int left_padding = 0;              ///< columns in front of the first token
  int right_padding = 0;             ///< columns behind the last token; all of an empty row
  int holes = 0;                     ///< runs of padding between tokens
  int hole_begin = 0, hole_end = 0;  ///< the first of them: columns [begin, end)
  [[nodiscard]] bool empty() const { return tokens == 0; }
};
[[nodiscard]] RowFacts facts_of(const BitMask& mask, int row);
/// Of every row.
[[nodiscard]] std::vector<RowFacts> facts_of(const BitMask& mask);

}  // namespace flashdiff::lint
