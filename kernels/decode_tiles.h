#pragma once
#include <cstdint>

#include "kernels/paging.h"
#include "kernels/params.h"

/// What flash_decode and its plan share: tile shapes and parameters.
namespace flashdiff::kernels {

/// A block's four warps share out rows (query heads of one K/V head times new tokens) and keys of a tile.
struct DecodeTiles {
  int dim;     ///< columns of a tile of K or V; smaller head dims are filled up with zeros
  int rows;    ///< 16: each warp has a quarter of a tile's keys; 64: a quarter of the rows
  int stages;  ///< slots through which K and V of each kv tile pass in turn

  static constexpr int kThreads = 128;
  static constexpr int kKeys = 64;  ///< of a kv tile

  [[nodiscard]] constexpr int row_warps() const { return rows / 16; }
  [[nodiscard]] constexpr int key_warps() const { return 4 / row_warps(); }
  [[nodiscard]] constexpr int query_bytes() const { return rows * 2 * dim; }
  [[nodiscard]] constexpr int slot_bytes() const { return kKeys * 2 * dim; }
  [[nodiscard]] constexpr int shared_bytes() const { return query_bytes() + stages * slot_bytes(); }
};

/// Shared memory stays below 100 KiB, which every GPU since 2020 has.
inline constexpr DecodeTiles kDecodeTiles[] = {{64, 16, 4},  {64, 64, 4},  {128, 16, 4},
                                               {128, 64, 4}, {256, 16, 2}, {256, 64, 2}};

/// Of entries with score modifiers, from this one on: smaller head dims take the shapes of 128, where what is
/// read is the same. Rows at any address have one shape, the last.
inline constexpr int kFirstModified = 2;

/// A split: rows of one sequence, over some of its keys. Row r is query r / group, head r % group of the
/// group. Block i has split i / kv_heads, K/V head i % kv_heads.
struct DecodeSplit {
  std::int32_t sequence = 0, first_row = 0;
  std::int32_t key_begin = 0, key_end = 0;  ///< none where the rows see none
  std::int32_t slot = -1;                   ///< of the workspace; -1: the only split of its rows writes O
};

/// Splits whose partial results lie in slots first_slot to first_slot + splits - 1 and become O.
struct DecodeMerge {
  std::int32_t sequence = 0, first_row = 0;
  std::int32_t first_slot = 0, splits = 0;
};

struct DecodeParams {
  TensorView q, k, v, o, lse;
  Paging pages;
  std::uint64_t sequences = 0;  ///< device address of one Sequence a batch entry
  std::uint64_t splits = 0;     ///< of DecodeSplit
  std::uint64_t merges = 0;     ///< of DecodeMerge
  std::uint64_t partial_o = 0;  ///< f32 [slot][kv head][rows][d_v, rounded up to 4], not yet divided
  std::uint64_t partial_l = 0;  ///< f32 [slot][kv head][rows][2]: largest score, sum of weights
  std::int32_t kv_heads = 1;
  std::int32_t group = 1;  ///< query heads that share a K/V head
  std::int32_t rows = 16;  ///< of a block
  std::int32_t d_qk = 0, d_v = 0;
  std::int32_t aligned = 0;  ///< rows of all tensors start at multiples of 16 bytes
  MaskParams mask;
  float scale_log2 = 0;  ///< as ForwardParams has it
  ModifierParams modifiers;
};

}  // namespace flashdiff::kernels
