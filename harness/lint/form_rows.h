#pragma once
#include <algorithm>
#include <cstdint>

#include "harness/lint/step.h"

namespace flashdiff::lint::detail {

/// The rows of one padded tensor [batch, columns]: K and V have all of the mask's columns, Q the last q_len.
struct TensorRows {
  const BitMask& mask;
  int begin = 0;  ///< the mask's column that is the tensor's column 0
  const char* of = "K and V";
  const char* suffix = "_k";

  [[nodiscard]] int batch() const { return mask.rows(); }
  [[nodiscard]] int columns() const { return mask.columns() - begin; }
  [[nodiscard]] int length(int row) const { return mask.count(row, begin, mask.columns()); }
  /// Of the first token; 0 in an empty row.
  [[nodiscard]] int first(int row) const {
    return length(row) == 0 ? 0 : mask.next_token(row, begin) - begin;
  }
  /// The row's first run of padding between tokens; columns of the tensor, empty where there is none.
  struct Hole {
    int begin = 0, end = 0;
  };
  [[nodiscard]] Hole hole(int row) const {
    const int first = mask.next_token(row, begin), gap = mask.next_padding(row, first);
    const int next = mask.next_token(row, gap);
    return next < mask.columns() ? Hole{gap - begin, next - begin} : Hole{};
  }
  /// Visits the runs of tokens: visit(begin, end), in the tensor's columns.
  template <class Visit>
  void for_each_run(int row, Visit visit) const {
    for (int at = mask.next_token(row, begin); at < mask.columns();) {
      const int end = mask.next_padding(row, at);
      visit(at - begin, end - begin);
      at = mask.next_token(row, end);
    }
  }
  /// The tensor seen as one column of batch * columns rows.
  [[nodiscard]] std::int64_t flat(int row, int column) const {
    return std::int64_t{row} * columns() + column;
  }
};
inline TensorRows keys_of(const Step& step) { return {step.mask, 0, "K and V", "_k"}; }
inline TensorRows queries_of(const Step& step) { return {step.mask, step.cache_len(), "Q", "_q"}; }

}  // namespace flashdiff::lint::detail
