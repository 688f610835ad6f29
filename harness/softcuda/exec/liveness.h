#pragma once
#include <vector>

#include "harness/softcuda/exec/draft.h"

namespace softcuda::exec {

/// A block of drafts, with the blocks that can follow it.
struct DraftBlock {
  std::size_t first = 0, last = 0;  ///< drafts [first, last)
  std::vector<int> successors;
};

/// From the first to the last place where a row holds something that is read later, or is written. Places:
/// 2k is where draft k reads, 2k + 1 where it writes; so a result may take over the row of an operand that is
/// not needed any more (rows of one width only, and handlers read an operand's lane before they write it).
struct Life {
  long first = -1, last = -2;
  [[nodiscard]] bool empty() const { return last < first; }
};

struct Lives {
  std::vector<Life> of;       ///< by row
  std::vector<int> at_entry;  ///< rows that may be read before they are written
};
/// Lives of `rows` rows. Per lane, which is what counts: lanes of a warp may be at different places,
/// but each lane's part of a row is its own, and handlers write active lanes only. Row by row, since sets of
/// rows for each block would take memory by blocks times rows.
[[nodiscard]] Lives lives_of(int rows, const std::vector<Draft>&, const std::vector<DraftBlock>&);

}  // namespace softcuda::exec
