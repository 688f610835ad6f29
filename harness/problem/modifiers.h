#pragma once
#include "harness/problem/problem.h"

/// What becomes of a score after the scale, in this order (as in FlashAttention: softcap, then ALiBi, then
/// the mask; csrc/flash_attn/src/flash_fwd_kernel.h):
///   s = scale q.k,  s = C tanh(s / C),  s = s - slope |i + kv_len - q_len - j|
/// and a sink adds exp(sink) to the row's sum of exp(s), and no value to O. A query that sees no key then
/// gives O = 0 and LSE = sink (flash_attn/cute/softmax.py, apply_learnable_sink).
namespace flashdiff {

/// Any of them.
[[nodiscard]] bool has_modifiers(const Problem& problem);

/// ALiBi's slope of a query head, 2^(-8 (head + 1) / h_q) (Press, Smith, Lewis, arXiv:2108.12409, section 3),
/// the nearest float, since a kernel is handed a float; the same rule where h_q is no power of two. 0 without
/// ALiBi.
[[nodiscard]] float alibi_slope(const Problem& problem, int head);

/// |i + kv_len - q_len - j|, the distance that ALiBi counts whatever the mask (Dao-AILab/flash-attention,
/// flash_attn_interface.py, alibi_slopes).
[[nodiscard]] int alibi_distance(SequenceLengths lengths, int query, int key);

/// The sink's logit of a query head; only where the problem has a sink. Seeded ones lie within 7 of 0.
[[nodiscard]] float sink_logit(const Problem& problem, int head);

}  // namespace flashdiff
