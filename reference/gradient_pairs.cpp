#include "reference/gradient_pairs.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>

#include "harness/problem/numbers.h"

namespace flashdiff::detail {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kU = 0x1p-24f;

/// Scores that are uncertain by more than this may overflow exp2 in a correct kernel.
constexpr float kLargestScoreError = 64;

/// Keeps units from 0, far below where anything but underflow counts.
constexpr double kSmallestUnit = 0x1p-100;

}  // namespace

double largest_finite(Accumulation how) {
  return how == Accumulation::f64 ? std::numeric_limits<double>::max() : format_of(DType::f32).largest_finite;
}

GradientPairs::GradientPairs(const Numerics& kernel, const budget::BackwardShape& shape)
    : kernel_(kernel),
      shape_(shape),
      terms_(budget::pair_terms(kernel, shape)),
      p_rounding_(budget::operand_rounding(kernel.p)),
      ds_rounding_(budget::operand_rounding(kernel.ds)),
      p_floor_(budget::exponent_floor(kernel.pv, kernel.p)),
      ds_floor_(budget::exponent_floor(kernel.pv, kernel.ds)),
      tiny_(budget::underflow(kernel.qk, kernel.flush_subnormals)),
      score_limit_(largest_finite(kernel.qk)) {}

GradientPairs::RowTerms GradientPairs::row_terms(const Norms& norms, double d_magnitude, double d,
                                                 double lse) const {
  const auto lost = [this](int terms, double a, double b) {
    return budget::dot_underflow(kernel_.qk, kernel_.flush_subnormals, terms, a, b);
  };
  const double lost_score = shape_.scale * lost(shape_.d_qk, norms.q, norms.k);
  RowTerms row;
  row.g = std::max(norms.d_o * std::max(norms.v, norms.o), kSmallestUnit);
  const double per_g = 1 / row.g;
  row.score = static_cast<float>(terms_.score * shape_.scale * norms.q * norms.k);
  double level = terms_.lse * std::fabs(lse) + terms_.exponential + 2 * tiny_ + lost_score;
  row.argument = static_cast<float>(terms_.argument * shape_.scale * norms.q * norms.k / shape_.softcap);
  row.tanh_tiny =
      static_cast<float>(terms_.tanh_tiny * std::max(1.0, 1 / shape_.softcap) + lost_score / shape_.softcap);
  // q.k, its products with the scale, log2(e) and 1 / softcap, dP and D all have to be finite.
  const double dot =
      norms.q * norms.k * std::max({1.0, shape_.scale * std::numbers::log2e, shape_.scale / shape_.softcap});
  if (!(1.01 * std::max(dot, 2 * row.g) < score_limit_)) level = std::numeric_limits<double>::infinity();
  row.level = static_cast<float>(level);
  row.dp = static_cast<float>(terms_.dp * norms.d_o * norms.v * per_g);
  row.fixed =
      static_cast<float>((terms_.dp * std::fabs(d) + terms_.d * d_magnitude +
                          lost(shape_.d_v, norms.d_o, norms.v) + lost(shape_.d_v, norms.d_o, norms.o)) *
                         per_g);
  row.ds_underflow = static_cast<float>(4 * tiny_ * per_g);
  row.ds_absolute = static_cast<float>(ds_rounding_.absolute * per_g);
  row.ds_overflow = static_cast<float>(ds_rounding_.overflow * per_g);
  row.ds_floor = static_cast<float>(ds_floor_ * per_g);
  return row;
}

void GradientPairs::add_bias(const ScoreModifiers& modifiers, Eigen::Index r, RowTerms& row) const {
  if (modifiers.slope.empty()) return;
  row.bias = static_cast<float>(terms_.bias * modifiers.slope[static_cast<std::size_t>(r)]);
  row.diagonal = modifiers.diagonal[static_cast<std::size_t>(r)];
}

void GradientPairs::bound_scores(const GradientStep& step, const RowTerms& row, Eigen::Index r, int first,
                                 int count, const float* dots) {
  epsilon_.resize(static_cast<std::size_t>(count));
  float* __restrict const error = epsilon_.data();
  if (step.tanh.size() == 0) {
    for (int j = 0; j < count; ++j) error[j] = dots[j] * row.score + row.level;
  } else {
    slope_.resize(epsilon_.size());
    slope_error_.resize(epsilon_.size());
    float* __restrict const slopes = slope_.data();
    float* __restrict const slope_errors = slope_error_.data();
    const auto cap = static_cast<float>(shape_.softcap), of_tanh = static_cast<float>(terms_.tanh);
    const auto of_capped = static_cast<float>(terms_.capped), rounding = static_cast<float>(terms_.slope);
    const double* const tanhs = step.tanh.col(r).data() + first;
    for (int j = 0; j < count; ++j) {
      const float tanh = std::fabs(static_cast<float>(tanhs[j]));
      const float slope = 1 - tanh * tanh + 4 * kU;  // at least what it is
      const float of_value =
          budget::tanh_moved(dots[j] * row.argument, slope) + of_tanh * tanh + row.tanh_tiny;
      error[j] = cap * (of_value + of_capped * tanh) + row.level;
      slopes[j] = slope;
      slope_errors[j] = budget::slope_error(tanh, of_value) + rounding;
    }
  }
  if (row.bias == 0) return;
  const int diagonal = row.diagonal - step.begin - first;
  for (int j = 0; j < count; ++j) error[j] += row.bias * static_cast<float>(std::abs(diagonal - j));
}

void GradientPairs::exponentials(int count) {
  Eigen::Map<Eigen::ArrayXf> epsilon(epsilon_.data(), count);
  if (epsilon.maxCoeff() <= 1)
    epsilon = epsilon * (1 + epsilon);  // e^H - 1 <= H + H^2 up to 1.79
  else
    epsilon = (epsilon <= kLargestScoreError).select(epsilon * epsilon.exp(), kInfinity);
}

/// Errors of P and dS:
///   |P~ - P| <= P (e^H - 1) + a
///   |dS~ - dS| <= P ((1 + eps) t + eps |T|) (1 + u) + u |dS| + a (|T| + t) + b, eps = e^H - 1
/// and with a softcap, E this bound and M = P |T|, once more for the product with F:
///   |dS~ - dS| <= (E (F + f) + M f) (1 + u) + u M F + a (|T| + t) + b
/// then each rounded to its dtype. Pointers that do not alias and constants that are copies: else the loop is
/// not vectorised.
template <bool kCapped>
void GradientPairs::bound_column(const RowTerms& terms, int count, const double* in_p, const double* in_t,
                                 Column to) const {
  const RowTerms row = terms;
  const double per_unit = 1 / row.g;
  const auto u = static_cast<float>(terms_.product);
  const auto a = static_cast<float>(terms_.weight_underflow);
  const auto p_relative = static_cast<float>(p_rounding_.relative);
  const auto p_absolute = static_cast<float>(p_rounding_.absolute);
  const auto p_floor = static_cast<float>(p_floor_);
  const auto ds_relative = static_cast<float>(ds_rounding_.relative);
  const double* __restrict const of_p = in_p;
  const double* __restrict const of_t = in_t;
  const float* __restrict const dots = to.value_dots;
  const float* __restrict const epsilon = epsilon_.data();
  [[maybe_unused]] const float* __restrict const slopes = slope_.data();
  [[maybe_unused]] const float* __restrict const slope_errors = slope_error_.data();
  float* __restrict const p = to.p;
  float* __restrict const p_error = to.p_error;
  float* __restrict const ds = to.ds;
  float* __restrict const ds_error = to.ds_error;
#pragma omp simd
  for (int j = 0; j < count; ++j) {
    const auto weight = static_cast<float>(of_p[j]);
    const auto size_of_t = static_cast<float>(std::fabs(of_t[j]) * per_unit);
    const float eps = epsilon[j];
    const float t = (row.dp * dots[j] + row.fixed) * (1 + u) + u * size_of_t;
    float m = weight * size_of_t;
    float e =
        weight * ((1 + eps) * t + eps * size_of_t) * (1 + u) + u * m + a * (size_of_t + t) + row.ds_underflow;
    if constexpr (kCapped) {
      const float slope = slopes[j], slope_error = slope_errors[j];
      e = (e * (slope + slope_error) + m * slope_error) * (1 + u) + u * m * slope;
      m *= slope;
      e += a * (size_of_t + t) + row.ds_underflow;
    }
    e += ds_relative * (m + e) + row.ds_absolute;
    const float error_of_p = weight * eps + a;
    p[j] = weight + p_floor;
    p_error[j] = error_of_p + p_relative * (weight + error_of_p) + p_absolute;
    ds[j] = m + row.ds_floor;
    ds_error[j] = m + e < row.ds_overflow ? e : kInfinity;
  }
}

void GradientPairs::bound(const GradientStep& step, const RowTerms& row, Eigen::Index r, int first, int last,
                          Column to) {
  const int count = last - first;
  bound_scores(step, row, r, first, count, to.dots);
  exponentials(count);
  const double* const p = step.p.col(r).data() + first;
  const double* const t = step.t.col(r).data() + first;
  if (step.tanh.size() == 0)
    bound_column<false>(row, count, p, t, to);
  else
    bound_column<true>(row, count, p, t, to);
}

}  // namespace flashdiff::detail
