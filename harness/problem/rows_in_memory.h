#pragma once
#include <cstddef>
#include <cstdint>

#include "harness/problem/layout.h"

namespace flashdiff::detail {

/// bshd and thd: the heads of a row lie side by side within its pitch; else each head has rows of its own.
[[nodiscard]] inline bool heads_inside_rows(const Placement& place) {
  return place.head_stride * place.heads <= place.row_stride;
}

/// Visits every logical row of a tensor in the order of its addresses, so that the space between two visits
/// is exactly what no logical row maps to. visit(sequence, row, head, address in elements).
template <class Visit>
void for_each_row_in_memory(const Placement& place, Visit visit) {
  const int sequences = static_cast<int>(place.rows.size());
  const auto rows_of = [&place](int s) { return place.rows[static_cast<std::size_t>(s)]; };
  const auto head_by_head = [&](int s, int head) {
    for (int row = 0; row < rows_of(s); ++row) visit(s, row, head, place.address(s, row, head));
  };
  // Heads inside rows (bshd, thd), heads outside the rows of a sequence (bhsd) or of all sequences (htd).
  if (heads_inside_rows(place)) {
    for (int s = 0; s < sequences; ++s)
      for (int row = 0; row < rows_of(s); ++row)
        for (int head = 0; head < place.heads; ++head) visit(s, row, head, place.address(s, row, head));
  } else if (place.batch_stride == 0) {
    for (int head = 0; head < place.heads; ++head)
      for (int s = 0; s < sequences; ++s) head_by_head(s, head);
  } else {
    for (int s = 0; s < sequences; ++s)
      for (int head = 0; head < place.heads; ++head) head_by_head(s, head);
  }
}

}  // namespace flashdiff::detail
