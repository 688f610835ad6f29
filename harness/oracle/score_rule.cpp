#include "harness/oracle/score_rule.h"

#include <cmath>
#include <cstdlib>

#include "harness/problem/modifiers.h"

namespace flashdiff::detail {

double ScoreRule::score(double dot, int key) const {
  double score = dot * scale;
  if (softcap > 0) score = softcap * std::tanh(score / softcap);
  return score - slope * std::abs(diagonal - key);
}

double ScoreRule::slope_of_score(double dot) const {
  if (softcap <= 0) return 1;
  const double tanh = std::tanh(dot * scale / softcap);
  return 1 - tanh * tanh;
}

ScoreRule score_rule(const Problem& problem, SequenceLengths lengths, int head, int query) {
  ScoreRule made;
  made.scale = problem.softmax_scale();
  made.softcap = problem.softcap.value_or(0.0f);
  made.slope = alibi_slope(problem, head);
  made.diagonal = query + lengths.kv_len - lengths.q_len;
  if (problem.sink) made.sink = sink_logit(problem, head);
  return made;
}

}  // namespace flashdiff::detail
