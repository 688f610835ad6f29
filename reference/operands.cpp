#include "reference/operands.h"

#include <algorithm>
#include <cmath>

namespace flashdiff::detail {
namespace {

Matrix converted(const LogicalTensor<float>& from, int sequence, int head, Scratch& into) {
  Matrix to = into.matrix(from.width(), from.rows(sequence));
  if (to.size() > 0)
    to = Eigen::Map<const Eigen::MatrixXf>(from.matrix(sequence, head), to.rows(), to.cols()).cast<double>();
  return to;
}

/// 1 / x, 0 for 0: what is divided by it is 0, too.
double inverse(double x) { return x > 0 ? 1 / x : 0.0; }

}  // namespace

Matrix scaled_queries(const LogicalData& data, double scale, BlockPlace at) {
  thread_local Scratch memory;
  Matrix q = memory.matrix(data.q.width(), at.rows.count);
  q = columns(data.q, at).cast<double>() * scale;
  return q;
}

KeyValues key_values(const LogicalData& data, int sequence, int kv_head) {
  thread_local Scratch k, v;
  return {converted(data.k, sequence, kv_head, k), converted(data.v, sequence, kv_head, v)};
}

QueryBounds query_bounds(const LogicalData& data, double floor, BlockPlace at) {
  thread_local FloatScratch magnitude;
  thread_local Scratch norm;
  thread_local Eigen::ArrayXd raised;
  const auto q = columns(data.q, at);
  QueryBounds bounds{magnitude.matrix(q.rows(), q.cols()), norm.row(q.cols())};
  for (Eigen::Index r = 0; r < q.cols(); ++r) {
    raised = q.col(r).cast<double>().array().abs().max(floor);
    bounds.norm(r) = std::sqrt(raised.square().sum());
    bounds.magnitude.col(r) = (raised * inverse(bounds.norm(r))).cast<float>();
  }
  return bounds;
}

KeyValueBounds key_value_bounds(const KeyValues& kv, double floor) {
  thread_local Scratch largest;
  thread_local FloatScratch squares, magnitudes;
  const Eigen::Index keys = kv.k.cols();
  KeyValueBounds bounds{largest.row(kv.v.rows()), squares.matrix(kv.v.rows(), keys),
                        magnitudes.matrix(kv.k.rows(), keys)};
  bounds.v_largest.setZero();
  double norm_squared = 0, v_norm_squared = 0;
  for (Eigen::Index j = 0; j < keys; ++j) {
    bounds.v_largest = bounds.v_largest.max(kv.v.col(j).array().abs());
    norm_squared = std::max(norm_squared, kv.k.col(j).array().abs().max(floor).square().sum());
    v_norm_squared = std::max(v_norm_squared, kv.v.col(j).squaredNorm());
  }
  bounds.k_norm_largest = std::sqrt(norm_squared);
  bounds.v_norm_largest = std::sqrt(v_norm_squared);

  thread_local Eigen::ArrayXd of_v;
  of_v = bounds.v_largest.unaryExpr(&inverse);
  const double of_k = inverse(bounds.k_norm_largest);
  for (Eigen::Index j = 0; j < keys; ++j) {
    bounds.v_squared.col(j) = (kv.v.col(j).array() * of_v).square().cast<float>();
    bounds.k_magnitude.col(j) = (kv.k.col(j).array().abs().max(floor) * of_k).cast<float>();
  }
  return bounds;
}

}  // namespace flashdiff::detail
