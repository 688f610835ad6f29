#pragma once
#include "harness/problem/logical.h"
#include "reference/eigen_types.h"
#include "reference/row_blocks.h"

namespace flashdiff::detail {

/// Rows of a tensor that belong to a block, as columns: the heads of a group lie one behind the other.
template <class T>
auto columns(LogicalTensor<T>& tensor, BlockPlace at) {
  return Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>(
      tensor.matrix(at.sequence, at.first_head) + static_cast<std::ptrdiff_t>(at.rows.first) * tensor.width(),
      tensor.width(), at.rows.count);
}
template <class T>
auto columns(const LogicalTensor<T>& tensor, BlockPlace at) {
  return Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>(
      tensor.matrix(at.sequence, at.first_head) + static_cast<std::ptrdiff_t>(at.rows.first) * tensor.width(),
      tensor.width(), at.rows.count);
}

// Maps below point into memory of the thread that built them: valid until it builds the next of the same
// kind.

/// Query rows of a block in double, the softmax scale multiplied in: d_qk x rows.
[[nodiscard]] Matrix scaled_queries(const LogicalData& data, double scale, BlockPlace at);

/// One K/V head of one sequence in double, converted once for all query heads that share it. Columns are
/// keys.
struct KeyValues {
  Matrix k;  ///< d_qk x kv_len
  Matrix v;  ///< d_v x kv_len
};
[[nodiscard]] KeyValues key_values(const LogicalData& data, int sequence, int kv_head);

/// What the budget asks beyond values: magnitudes and squares, in f32, since a bound needs no more than a few
/// digits and a product in f32 costs half; scaled so that nothing overflows. `floor`: magnitudes of Q and K
/// are raised to it first (budget::exponent_floor).
struct QueryBounds {
  FloatMatrix magnitude;  ///< d_qk x rows; |q_ic| / ||q_i||
  Row norm;               ///< rows; ||q_i||
};
[[nodiscard]] QueryBounds query_bounds(const LogicalData& data, double floor, BlockPlace at);
struct KeyValueBounds {
  Row v_largest;            ///< d_v; max_j |v_jc|
  FloatMatrix v_squared;    ///< d_v x kv_len; (v_jc / v_largest_c)^2
  FloatMatrix k_magnitude;  ///< kv_len x d_qk, a column a coordinate; |k_jc| / k_norm_largest
  double k_norm_largest = 0, v_norm_largest = 0;
};
[[nodiscard]] KeyValueBounds key_value_bounds(const KeyValues& kv, double floor);

}  // namespace flashdiff::detail
