#pragma once
#include "harness/problem/logical.h"
#include "reference/eigen_types.h"

namespace flashdiff::detail {

/// One K/V head of one sequence in double, converted once for all query heads that share it. Columns are
/// keys. The maps point into memory of the thread that built them: valid until it builds the next.
struct KeyValues {
  Matrix k;  ///< d_qk x kv_len
  Matrix v;  ///< d_v x kv_len
};
[[nodiscard]] KeyValues key_values(const LogicalData& data, int sequence, int kv_head);

/// What the budget asks of K and V beyond their values.
struct KeyValueBounds {
  Row v_largest;          ///< d_v; max_j |v_jc|
  FloatMatrix v_squared;  ///< d_v x kv_len; (v_jc / v_largest_c)^2, in f32: a bound needs no more, at half
                          ///< the price of a product in double; softmax_block.h says how far it is off
  Row k_norm_squared;  ///< kv_len; ||k_j||^2, each |k_jc| raised to `floor` first
  double k_norm_largest = 0;
};
[[nodiscard]] KeyValueBounds key_value_bounds(const KeyValues& kv, double floor);

}  // namespace flashdiff::detail
