#include "properties/tests/reference/naive_attention.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "harness/problem/modifiers.h"

namespace flashdiff::testing {
namespace {

using Real = long double;

/// Keys that query i sees, said once more in the words of the mask's definition.
bool sees(const Mask& mask, SequenceLengths lengths, int i, int j) {
  const int shift = lengths.kv_len - lengths.q_len;
  switch (mask.kind) {
    case MaskKind::none: return true;
    case MaskKind::causal_top_left: return j <= i;
    case MaskKind::causal_bottom_right: return j <= i + shift;
    case MaskKind::window:
      return (mask.left == Mask::unbounded || j >= i + shift - mask.left) &&
             (mask.right == Mask::unbounded || j <= i + shift + mask.right);
  }
  return false;
}

void one_row(const Problem& problem, const LogicalData& data, int s, int head, int i, Attention& out) {
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
  const int kv_head = head / problem.group();
  std::vector<int> keys;
  std::vector<Real> scores;
  for (int j = 0; j < lengths.kv_len; ++j) {
    if (!sees(problem.mask, lengths, i, j)) continue;
    Real dot = 0;
    for (int c = 0; c < problem.d_qk; ++c)
      dot += static_cast<Real>(data.q.row(s, head, i)[c]) * static_cast<Real>(data.k.row(s, kv_head, j)[c]);
    Real score = dot * static_cast<Real>(problem.softmax_scale());
    if (problem.softcap) score = *problem.softcap * std::tanh(score / *problem.softcap);
    const int distance = std::abs(i + lengths.kv_len - lengths.q_len - j);
    if (problem.alibi) score -= static_cast<Real>(alibi_slope(problem, head)) * distance;
    keys.push_back(j);
    scores.push_back(score);
  }
  double* o = out.o.row(s, head, i);
  double& lse = *out.lse.row(s, head, i);
  std::fill(o, o + problem.d_v, 0.0);
  lse = problem.sink ? sink_logit(problem, head) : -std::numeric_limits<double>::infinity();
  if (keys.empty()) return;

  const Real max = std::max(static_cast<Real>(lse), *std::max_element(scores.begin(), scores.end()));
  std::vector<Real>& weights = scores;
  Real sum = std::exp(static_cast<Real>(lse) - max);
  for (Real& weight : weights) {
    weight = std::exp(weight - max);
    sum += weight;
  }
  lse = static_cast<double>(max + std::log(sum));
  for (int c = 0; c < problem.d_v; ++c) {
    Real value = 0;
    for (std::size_t n = 0; n < keys.size(); ++n)
      value += weights[n] * static_cast<Real>(data.v.row(s, kv_head, keys[n])[c]);
    o[c] = static_cast<double>(value / sum);
  }
}

}  // namespace

Attention naive_attention(const Problem& problem, const LogicalData& data) {
  std::vector<int> rows;
  for (const SequenceLengths& lengths : problem.sequences) rows.push_back(lengths.q_len);
  Attention out{LogicalTensor<double>(rows, problem.h_q, problem.d_v),
                LogicalTensor<double>(rows, problem.h_q, 1)};
  for (int s = 0; s < problem.batch(); ++s)
    for (int head = 0; head < problem.h_q; ++head)
      for (int i = 0; i < out.o.rows(s); ++i) one_row(problem, data, s, head, i, out);
  return out;
}

NaiveGradients naive_backward(const Problem& problem, const LogicalData& data) {
  std::vector<int> q_rows, kv_rows;
  for (const SequenceLengths& lengths : problem.sequences) {
    q_rows.push_back(lengths.q_len);
    kv_rows.push_back(lengths.kv_len);
  }
  const Gradients zeros{{q_rows, problem.h_q, problem.d_qk},
                        {kv_rows, problem.h_kv, problem.d_qk},
                        {kv_rows, problem.h_kv, problem.d_v}};
  NaiveGradients out{zeros, zeros};
  const Real scale = static_cast<Real>(problem.softmax_scale());
  const auto dot = [](const float* a, const float* b, int n, Real& magnitude) {
    Real sum = 0;
    magnitude = 0;
    for (int c = 0; c < n; ++c) {
      const Real term = static_cast<Real>(a[c]) * static_cast<Real>(b[c]);
      sum += term;
      magnitude += std::fabs(term);
    }
    return sum;
  };
  const auto add = [](LogicalTensor<double>& values, LogicalTensor<double>& magnitudes, int s, int head,
                      int row, const float* of, Real weight, Real size) {
    for (int c = 0; c < values.width(); ++c) {
      values.row(s, head, row)[c] += static_cast<double>(weight * static_cast<Real>(of[c]));
      magnitudes.row(s, head, row)[c] += static_cast<double>(size * std::fabs(static_cast<Real>(of[c])));
    }
  };
  for (int s = 0; s < problem.batch(); ++s)
    for (int head = 0; head < problem.h_q; ++head)
      for (int i = 0; i < out.values.dq.rows(s); ++i)
        for (int j = 0; j < out.values.dk.rows(s); ++j) {
          if (!sees(problem.mask, problem.sequences[static_cast<std::size_t>(s)], i, j)) continue;
          const int kv_head = head / problem.group();
          const float *q = data.q.row(s, head, i), *k = data.k.row(s, kv_head, j);
          const float *v = data.v.row(s, kv_head, j), *d_o = data.d_o.row(s, head, i);
          Real of_s = 0, of_dp = 0, of_d = 0;
          Real score = dot(q, k, problem.d_qk, of_s) * scale, slope = 1;
          if (problem.softcap) {
            const Real cosh = std::cosh(score / *problem.softcap);
            slope = 1 / (cosh * cosh);
            score = *problem.softcap * std::tanh(score / *problem.softcap);
          }
          const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
          if (problem.alibi)
            score -= static_cast<Real>(alibi_slope(problem, head)) *
                     std::abs(i + lengths.kv_len - lengths.q_len - j);
          const Real p = std::exp(score - static_cast<Real>(*data.lse.row(s, head, i)));
          const Real dp = dot(d_o, v, problem.d_v, of_dp);
          const Real d = dot(d_o, data.o.row(s, head, i), problem.d_v, of_d);
          const Real ds = p * (dp - d) * slope, size = p * (of_dp + of_d);
          add(out.values.dq, out.magnitudes.dq, s, head, i, k, scale * ds, scale * size);
          add(out.values.dk, out.magnitudes.dk, s, kv_head, j, q, scale * ds, scale * size);
          add(out.values.dv, out.magnitudes.dv, s, kv_head, j, d_o, p, p);
        }
  return out;
}

}  // namespace flashdiff::testing
