#pragma once
#include <optional>

#include "harness/problem/problem.h"

namespace flashdiff::detail {

/// How scores come from q.k: as asked, or as some hypothesis has it (harness/problem/modifiers.h).
struct ScoreRule {
  double scale = 1;
  double softcap = 0;  ///< 0: none
  double slope = 0;    ///< ALiBi's; 0: none
  int diagonal = 0;    ///< the key from which ALiBi counts
  std::optional<double> sink;

  /// Of a key whose product with the query is `dot`.
  [[nodiscard]] double score(double dot, int key) const;
  /// Its derivative with respect to scale q.k: 1 - tanh^2 where there is a softcap, else 1.
  [[nodiscard]] double slope_of_score(double dot) const;
};

/// As the problem asks, of a query of a query head.
[[nodiscard]] ScoreRule score_rule(const Problem& problem, SequenceLengths lengths, int head, int query);

}  // namespace flashdiff::detail
