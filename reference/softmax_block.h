#pragma once
#include "reference/eigen_types.h"
#include "reference/key_values.h"
#include "reference/row_blocks.h"

namespace flashdiff::detail {

/// Attention of one block of query rows, columns are rows of the block. P is exp(score - max), unnormalised.
/// The maps point into memory of the thread that computed them: valid until it computes the next block.
struct SoftmaxBlock {
  Row max;     ///< largest score of each row; -inf where the row sees no key
  Row sum;     ///< sum of P over the row's keys; at least 1, 0 where the row sees no key
  Matrix p_v;  ///< d_v x rows: sum of P * V
};

/// `q`: d_qk x rows, the softmax scale already multiplied in. Online softmax (Milakov and Gimelshein,
/// arXiv:1805.02867) over blocks of keys; keys that no row of the block sees are never read.
[[nodiscard]] SoftmaxBlock softmax_block(const Matrix& q, const KeyValues& kv, const BlockKeys& keys);

/// The second moments under P that the budget asks for, in the same pass over the keys.
struct SoftmaxMoments {
  /// d_v x rows: sum of P * (V / v_largest)^2, in f32. Terms are not negative, so that it is off by at most
  /// (n + 16) 2^-24 of itself (n keys: three roundings of the factors, n of the sum and of its rescaling),
  /// and n 2^-148 where factors underflow.
  FloatMatrix p_v_squared;
  Row p_k_norm_squared;  ///< rows: sum of P * ||k||^2
};
struct SoftmaxBlockWithMoments {
  SoftmaxBlock block;
  SoftmaxMoments moments;
};
[[nodiscard]] SoftmaxBlockWithMoments softmax_block(const Matrix& q, const KeyValues& kv,
                                                    const KeyValueBounds& bounds, const BlockKeys& keys);

}  // namespace flashdiff::detail
