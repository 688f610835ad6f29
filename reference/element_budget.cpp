#include "reference/element_budget.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include <Eigen/Core>

#include "harness/problem/numbers.h"

namespace flashdiff::detail {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Scores that are uncertain by more than this may overflow exp2 in a correct kernel.
constexpr double kLargestScoreError = 64;

double largest_finite(Accumulation how) {
  return how == Accumulation::f64 ? std::numeric_limits<double>::max() : format_of(DType::f32).largest_finite;
}

/// q.k, its product with the scale, with log2(e) and with 1 / softcap all have to be finite.
bool scores_may_overflow(const Numerics& kernel, const budget::Shape& shape, const budget::RowFacts& row) {
  const double dot = row.q_norm * row.k_norm_largest;
  const double factor = std::max({1.0, shape.scale * std::numbers::log2e, shape.scale / shape.softcap});
  return !(1.01 * factor * dot < largest_finite(kernel.qk));
}

// As the vector instructions have them; std::max takes references, which keep the loop below from
// vectorising.
double larger(double a, double b) { return a > b ? a : b; }
double smaller(double a, double b) { return a < b ? a : b; }

}  // namespace

namespace {

const Numerics& reference_numerics() {
  static const Numerics reference = budget::reference_numerics();
  return reference;
}

double either(double a, double b) { return (1 + a) * (1 + b) - 1; }

}  // namespace

RowBudget::Common RowBudget::common(const Numerics& kernel, const budget::RowFacts& row) {
  const Numerics& reference = reference_numerics();
  Common of;
  of.keys = row.keys;
  of.values = either(budget::value_sum(kernel, row), budget::value_sum(reference, row));
  const bool is_random = budget::p_rounds_at_random(kernel, row.has_alibi) && !kernel.sum_uses_rounded_p;
  // Its product with the other terms stays.
  of.values_lean = of.values - (is_random ? format_of(kernel.p).unit_roundoff : 0.0);
  of.sum = either(budget::row_sum(kernel, row), budget::row_sum(reference, row));
  of.division = either(budget::division(kernel), budget::division(reference));
  of.output = budget::output_rounding(kernel);
  of.accumulator_limit = largest_finite(kernel.pv);
  return of;
}

RowBudget::RowBudget(const Numerics& kernel, const budget::Shape& shape, const budget::RowFacts& row,
                     const Common& common)
    : keys_(row.keys),
      accumulator_limit_(common.accumulator_limit),
      division_(common.division),
      output_(common.output),
      lse_(kInfinity),
      lse_lean_(kInfinity) {
  const Numerics& reference = reference_numerics();
  const budget::WeightError of_kernel = budget::weights(kernel, shape, row);
  const budget::WeightError of_reference = budget::weights(reference, shape, row);
  const double mean = of_kernel.mean + of_reference.mean;
  const double largest = of_kernel.largest + of_reference.largest;
  unbounded_ = !(largest < kLargestScoreError) || scores_may_overflow(kernel, shape, row);
  if (unbounded_) return;

  const double stretch = std::exp(largest) * (largest > 0 ? std::expm1(largest) / largest : 1.0);
  weights_ = stretch * mean;
  // P's rounding is random up to its second order, which is the same for all keys.
  const double shared_p =
      budget::p_rounds_at_random(kernel, row.has_alibi) ? budget::shared_p_rounding(kernel).mean : 0.0;
  weights_lean_ = stretch * mean - shared_p * (1 - shared_p);
  // L' in the kernel's own units, where its largest weight is 1 up to e^H.
  const double least_sum = std::max(row.sum * std::exp(-2 * largest), std::exp(-largest));

  const budget::WeightUnderflow lost = budget::weight_underflow(kernel, row);
  const budget::ValueUnderflow lost_values = budget::value_underflow(kernel, shape, row);
  values_ = common.values;
  values_lean_ = common.values_lean;
  values_times_v_ = (keys_ * lost.in_values + lost_values.times_v) / least_sum;
  values_alone_ = lost_values.alone / least_sum;
  sum_ = common.sum + keys_ * lost.in_row_sum / least_sum;
  unbounded_ = !(sum_ < 1);
  if (unbounded_) return;

  // |ln(sum p_j e^(h_j))| <= e^H (e^H - 1)/H * sum p_j |h_j|, and at most H.
  lse_ = std::min(weights_, largest) + sum_ / (1 - sum_) + budget::lse_arithmetic(kernel, row) +
         budget::lse_arithmetic(reference, row) + budget::lse_rounding(kernel, row);
  lse_lean_ = lse_ - std::min(weights_, largest) + std::min(weights_lean_, largest);
}

double RowBudget::elements(std::span<const double> o, const double* second_moment, const double* v_largest,
                           double* budget, RowErrors& errors_of_row) const {
  const std::size_t size = o.size();
  if (unbounded_) {
    std::fill_n(budget, size, kInfinity);
    errors_of_row.lean = errors_of_row.weighted_lean = kInfinity;
    return 0.0;
  }
  const RowBudget t = *this;  // a local copy: the compiler knows that the loop does not write into it
  const double per_sum = 1 / (1 - t.sum_);
  const bool one_key = keys_ == 1;
  const double v_fits = t.accumulator_limit_ / keys_;
  // Pointers that do not alias, each element loaded once: else the loop is not vectorised.
  const double* __restrict const of_o = o.data();
  const double* __restrict const of_moment = second_moment;
  const double* __restrict const of_v = v_largest;
  double* __restrict const budgets = budget;
  double lean = 0, weighted_lean = 0, drop = 0;
#pragma omp simd reduction(+ : lean, weighted_lean) reduction(max : drop)
  for (std::size_t c = 0; c < size; ++c) {
    const double mean = std::fabs(of_o[c]), v = of_v[c];
    const double moment = of_moment[c] * v * v;
    const double deviation = std::sqrt(larger(moment - mean * mean, 0.0));
    const double shared = smaller(t.weights_ * deviation, v + mean);
    // sum p |v| <= sqrt(sum p v^2); under the erring weights it moves no more than O does, whose variance is
    // larger, and it stays below max|v|.
    const double magnitude = smaller(std::sqrt(moment) + shared, v);
    const double in_values = t.values_ * magnitude + t.values_times_v_ * v + t.values_alone_;
    double error = shared + (in_values + (mean + shared) * t.sum_) * per_sum;
    error += (mean + error) * t.division_;
    error += (mean + error) * t.output_.relative + t.output_.absolute;
    const double shared_lean = smaller(t.weights_lean_ * deviation, v + mean);
    const double in_values_lean = t.values_lean_ * magnitude + t.values_times_v_ * v + t.values_alone_;
    double leaning = shared_lean + (in_values_lean + (mean + shared) * t.sum_) * per_sum;
    leaning += (mean + leaning) * (t.division_ + t.output_.on_the_way) + t.output_.absolute;
    lean += leaning;
    weighted_lean += leaning * mean;
    const double dropped = (one_key ? mean : deviation) / error;
    drop = larger(dropped, drop);
    const double if_sums_fit = v < v_fits ? error : kInfinity;
    budgets[c] = mean + error < t.output_.overflow ? if_sums_fit : kInfinity;
  }
  errors_of_row.lean = lean;
  errors_of_row.weighted_lean = weighted_lean;
  return one_key ? drop : drop / keys_;
}

// O_c = sum p_j v_jc: |x_j| = p_j ||v_j||. Where the row sum adds the rounded P, it is p_j (v_jc - O_c), at
// most twice as long. LSE then has sum p_j r_j, else nothing.
void add_p_rounding(const Numerics& kernel, const budget::RowFacts& row, double p_squared, double p_rounding,
                    double v_norm, RowErrors& o, RowErrors& lse) {
  if (!budget::p_rounds_at_random(kernel, row.has_alibi)) return;
  const double variance = budget::rounding_variance(kernel.p) * p_squared;  // of what p_rounding is of
  const double of_weights = variance / (row.sum * row.sum);
  const double longest = kernel.sum_uses_rounded_p ? 2 * v_norm : v_norm;
  o.variance = of_weights * longest * longest;
  o.sample = lse.sample = variance > 0 ? p_rounding / std::sqrt(variance) : 0.0;
  lse.variance = kernel.sum_uses_rounded_p ? of_weights : 0.0;
}

}  // namespace flashdiff::detail
