#include "reference/score_modifiers.h"

#include <algorithm>

#include "harness/problem/modifiers.h"

namespace flashdiff::detail {

double ScoreModifiers::largest_bias(KeyRange keys, Eigen::Index row) const {
  if (slope.empty() || keys.empty()) return 0;
  const auto r = static_cast<std::size_t>(row);
  return slope[r] * std::max(std::abs(diagonal[r] - keys.begin), std::abs(diagonal[r] - (keys.end - 1)));
}

ScoreModifiers modifiers_of(const Problem& problem, BlockPlace at) {
  ScoreModifiers made;
  if (problem.softcap) made.softcap = *problem.softcap;
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(at.sequence)];
  for (int r = at.rows.first; r < at.rows.first + at.rows.count; ++r) {
    const int head = at.first_head + r / lengths.q_len, query = r % lengths.q_len;
    if (problem.alibi) {
      made.slope.push_back(alibi_slope(problem, head));
      made.diagonal.push_back(query + lengths.kv_len - lengths.q_len);
    }
    if (problem.sink) made.sink.push_back(sink_logit(problem, head));
  }
  return made;
}

}  // namespace flashdiff::detail
