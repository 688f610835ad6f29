#include "harness/problem/modifiers.h"

#include <cmath>
#include <cstdlib>

#include "harness/problem/random_bits.h"

namespace flashdiff {

bool has_modifiers(const Problem& problem) { return problem.softcap || problem.alibi || problem.sink; }

float alibi_slope(const Problem& problem, int head) {
  if (!problem.alibi) return 0.0f;
  return static_cast<float>(std::exp2(-8.0 * (head + 1) / problem.h_q));
}

int alibi_distance(SequenceLengths lengths, int query, int key) {
  return std::abs(query + lengths.kv_len - lengths.q_len - key);
}

float sink_logit(const Problem& problem, int head) {
  if (problem.sink->logit) return *problem.sink->logit;
  constexpr std::uint64_t kPurpose = 0x73696e6b;  // "sink": apart from the values of Q, K and V
  const detail::RowKey key(
      detail::folded(detail::folded(problem.seed, kPurpose), static_cast<std::uint64_t>(head)));
  return 2 * detail::normal_value(key.bits(0), key.bits(1));
}

}  // namespace flashdiff
