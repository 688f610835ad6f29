#include "harness/oracle/wrong_rows.h"

#include <algorithm>

namespace flashdiff::detail {

std::vector<RowAt> WrongRows::only_wrong() const {
  std::vector<RowAt> rows;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (wrong[i]) rows.push_back(all[i]);
  return rows;
}

WrongRows wrong_rows(const Deviations& found, Side side) {
  WrongRows rows;
  for (const TensorDeviations& output : found.outputs) {
    if (side_of(output.role) != side) continue;
    const bool first = rows.all.empty();
    std::size_t i = 0;  // outputs of a side have the same rows, in the same order
    for (int s = 0; s < output.use.sequences(); ++s)
      for (int head = 0; head < output.use.heads(); ++head)
        for (int row = 0; row < output.use.rows(s); ++row, ++i) {
          const double* use = output.use.row(s, head, row);
          const bool wrong = std::any_of(use, use + output.use.width(), is_wrong);
          if (first) {
            rows.all.push_back({s, head, row});
            rows.wrong.push_back(wrong);
          } else if (wrong) {
            rows.wrong[i] = true;
          }
        }
  }
  return rows;
}

}  // namespace flashdiff::detail
