#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/problem/layout.h"

namespace flashdiff::detail {

/// bshd and thd: the heads of a row lie side by side within its pitch; else each head has rows of its own.
[[nodiscard]] inline bool heads_inside_rows(const Placement& place) {
  return place.head_stride * place.heads <= place.row_stride;
}

/// Whose a page of the pool is: number `index` of the sequence's own pages. sequence -1: nobody's.
struct PageOwner {
  int sequence = -1;
  int index = 0;
};
/// By page of the pool.
[[nodiscard]] inline std::vector<PageOwner> owners_of_pages(const Placement& place) {
  std::vector<PageOwner> owners(static_cast<std::size_t>(place.pages));
  for (int s = 0; s < static_cast<int>(place.rows.size()); ++s)
    for (int index = 0; index < place.table_columns; ++index)
      if (const std::int32_t page = place.page_of(s, index); page != Placement::no_page)
        owners[static_cast<std::size_t>(page)] = {s, index};
  return owners;
}

/// The sequence's rows that lie in its page number `index`: [begin, end).
struct RowsOfPage {
  int begin = 0, end = 0;
};
[[nodiscard]] inline RowsOfPage rows_of_page(const Placement& place, PageOwner owner) {
  const auto s = static_cast<std::size_t>(owner.sequence);
  const auto first = static_cast<int>(owner.index * std::int64_t{place.page} - place.first_row[s]);
  const RowsOfPage rows{std::max(0, first), std::min(place.rows[s], first + place.page)};
  return rows.begin < rows.end ? rows : RowsOfPage{};
}

/// Visits every logical row of a tensor in the order of its addresses, so that the space between two visits
/// is exactly what no logical row maps to. visit(sequence, row, head, address in elements).
template <class Visit>
void for_each_row_in_memory(const Placement& place, Visit visit) {
  const bool rows_first = heads_inside_rows(place);
  // Rows [begin, end) of a sequence, all heads; they lie together.
  const auto block = [&](int s, int begin, int end) {
    const int outer = rows_first ? end - begin : place.heads, inner = rows_first ? place.heads : end - begin;
    for (int i = 0; i < outer; ++i)
      for (int j = 0; j < inner; ++j) {
        const int row = begin + (rows_first ? i : j), head = rows_first ? j : i;
        visit(s, row, head, place.address(s, row, head));
      }
  };
  const int sequences = static_cast<int>(place.rows.size());
  const auto rows_of = [&place](int s) { return place.rows[static_cast<std::size_t>(s)]; };
  if (place.page > 0) {
    for (const PageOwner& owner : owners_of_pages(place)) {
      if (owner.sequence < 0) continue;
      const RowsOfPage rows = rows_of_page(place, owner);
      block(owner.sequence, rows.begin, rows.end);
    }
  } else if (!rows_first && place.batch_stride == 0) {  // htd: heads outside the rows of all sequences
    for (int head = 0; head < place.heads; ++head)
      for (int s = 0; s < sequences; ++s)
        for (int row = 0; row < rows_of(s); ++row) visit(s, row, head, place.address(s, row, head));
  } else {
    for (int s = 0; s < sequences; ++s) block(s, 0, rows_of(s));
  }
}

}  // namespace flashdiff::detail
