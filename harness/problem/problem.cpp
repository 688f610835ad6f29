#include "harness/problem/problem.h"

#include <algorithm>
#include <cmath>

namespace flashdiff {

KeyRange visible_keys(const Mask& mask, SequenceLengths lengths, int i) {
  // 64 bits: a window bound near the largest int must not wrap when the offset is added.
  const std::int64_t keys = lengths.kv_len;
  const std::int64_t diagonal = std::int64_t{i} + lengths.kv_len - lengths.q_len;
  std::int64_t first = 0;
  std::int64_t last = keys - 1;
  switch (mask.kind) {
    case MaskKind::none: break;
    case MaskKind::causal_top_left: last = i; break;
    case MaskKind::causal_bottom_right: last = diagonal; break;
    case MaskKind::window:
      if (mask.left != Mask::unbounded) first = diagonal - mask.left;
      if (mask.right != Mask::unbounded) last = diagonal + mask.right;
      break;
  }
  const std::int64_t begin = std::clamp<std::int64_t>(first, 0, keys);
  const std::int64_t end = std::clamp<std::int64_t>(last + 1, begin, keys);
  return {static_cast<int>(begin), static_cast<int>(end)};
}

double Problem::softmax_scale() const {
  if (scale) return *scale;
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(d_qk)));
}

int Problem::rope_dim() const { return rope ? rope->dim.value_or(d_qk / 2 * 2) : 0; }

std::int64_t Problem::pairs() const {
  std::int64_t total = 0;
  for (const SequenceLengths& lengths : sequences)
    for (int i = 0; i < lengths.q_len; ++i) total += visible_keys(mask, lengths, i).size();
  return total;
}

double Problem::forward_flops() const { return 2.0 * h_q * static_cast<double>(pairs()) * (d_qk + d_v); }

double Problem::backward_flops() const {
  return 2.0 * h_q * static_cast<double>(pairs()) * (3.0 * d_qk + 2.0 * d_v);
}

double Problem::append_flops() const {
  double tokens = 0;
  for (const SequenceLengths& lengths : sequences) tokens += lengths.q_len;
  return 6.0 * tokens * (h_q + h_kv) * (rope_dim() / 2);
}

double Problem::useful_flops() const {
  switch (pass) {
    case Pass::forward: return forward_flops();
    case Pass::backward: return backward_flops();
    case Pass::append: return append_flops();
  }
  return 0;
}

namespace {

Phase phase_of_one(SequenceLengths lengths) {
  if (lengths.q_len == lengths.kv_len) return Phase::prefill;
  if (lengths.q_len == 1 && lengths.kv_len > 1) return Phase::decode;
  if (lengths.q_len > 1 && lengths.q_len < lengths.kv_len) return Phase::chunked;
  return Phase::cross;
}

}  // namespace

Phase phase_of(const Problem& problem) {
  if (problem.sequences.empty()) return Phase::cross;
  const Phase first = phase_of_one(problem.sequences.front());
  const bool same = std::all_of(problem.sequences.begin(), problem.sequences.end(),
                                [first](SequenceLengths lengths) { return phase_of_one(lengths) == first; });
  return same ? first : Phase::mixed;
}

}  // namespace flashdiff
