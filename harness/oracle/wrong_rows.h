#pragma once
#include <vector>

#include "harness/oracle/deviations.h"
#include "harness/problem/problem.h"

namespace flashdiff::detail {

/// A row of one head: a query, a key of dK and dV, or a new token.
struct RowAt {
  int sequence = 0, head = 0, row = 0;
  bool operator==(const RowAt&) const = default;
};

/// Whose rows: the queries of O, LSE and dQ, or the keys of dK and dV; of an append new tokens both, of query
/// heads (turned Q) or of K/V heads (K, V).
enum class Side : std::uint8_t { queries, keys };
[[nodiscard]] inline Side side_of(TensorRole output) {
  return follows_queries(output) ? Side::queries : Side::keys;
}

/// Everything that might have been wrong and what was, row by row: a row is wrong where any element of it is,
/// in any output of its side.
struct WrongRows {
  std::vector<RowAt> all;
  std::vector<bool> wrong;  ///< one for each of `all`

  [[nodiscard]] std::vector<RowAt> only_wrong() const;
};
[[nodiscard]] WrongRows wrong_rows(const Deviations& found, Side side);

}  // namespace flashdiff::detail
