#pragma once
#include <vector>

#include "harness/problem/problem.h"

namespace flashdiff::detail {

/// Query rows [first, first + count) of the heads that share one K/V head, stacked head after head as they
/// lie in a LogicalTensor: row r is query r % q_len of the group's head r / q_len.
struct RowBlock {
  int first = 0;
  int count = 0;
};

/// Cuts group * q_len stacked rows into blocks of at most `rows`: slices of about equal size of one head, or
/// several whole heads where a head is short (decode), so that K and V are read once for all of them. A block
/// never has the end of one head and the start of the next, whose keys may be far apart.
[[nodiscard]] std::vector<RowBlock> row_blocks(int q_len, int group, int rows);

/// A block of rows and where it belongs: heads [first_head, ...) of one sequence, which share a K/V head.
struct BlockPlace {
  int sequence = 0;
  int first_head = 0;
  RowBlock rows;
};

/// The keys that each row of a block sees, and the smallest range that holds them all.
struct BlockKeys {
  std::vector<KeyRange> of_row;
  KeyRange all;
};
[[nodiscard]] BlockKeys keys_of(RowBlock block, const Mask& mask, SequenceLengths lengths);

/// Whether every query sees a key; and whether every key is seen besides: then a forward, a backward pass
/// writes every element of what it gives.
[[nodiscard]] bool every_query_sees(const Problem& problem);
[[nodiscard]] bool every_key_is_seen(const Problem& problem);

}  // namespace flashdiff::detail
