#include "reference/key_values.h"

#include <cmath>

namespace flashdiff::detail {
namespace {

Matrix converted(const LogicalTensor<float>& from, int sequence, int head, Scratch& into) {
  Matrix to = into.matrix(from.width(), from.rows(sequence));
  if (to.size() > 0)
    to = Eigen::Map<const Eigen::MatrixXf>(from.matrix(sequence, head), to.rows(), to.cols()).cast<double>();
  return to;
}

}  // namespace

KeyValues key_values(const LogicalData& data, int sequence, int kv_head) {
  thread_local Scratch k, v;
  return {converted(data.k, sequence, kv_head, k), converted(data.v, sequence, kv_head, v)};
}

KeyValueBounds key_value_bounds(const KeyValues& kv, double floor) {
  thread_local Scratch largest, norms;
  thread_local FloatScratch squares;
  const Eigen::Index keys = kv.k.cols();
  KeyValueBounds bounds{largest.row(kv.v.rows()), squares.matrix(kv.v.rows(), keys), norms.row(keys)};
  bounds.v_largest.setZero();
  for (Eigen::Index j = 0; j < keys; ++j) {
    bounds.v_largest = bounds.v_largest.max(kv.v.col(j).array().abs());
    bounds.k_norm_squared(j) = kv.k.col(j).array().abs().max(floor).square().sum();
  }
  bounds.k_norm_largest = keys > 0 ? std::sqrt(bounds.k_norm_squared.maxCoeff()) : 0.0;

  thread_local Eigen::ArrayXd inverse;
  inverse = (bounds.v_largest > 0).select(1 / bounds.v_largest, 0.0);
  for (Eigen::Index j = 0; j < keys; ++j)
    bounds.v_squared.col(j) = (kv.v.col(j).array() * inverse).square().cast<float>();
  return bounds;
}

}  // namespace flashdiff::detail
