#pragma once
#include <cstdint>
#include <vector>

#include "properties/relations/differences.h"
#include "properties/relations/trial.h"

/// Other questions made of a question: every element of their inputs is an element of its.
namespace flashdiff::relations {

/// Rows [first, first + count).
struct Rows {
  int first = 0, count = 0;
};
/// A part of one sequence, a sequence of its own. Of an append `keys` counts from the cache's first token, so
/// its first is 0, and K and V of the new tokens are cut as Q is.
struct Piece {
  int sequence = 0;
  Rows queries, keys;
};
/// The whole of a sequence.
[[nodiscard]] Piece whole(const Problem& problem, int sequence);
/// A batch of these.
[[nodiscard]] Question batch_of(const Question& question, const std::vector<Piece>& pieces);

/// A tensor of these heads and this width whose element (row, column) is `from`'s at where(row), of(column).
template <class Where, class Of>
[[nodiscard]] LogicalTensor<float> taken(const LogicalTensor<float>& from, std::vector<int> rows, int heads,
                                         int width, Where where, Of of) {
  LogicalTensor<float> to(std::move(rows), heads, width);
  for_each_row(to, [&](RowAt at) {
    const RowAt there = where(at);
    float* const out = to.row(at.sequence, at.head, at.row);
    const float* const in = from.row(there.sequence, there.head, there.row);
    for (int column = 0; column < width; ++column) out[column] = in[of(column)];
  });
  return to;
}
/// Rows of each sequence of a tensor.
[[nodiscard]] std::vector<int> row_counts(const LogicalTensor<float>& tensor);
/// The same shape, other rows.
template <class Where>
[[nodiscard]] LogicalTensor<float> with_rows(const LogicalTensor<float>& from, Where where) {
  return taken(from, row_counts(from), from.heads(), from.width(), where, [](int column) { return column; });
}
/// The same shape, other columns.
template <class Of>
[[nodiscard]] LogicalTensor<float> with_columns(const LogicalTensor<float>& from, Of of) {
  return taken(
      from, row_counts(from), from.heads(), from.width(), [](RowAt at) { return at; }, of);
}

/// The inputs of a pass that have a row for every query, and those with one for every key (of an append, for
/// every new token); tensors that the pass has not are empty.
[[nodiscard]] std::vector<LogicalTensor<float>*> of_queries(LogicalData& data);
[[nodiscard]] std::vector<LogicalTensor<float>*> of_keys(LogicalData& data);

/// A tensor as what is left of it where every element is taken away or not, by a draw from the key, and what
/// was taken away, negated: the tensor is the first less the second, exactly.
struct Parts {
  LogicalTensor<float> one, less;
};
[[nodiscard]] Parts parts_of(const LogicalTensor<float>& tensor, std::uint64_t key);

/// A permutation of [0, count), drawn from a key.
[[nodiscard]] std::vector<int> permutation(int count, std::uint64_t key);

}  // namespace flashdiff::relations
