#include "reference/softmax_block.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/bound_product.h"
#include "reference/lanes.h"
#include "reference/rounding_of.h"

namespace flashdiff::detail {
namespace {

constexpr int kKeys = 256;  ///< keys a step: scores of 64 rows then fill a quarter of a 512 KiB cache

/// Below exp(-700) a weight counts for nothing beside the row's largest, which is 1; the clamp keeps it a
/// normal number (subnormals are slow in some products).
constexpr double kSmallestExponent = -700.0;

/// Keys [begin, begin + size) as seen from one row: columns of the step outside of them have weight 0.
KeyRange seen_in_step(KeyRange row, int begin, int size) {
  return {std::clamp(row.begin - begin, 0, size), std::clamp(row.end - begin, 0, size)};
}

/// Scores of one row in one step become weights in place. Returns the factor that brings what was summed
/// before to the new maximum.
template <class Scores>
double weigh(Scores&& scores, KeyRange seen, double& max, double& sum) {
  scores.head(seen.begin).setZero();
  scores.tail(scores.size() - seen.end).setZero();
  auto mine = scores.segment(seen.begin, seen.size());
  const double new_max = std::max(max, mine.maxCoeff());
  const double factor = std::exp(max - new_max);  // 0 at the row's first keys, where max is -inf
  mine = (mine - new_max).max(kSmallestExponent).exp();
  sum = sum * factor + mine.sum();
  max = new_max;
  return factor;
}

/// One pass over the keys. `rescale(row, factor)` is told when a row's maximum moves, `add(begin, weights)`
/// gets the weights of each step: keys x rows, first key `begin`.
template <class Rescale, class Add>
void for_each_step(const Matrix& q, const KeyValues& kv, const BlockKeys& keys,
                   const ScoreModifiers& modifiers, Row& max, Row& sum, Rescale rescale, Add add) {
  thread_local Scratch scores_memory;
  max.setConstant(-std::numeric_limits<double>::infinity());
  sum.setZero();
  if (!modifiers.sink.empty()) {  // a key that all rows have seen before the first, and that has no value
    max = Eigen::Map<const Eigen::ArrayXd>(modifiers.sink.data(), max.size());
    sum.setOnes();
  }
  for (int begin = keys.all.begin; begin < keys.all.end; begin += kKeys) {
    const int size = std::min(kKeys, keys.all.end - begin);
    Matrix scores = scores_memory.matrix(size, q.cols());
    scores.noalias() = kv.k.middleCols(begin, size).transpose() * q;
    for (Eigen::Index r = 0; r < q.cols(); ++r) {
      const KeyRange seen = seen_in_step(keys.of_row[static_cast<std::size_t>(r)], begin, size);
      if (seen.empty()) {
        scores.col(r).setZero();
        continue;
      }
      modifiers.apply(scores.col(r).array(), begin, r);
      const double factor = weigh(scores.col(r).array(), seen, max(r), sum(r));
      if (factor != 1.0) rescale(r, factor);
    }
    add(begin, scores);
  }
}

/// A plain loop: the compiler vectorises it where Eigen 3.4's cast does not.
void narrow(const Matrix& from, FloatMatrix& to) {
  const double* in = from.data();
  float* out = to.data();
  for (Eigen::Index i = 0; i < from.size(); ++i) out[i] = static_cast<float>(in[i]);
}

/// What f32 may have lost of a moment.
struct MomentLoss {
  double factor, absolute;
};
MomentLoss moment_loss(int keys, int d) {
  const double open = (1.01 * keys + 2 * d + 64) * 0x1p-24;
  return {1 / (1 - open), (keys + 64) * 0x1p-138};
}

// Eight sums at once of a row's few keys: Eigen's own reductions look for where a column is aligned first.
using Eight = Eigen::Array<float, 8, 1>;
Eight eight(const float* from) { return Eigen::Map<const Eight>(from); }

/// Sum of p * dots^2.
float weighted_squares(const float* p, const float* dots, Eigen::Index size) {
  Eight sums = Eight::Zero();
  Eigen::Index j = 0;
  for (; j + 8 <= size; j += 8) sums += eight(p + j) * eight(dots + j) * eight(dots + j);
  float sum = sums.sum();
  for (; j < size; ++j) sum += p[j] * dots[j] * dots[j];
  return sum;
}

/// Sums of p^2 and of what rounding adds.
struct RoundingSums {
  float squares, added;
};
RoundingSums rounding_sums(const float* p, const float* adds, Eigen::Index size) {
  Eight squares = Eight::Zero(), added = Eight::Zero();
  Eigen::Index j = 0;
  for (; j + 8 <= size; j += 8) {
    squares += eight(p + j) * eight(p + j);
    added += eight(adds + j);
  }
  RoundingSums sums{squares.sum(), added.sum()};
  for (; j < size; ++j) {
    sums.squares += p[j] * p[j];
    sums.added += adds[j];
  }
  return sums;
}

SoftmaxBlock empty_block(Eigen::Index rows, Eigen::Index d_v) {
  thread_local Scratch max, sum, p_v;
  SoftmaxBlock block{max.row(rows), sum.row(rows), p_v.matrix(d_v, rows)};
  block.p_v.setZero();
  return block;
}

}  // namespace

double moment_bound(double computed, int keys, int d) {
  const MomentLoss loss = moment_loss(keys, d);
  return (computed + loss.absolute) * loss.factor;
}

void moment_bounds(const float* computed, Eigen::Index size, double per_sum, int keys, int d,
                   double* bounds) {
  const MomentLoss loss = moment_loss(keys, d);
  const auto write = [&]<class Value>(Eigen::Index c, Value /*width*/) {
    store(bounds + c, (load<Value>(computed + c) * per_sum + loss.absolute) * loss.factor);
  };
  Eigen::Index c = 0;
  for (; c + kLanes <= size; c += kLanes) write(c, Lanes{});
  for (; c < size; ++c) write(c, 0.0);
}

SoftmaxBlock softmax_block(const Matrix& q, const KeyValues& kv, const BlockKeys& keys,
                           const ScoreModifiers& modifiers) {
  SoftmaxBlock block = empty_block(q.cols(), kv.v.rows());
  for_each_step(
      q, kv, keys, modifiers, block.max, block.sum,
      [&](Eigen::Index r, double factor) { block.p_v.col(r) *= factor; },
      [&](int begin, const Matrix& weights) {
        block.p_v.noalias() += kv.v.middleCols(begin, weights.rows()) * weights;
      });
  return block;
}

SoftmaxBlockWithMoments softmax_block(const Matrix& q, const KeyValues& kv, const QueryBounds& q_bounds,
                                      const KeyValueBounds& kv_bounds, const BlockKeys& keys,
                                      const ScoreModifiers& modifiers, DType p_dtype) {
  thread_local FloatScratch p_v_squared, weights_memory, dots_memory;
  SoftmaxBlock block = empty_block(q.cols(), kv.v.rows());
  SoftmaxMoments moments{p_v_squared.matrix(kv.v.rows(), q.cols()), Eigen::ArrayXf::Zero(q.cols()),
                         Eigen::ArrayXf::Zero(q.cols()), Eigen::ArrayXf::Zero(q.cols())};
  moments.p_v_squared.setZero();
  for_each_step(
      q, kv, keys, modifiers, block.max, block.sum,
      [&](Eigen::Index r, double factor) {
        block.p_v.col(r) *= factor;
        moments.p_v_squared.col(r) *= static_cast<float>(factor);
        moments.p_dot_squared(r) *= static_cast<float>(factor);
        moments.p_squared(r) *= static_cast<float>(factor * factor);
        moments.p_rounding(r) *= static_cast<float>(factor);
      },
      [&](int begin, const Matrix& weights) {
        const Eigen::Index size = weights.rows();
        block.p_v.noalias() += kv.v.middleCols(begin, size) * weights;
        FloatMatrix p = weights_memory.matrix(size, q.cols());
        narrow(weights, p);
        bound_product(kv_bounds.v_squared.middleCols(begin, size), p, moments.p_v_squared, Product::added);
        FloatMatrix dots = dots_memory.matrix(size, q.cols());
        bound_product(kv_bounds.k_magnitude.middleRows(begin, size), q_bounds.magnitude, dots,
                      Product::written);
        for (Eigen::Index r = 0; r < q.cols(); ++r)
          moments.p_dot_squared(r) += weighted_squares(p.col(r).data(), dots.col(r).data(), size);
        if (p_dtype == DType::f32) return;
        rounding_of(p.data(), p.size(), p_dtype, dots.data());
        for (Eigen::Index r = 0; r < q.cols(); ++r) {
          const RoundingSums of = rounding_sums(p.col(r).data(), dots.col(r).data(), size);
          moments.p_squared(r) += of.squares;
          moments.p_rounding(r) += of.added;
        }
      });
  return {block, moments};
}

}  // namespace flashdiff::detail
