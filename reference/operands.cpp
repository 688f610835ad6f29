#include "reference/operands.h"

#include <algorithm>
#include <cmath>

#include "reference/raised.h"

namespace flashdiff::detail {
namespace {

Matrix converted(const LogicalTensor<float>& from, int sequence, int head, Scratch& into) {
  Matrix to = into.matrix(from.width(), from.rows(sequence));
  if (to.size() > 0)
    to = Eigen::Map<const Eigen::MatrixXf>(from.matrix(sequence, head), to.rows(), to.cols()).cast<double>();
  return to;
}

/// (values * factors)^2, column by column.
void scaled_squares(const double* values, const double* factors, Eigen::Index size, float* to) {
  const auto write = [&]<class Value>(Eigen::Index c, Value /*width*/) {
    const Value scaled = load<Value>(values + c) * load<Value>(factors + c);
    store(to + c, scaled * scaled);
  };
  Eigen::Index c = 0;
  for (; c + kLanes <= size; c += kLanes) write(c, Lanes{});
  for (; c < size; ++c) write(c, 0.0);
}

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
  const auto q = columns(data.q, at);
  QueryBounds bounds{magnitude.matrix(q.rows(), q.cols()), norm.row(q.cols())};
  for (Eigen::Index r = 0; r < q.cols(); ++r) {
    const float* const values = q.col(r).data();
    bounds.norm(r) = std::sqrt(raised_norm_squared(values, q.rows(), floor));
    raised(values, q.rows(), floor, inverse(bounds.norm(r)), bounds.magnitude.col(r).data());
  }
  return bounds;
}

KeyValueBounds key_value_bounds(const KeyValues& kv, double floor) {
  thread_local Scratch largest;
  thread_local FloatScratch squares, magnitudes, across;
  const Eigen::Index keys = kv.k.cols();
  KeyValueBounds bounds{largest.row(kv.v.rows()), squares.matrix(kv.v.rows(), keys),
                        across.matrix(keys, kv.k.rows())};
  bounds.v_largest.setZero();
  double norm_squared = 0, v_norm_squared = 0;
  for (Eigen::Index j = 0; j < keys; ++j) {
    bounds.v_largest = bounds.v_largest.max(kv.v.col(j).array().abs());
    norm_squared = std::max(norm_squared, raised_norm_squared(kv.k.col(j).data(), kv.k.rows(), floor));
    v_norm_squared = std::max(v_norm_squared, kv.v.col(j).squaredNorm());
  }
  bounds.k_norm_largest = std::sqrt(norm_squared);
  bounds.v_norm_largest = std::sqrt(v_norm_squared);

  thread_local Eigen::ArrayXd of_v;
  of_v = bounds.v_largest.unaryExpr(&inverse);
  const double of_k = inverse(bounds.k_norm_largest);
  for (Eigen::Index j = 0; j < keys; ++j)
    scaled_squares(kv.v.col(j).data(), of_v.data(), kv.v.rows(), bounds.v_squared.col(j).data());
  FloatMatrix k = magnitudes.matrix(kv.k.rows(), keys);
  raised(kv.k.data(), kv.k.size(), floor, of_k, k.data());
  bounds.k_magnitude = k.transpose();
  return bounds;
}

}  // namespace flashdiff::detail
