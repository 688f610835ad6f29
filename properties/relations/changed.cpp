#include "properties/relations/changed.h"

#include <algorithm>
#include <numeric>

#include "harness/problem/random_bits.h"

namespace flashdiff::relations {
namespace {

LogicalTensor<float> rows_of_pieces(const LogicalTensor<float>& from, const std::vector<Piece>& pieces,
                                    Rows Piece::*which) {
  if (from.sequences() == 0) return {};
  std::vector<int> rows;
  rows.reserve(pieces.size());
  for (const Piece& piece : pieces) rows.push_back((piece.*which).count);
  const auto where = [&](RowAt at) {
    const Piece& piece = pieces[static_cast<std::size_t>(at.sequence)];
    return RowAt{piece.sequence, at.head, (piece.*which).first + at.row};
  };
  return taken(from, std::move(rows), from.heads(), from.width(), where, [](int column) { return column; });
}

}  // namespace

std::vector<int> row_counts(const LogicalTensor<float>& tensor) {
  std::vector<int> rows(static_cast<std::size_t>(tensor.sequences()));
  for (int s = 0; s < tensor.sequences(); ++s) rows[static_cast<std::size_t>(s)] = tensor.rows(s);
  return rows;
}

Piece whole(const Problem& problem, int sequence) {
  const auto [q_len, kv_len] = problem.sequences[static_cast<std::size_t>(sequence)];
  return {sequence, {0, q_len}, {0, kv_len}};
}

Question batch_of(const Question& question, const std::vector<Piece>& pieces) {
  Question made{question.problem, {}};
  Problem& problem = made.problem;
  problem.sequences.clear();
  problem.data_rows.clear();
  int longest = 0;
  for (const Piece& piece : pieces) {
    problem.sequences.push_back({piece.queries.count, piece.keys.count});
    longest = std::max(longest, piece.keys.count);
    if (!question.problem.data_rows.empty())
      problem.data_rows.push_back(question.problem.data_rows[static_cast<std::size_t>(piece.sequence)]);
  }
  const LogicalData& from = question.data;
  const bool append = problem.pass == Pass::append;
  made.data.q = rows_of_pieces(from.q, pieces, &Piece::queries);
  made.data.k = rows_of_pieces(from.k, pieces, append ? &Piece::queries : &Piece::keys);
  made.data.v = rows_of_pieces(from.v, pieces, append ? &Piece::queries : &Piece::keys);
  made.data.d_o = rows_of_pieces(from.d_o, pieces, &Piece::queries);
  made.data.o = rows_of_pieces(from.o, pieces, &Piece::queries);
  made.data.lse = rows_of_pieces(from.lse, pieces, &Piece::queries);
  // One row a position, as many as the longest sequence has: the first ones are the same for all.
  if (append)
    made.data.rope = taken(
        from.rope, {problem.rope ? longest : 0}, from.rope.heads(), from.rope.width(),
        [](RowAt at) { return at; }, [](int column) { return column; });
  return made;
}

std::vector<LogicalTensor<float>*> of_queries(LogicalData& data) {
  return {&data.q, &data.d_o, &data.o, &data.lse};
}
std::vector<LogicalTensor<float>*> of_keys(LogicalData& data) { return {&data.k, &data.v}; }

Parts parts_of(const LogicalTensor<float>& tensor, std::uint64_t key) {
  Parts parts{tensor, tensor};
  for (std::size_t i = 0; i < tensor.values().size(); ++i) {
    const bool stays = (detail::folded(key, i) & 1u) != 0;
    float& one = parts.one.values()[i];
    float& less = parts.less.values()[i];
    one = stays ? one : 0.0f;
    less = stays ? 0.0f : -less;
  }
  return parts;
}

std::vector<int> permutation(int count, std::uint64_t key) {
  std::vector<int> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[detail::folded(key, i) % i]);
  return order;
}

}  // namespace flashdiff::relations
