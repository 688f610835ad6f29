#pragma once
#include <cstdlib>
#include <vector>

#include "harness/problem/problem.h"
#include "reference/eigen_types.h"
#include "reference/row_blocks.h"

namespace flashdiff::detail {

/// What is done to the scores of a block's rows before softmax (harness/problem/modifiers.h), row by row.
struct ScoreModifiers {
  double softcap = 0;         ///< 0: none
  std::vector<double> slope;  ///< ALiBi's, of each row's head; empty: none
  std::vector<int> diagonal;  ///< the key from which ALiBi counts, i + kv_len - q_len
  std::vector<double> sink;   ///< of each row's head; empty: none

  /// The largest bias of a row over the keys that it sees; 0 without ALiBi.
  [[nodiscard]] double largest_bias(KeyRange keys, Eigen::Index row) const;
  /// Scores of row `row` over the keys from `first` on, in place.
  template <class Scores>
  void apply(Scores&& scores, int first, Eigen::Index row) const {
    if (softcap > 0) scores = (scores * (1 / softcap)).tanh() * softcap;
    add_bias(scores, first, row);
  }
  /// ALiBi's part of it.
  template <class Scores>
  void add_bias(Scores&& scores, int first, Eigen::Index row) const {
    if (slope.empty()) return;
    const auto r = static_cast<std::size_t>(row);
    for (Eigen::Index j = 0; j < scores.size(); ++j)
      scores(j) -= slope[r] * std::abs(diagonal[r] - first - static_cast<int>(j));
  }
};

[[nodiscard]] ScoreModifiers modifiers_of(const Problem& problem, BlockPlace at);

}  // namespace flashdiff::detail
