#pragma once
#include "harness/problem/problem.h"
#include "reference/eigen_types.h"
#include "reference/operands.h"
#include "reference/row_blocks.h"
#include "reference/score_modifiers.h"

namespace flashdiff::detail {

/// Attention of one block of query rows, columns are rows of the block. P is exp(score - max), unnormalised.
/// The maps point into memory of the thread that computed them: valid until it computes the next block.
struct SoftmaxBlock {
  Row max;     ///< largest score of each row, its sink included; -inf where there is none
  Row sum;     ///< sum of P over the row's keys and its sink; at least 1, 0 where there is none
  Matrix p_v;  ///< d_v x rows: sum of P * V
};

/// `q`: d_qk x rows, the softmax scale already multiplied in. Online softmax (Milakov and Gimelshein,
/// arXiv:1805.02867) over blocks of keys; keys that no row of the block sees are never read.
[[nodiscard]] SoftmaxBlock softmax_block(const Matrix& q, const KeyValues& kv, const BlockKeys& keys,
                                         const ScoreModifiers& modifiers);

/// The second moments under P that the budget asks for, in the same pass over the keys, in f32.
struct SoftmaxMoments {
  FloatMatrix p_v_squared;       ///< d_v x rows: sum of P * (V / v_largest)^2
  Eigen::ArrayXf p_dot_squared;  ///< rows: sum of P * (|q| . |k_j| / (||q|| k_norm_largest))^2
  Eigen::ArrayXf p_squared;      ///< rows: sum of P^2
  Eigen::ArrayXf p_rounding;     ///< rows: sum of what rounding to its dtype adds to P; 0 in f32
};

/// The least that a moment, divided by the row's sum, can be sure to be at most: its
/// terms are not negative, so with n keys and dot products of d terms it lost no more than (1.01 n + 2 d +
/// 64) 2^-24 of itself, and (n + 64) 2^-138 where factors underflow.
[[nodiscard]] double moment_bound(double computed, int keys, int d);
/// Of each of `size` moments times `per_sum`.
void moment_bounds(const float* computed, Eigen::Index size, double per_sum, int keys, int d, double* bounds);

struct SoftmaxBlockWithMoments {
  SoftmaxBlock block;
  SoftmaxMoments moments;
};
/// `p`: what P is rounded to.
[[nodiscard]] SoftmaxBlockWithMoments softmax_block(const Matrix& q, const KeyValues& kv,
                                                    const QueryBounds& q_bounds,
                                                    const KeyValueBounds& kv_bounds, const BlockKeys& keys,
                                                    const ScoreModifiers& modifiers, DType p);

}  // namespace flashdiff::detail
