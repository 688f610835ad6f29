#pragma once
#include <vector>

#include "harness/oracle/deviations.h"
#include "harness/problem/problem.h"

namespace flashdiff::detail {

/// A query row of one head.
struct RowAt {
  int sequence = 0, head = 0, row = 0;
  bool operator==(const RowAt&) const = default;
};

/// Everything that might have been wrong and what was, row by row: a row is wrong where any column of O or
/// its LSE is.
struct WrongRows {
  std::vector<RowAt> all;
  std::vector<bool> wrong;            ///< one for each of `all`
  std::int64_t in_o = 0, in_lse = 0;  ///< elements

  [[nodiscard]] std::vector<RowAt> only_wrong() const;
};
[[nodiscard]] WrongRows wrong_rows(const Deviations& found);

}  // namespace flashdiff::detail
