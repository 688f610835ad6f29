#include "harness/oracle/trust.h"

#include <algorithm>
#include <vector>

namespace flashdiff::detail {
namespace {

/// What one head of a sequence would show in one output.
struct Sight {
  bool has_terms = false;
  bool sees = false;
  double weight = 1;  ///< of the lightest term whose drop would be seen in some row
};

/// How many terms each row of a sequence adds up, counted as smallest_drop counts them; 0 where dropping one
/// changes nothing. A token's row of an append adds up nothing, and can be wrong by its position alone, where
/// it is turned.
std::vector<int> terms_of_rows(const Problem& problem, TensorRole output, SequenceLengths lengths) {
  if (problem.pass == Pass::append)
    return std::vector<int>(static_cast<std::size_t>(lengths.q_len), problem.rope ? 1 : 0);
  const bool of_queries = follows_queries(output);
  const bool of_scores = output == TensorRole::dq || output == TensorRole::dk;
  const auto rows = static_cast<std::size_t>(of_queries ? lengths.q_len : lengths.kv_len);
  // For each row of keys what the one before it adds up is carried on: keys of a query are a range.
  std::vector<int> terms(rows + 1, 0), counted(rows + 1, 0);
  for (int query = 0; query < lengths.q_len; ++query) {
    const KeyRange keys = visible_keys(problem.mask, lengths, query);
    if (keys.empty()) continue;
    // The only key of a query has P = 1 whatever its score, so dS = 0: dropped, it changes neither dQ nor dK.
    const int changes = !of_scores || keys.size() > 1 || problem.sink ? 1 : 0;
    if (of_queries) {
      const auto row = static_cast<std::size_t>(query);
      terms[row] = keys.size() + (problem.sink ? 1 : 0);
      counted[row] = changes;
      continue;
    }
    const auto begin = static_cast<std::size_t>(keys.begin), end = static_cast<std::size_t>(keys.end);
    terms[begin] += problem.group();
    terms[end] -= problem.group();
    counted[begin] += changes;
    counted[end] -= changes;
  }
  for (std::size_t row = 1; !of_queries && row < rows; ++row) {
    terms[row] += terms[row - 1];
    counted[row] += counted[row - 1];
  }
  terms.resize(rows);
  for (std::size_t row = 0; row < rows; ++row)
    if (counted[row] == 0) terms[row] = 0;
  return terms;
}

Sight sight_of(const WantedTensor& output, const std::vector<int>& terms, int sequence, int head) {
  Sight sight;
  for (std::size_t row = 0; row < terms.size(); ++row) {
    if (terms[row] == 0) continue;
    sight.has_terms = true;
    const double drop_in_budgets = *output.smallest_drop.row(sequence, head, static_cast<int>(row));
    if (drop_in_budgets > 1) sight.sees = true;
    if (drop_in_budgets > 0) sight.weight = std::min(sight.weight, 1 / (terms[row] * drop_in_budgets));
  }
  return sight;
}

}  // namespace

std::optional<BlindSpot> blind_spot(const Problem& problem, const Wanted& wanted) {
  std::optional<BlindSpot> worst;
  for (const WantedTensor& output : wanted.outputs) {
    if (output.smallest_drop.width() == 0) continue;
    for (int s = 0; s < problem.batch(); ++s) {
      const std::vector<int> terms =
          terms_of_rows(problem, output.role, problem.sequences[static_cast<std::size_t>(s)]);
      for (int head = 0; head < output.want.heads(); ++head) {
        const Sight sight = sight_of(output, terms, s, head);
        if (!sight.has_terms || sight.sees) continue;
        if (!worst || sight.weight > worst->weight) worst = {output.role, sight.weight};
      }
    }
  }
  return worst;
}

}  // namespace flashdiff::detail
