#pragma once
#include <cstdint>

#include "kernels/paging.h"
#include "kernels/params.h"

/// What append_kv and its plan share.
namespace flashdiff::kernels {

/// Token `index` of the new ones of a sequence.
struct NewToken {
  std::int32_t sequence = 0;
  std::int32_t index = 0;
};

struct AppendParams {
  static constexpr int kMostDim = 256;  ///< columns that are turned
  static constexpr int kThreads = 128;  ///< of a block, at most

  TensorView q, k_new, v_new;   ///< rows of the new tokens
  TensorView q_rot;             ///< the same
  TensorView k, v;              ///< the cache
  TensorView rope;              ///< f32; the row of a position: cos of rope_dim / 2 pairs, then sin
  Paging pages;                 ///< of the cache
  std::uint64_t sequences = 0;  ///< device address of one Sequence a batch entry: kv_first_row and kv_len are
                                ///< those of the whole cache, new tokens included
  std::uint64_t tokens = 0;     ///< device address of NewTokens; block i has token i
  std::int32_t q_heads = 1, kv_heads = 1;
  std::int32_t d_qk = 0, d_v = 0;
  std::int32_t rope_dim = 0;  ///< columns of Q and K that are turned; 0: none
};

}  // namespace flashdiff::kernels
