#include "harness/oracle/wrong_rows.h"

namespace flashdiff::detail {

std::vector<RowAt> WrongRows::only_wrong() const {
  std::vector<RowAt> rows;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (wrong[i]) rows.push_back(all[i]);
  return rows;
}

WrongRows wrong_rows(const Deviations& found) {
  WrongRows rows;
  for (int s = 0; s < found.o.sequences(); ++s)
    for (int head = 0; head < found.o.heads(); ++head)
      for (int row = 0; row < found.o.rows(s); ++row) {
        int in_o = 0;
        for (int column = 0; column < found.o.width(); ++column)
          in_o += is_wrong(found.o.row(s, head, row)[column]) ? 1 : 0;
        const int in_lse = is_wrong(*found.lse.row(s, head, row)) ? 1 : 0;
        rows.in_o += in_o;
        rows.in_lse += in_lse;
        rows.all.push_back({s, head, row});
        rows.wrong.push_back(in_o + in_lse > 0);
      }
  return rows;
}

}  // namespace flashdiff::detail
