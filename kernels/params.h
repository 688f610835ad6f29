#pragma once
#include <cstdint>

/// What host plans and kernels share. Plain structs of fixed-width members: the host fills them, the kernel
/// reads them as they are.
namespace flashdiff::kernels {

/// A tensor as a kernel sees it: the row (sequence, row, head) starts at
///   base + (sequence * batch_stride + (first_row[sequence] + row) * row_stride + head * head_stride)
///   elements,
/// its columns are contiguous. 64-bit throughout: a cache of long sequences passes 2^31 elements
/// (FlashAttention #1500, #2260).
struct TensorView {
  std::uint64_t base = 0;  ///< device address of the element at offset 0, the placement's origin included
  std::int64_t batch_stride = 0;
  std::int64_t row_stride = 0;
  std::int64_t head_stride = 0;
};

/// Where one sequence's rows are, and how many: a first row makes left, right, both-sided padding and packed
/// batches alike.
struct Sequence {
  std::int64_t q_first_row = 0;
  std::int64_t kv_first_row = 0;
  std::int32_t q_len = 0;
  std::int32_t kv_len = 0;
};

/// Key j is visible to query i when -left <= j - (i + shift) <= right; shift is kv_len - q_len where
/// `bottom_right`, else 0.
struct MaskParams {
  static constexpr std::int32_t unbounded = std::int32_t{1} << 30;  ///< beyond any length, far from overflow
  std::int32_t bottom_right = 0;
  std::int32_t left = unbounded;
  std::int32_t right = unbounded;
};

/// Rows that a block works on: from first_row on of the queries, or of the keys, of one sequence.
struct RowTile {
  std::int32_t sequence = 0;
  std::int32_t first_row = 0;
};

/// What becomes of q.k on its way to a score in units of log2 (entries named `_mod`): x = q.k, or
/// tanh(q.k * softcap_argument); x * scale_log2 - slope * |i + kv_len - q_len - j|; and a sink in each row's
/// sum (forward: a backward pass is given an LSE that has it).
struct ModifierParams {
  float softcap_argument = 0;  ///< softmax scale / softcap; 0: no softcap. With one, scale_log2 is softcap *
                               ///< log2(e)
  std::int32_t reserved = 0;
  std::uint64_t slopes = 0;  ///< device address of ALiBi's slope of each query head, in the kernel's units;
                             ///< 0: none
  std::uint64_t sinks = 0;   ///< the same of each query head's sink
};

struct ForwardParams {
  TensorView q, k, v, o, lse;
  std::uint64_t sequences = 0;    ///< device address of one Sequence a batch entry
  std::uint64_t query_tiles = 0;  ///< device address of RowTiles, where the plan lists them; block i has
                                  ///< tile i / heads, head i % heads
  std::int32_t heads = 1;         ///< query heads
  std::int32_t group = 1;         ///< query heads that share a K/V head
  std::int32_t d_qk = 0, d_v = 0;
  MaskParams mask;
  float scale_log2 = 0;  ///< softmax scale times log2(e): the kernel works in powers of two
  ModifierParams modifiers;
};

/// The workspace of the backward pass has its own rows: those of a sequence begin at q_first_row (queries)
/// and kv_first_row (keys) of `workspace_sequences`, at multiples of 64.
struct BackwardParams {
  TensorView q, k, v, d_o;       ///< where the passes over tiles read: the tensors, or packed copies
  TensorView o, d_o_given, lse;  ///< for the row statistics: always the tensors themselves
  TensorView dq, dk, dv;
  std::uint64_t sequences = 0;            ///< device address of one Sequence a batch entry: rows of tensors
  std::uint64_t workspace_sequences = 0;  ///< the same for rows of the workspace
  std::uint64_t source_sequences = 0;     ///< which of the two q, k, v and d_o go by
  std::uint64_t tiles = 0;      ///< device address of RowTiles; block i has tile i / heads, head i % heads
  std::uint64_t stats = 0;      ///< f32 [2][query heads][query_rows]: LSE in powers of two, then D
  std::uint64_t dq_sum = 0;     ///< f32 fragments of dQ / scale, see backward_gradients.cuh
  std::int64_t query_rows = 0;  ///< of the workspace
  std::int32_t heads = 1;       ///< of the side that owns: query heads, or K/V heads
  std::int32_t query_heads = 1;
  std::int32_t group = 1;  ///< query heads that share a K/V head
  std::int32_t d_qk = 0, d_v = 0;
  std::int32_t dim = 0;      ///< columns of a tile
  std::int32_t aligned = 1;  ///< rows of all tensors start at multiples of 16 bytes
  MaskParams mask;
  float scale = 0;       ///< softmax scale, which gradients are multiplied with
  float scale_log2 = 0;  ///< as ForwardParams has it
  ModifierParams modifiers;
};

/// Rows of one tensor, copied to where every row starts at a multiple of 16 bytes.
struct PackParams {
  TensorView from, to;
  std::uint64_t from_sequences = 0, to_sequences = 0, tiles = 0;
  std::int32_t of_queries = 0;  ///< 1: rows of queries; 0: of keys
  std::int32_t heads = 1;
  std::int32_t width = 0;  ///< columns
};

}  // namespace flashdiff::kernels
