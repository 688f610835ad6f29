#pragma once
#include <vector>

#include "harness/oracle/pattern.h"
#include "harness/oracle/wrong_rows.h"
#include "harness/problem/case.h"

namespace flashdiff::detail {

// What a kernel can get wrong together, from simple to special. The first of each list names everything.

/// Of sequence numbers: residues modulo the tile (an append, which has none: the page), lengths against each
/// other, neighbours, padding.
[[nodiscard]] std::vector<Pattern<int>> sequence_patterns(const Case& c, int kv_tile);
/// Of query heads: K/V groups and places within the group.
[[nodiscard]] std::vector<Pattern<int>> head_patterns(const Problem& problem);
/// Of K/V heads, where dK and dV are wrong.
[[nodiscard]] std::vector<Pattern<int>> kv_head_patterns();
/// Of query rows: where the row's keys lie (mask), and where the row lies among its tile's.
[[nodiscard]] std::vector<Pattern<RowAt>> row_patterns(const Problem& problem, int tile);
/// Of keys: which queries see the key (mask), and where it lies among its tile's.
[[nodiscard]] std::vector<Pattern<RowAt>> key_patterns(const Problem& problem, int tile);
/// Of an append's new tokens: their positions, where they lie among their page's rows, which of them they
/// are.
[[nodiscard]] std::vector<Pattern<RowAt>> token_patterns(const Case& c);
/// Of columns: vector widths, the tail behind them.
[[nodiscard]] std::vector<Pattern<int>> column_patterns(int width);

}  // namespace flashdiff::detail
