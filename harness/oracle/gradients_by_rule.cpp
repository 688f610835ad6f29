#include "harness/oracle/gradients_by_rule.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "harness/oracle/score_rule.h"

namespace flashdiff::detail {
namespace {

double dot(const float* a, const float* b, int width) {
  double sum = 0;
  for (int c = 0; c < width; ++c) sum += static_cast<double>(a[c]) * b[c];
  return sum;
}

void add(double* to, double factor, const float* row, int width) {
  for (int c = 0; c < width; ++c) to[c] += factor * row[c];
}

KeyRange both(KeyRange a, KeyRange b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

}  // namespace

const LogicalTensor<double>& HeadGradients::of(TensorRole gradient) const {
  switch (gradient) {
    case TensorRole::dq: return dq;
    case TensorRole::dk: return dk;
    case TensorRole::dv: return dv;
    default: throw std::invalid_argument("no gradient");
  }
}

GradientRule gradient_rule(const Problem& problem, int kv_head) {
  GradientRule rule;
  rule.mask = problem.mask;
  rule.kv_head = kv_head;
  rule.score_scale = rule.scale = problem.softmax_scale();
  rule.softcap = problem.softcap.value_or(0.0f);
  rule.alibi = problem.alibi;
  return rule;
}

HeadGradients gradients_by(const GradientRule& rule, const Problem& problem, const LogicalData& data,
                           int sequence, int kv_head) {
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(sequence)];
  const int group = problem.group(), d_qk = problem.d_qk, d_v = problem.d_v;
  HeadGradients made{{{lengths.q_len}, group, d_qk}, {{lengths.kv_len}, 1, d_qk}, {{lengths.kv_len}, 1, d_v}};
  const KeyRange queries = both({0, lengths.q_len}, rule.queries);
  for (int in_group = 0; in_group < group; ++in_group) {
    const int head = kv_head * group + in_group;
    const bool adds_up = in_group >= rule.heads.begin && in_group < rule.heads.end;
    for (int i = queries.begin; i < queries.end; ++i) {
      const KeyRange keys = both(visible_keys(rule.mask, lengths, i), rule.keys);
      const float *q = data.q.row(sequence, head, i), *d_o = data.d_o.row(sequence, head, i);
      const double lse = rule.lse * *data.lse.row(sequence, head, i);
      const double d = rule.subtracts_d ? dot(d_o, data.o.row(sequence, head, i), d_v) : 0;
      ScoreRule scores = score_rule(problem, lengths, head, i);
      scores.scale = rule.score_scale;
      scores.softcap = rule.softcap;
      if (!rule.alibi) scores.slope = 0;
      for (int j = keys.begin; j < keys.end; ++j) {
        const float *k = data.k.row(sequence, rule.kv_head, j), *v = data.v.row(sequence, rule.kv_head, j);
        const double product = dot(q, k, d_qk);
        const double p = std::exp(scores.score(product, j) - lse);
        const double slope = rule.slope_of_softcap ? scores.slope_of_score(product) : 1;
        const double ds = p * (dot(d_o, v, d_v) - d) * slope * rule.scale;
        add(made.dq.row(0, in_group, i), ds, k, d_qk);
        if (!adds_up) continue;
        add(made.dk.row(0, 0, j), ds, q, d_qk);
        add(made.dv.row(0, 0, j), p, d_o, d_v);
      }
    }
  }
  return made;
}

}  // namespace flashdiff::detail
