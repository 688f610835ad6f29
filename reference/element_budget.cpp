#include "reference/element_budget.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include <Eigen/Core>

#include "harness/problem/numbers.h"
#include "reference/lanes.h"

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

/// What the columns of a row add up to.
template <class Value>
struct Columns {
  Value lean{}, weighted_lean{}, drop{};
  Value values{};   ///< of what an accumulator may hold: each is smaller, and a NaN stays one
  Value outputs{};  ///< of what an element may be, alike
};

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

  const double grown = std::expm1(largest), most = 1 + grown;  // e^H
  const double stretch = most * (largest > 0 ? grown / largest : 1.0);
  weights_ = stretch * mean;
  // P's rounding is random up to its second order, which is the same for all keys.
  const double shared_p =
      budget::p_rounds_at_random(kernel, row.has_alibi) ? budget::shared_p_rounding(kernel).mean : 0.0;
  weights_lean_ = stretch * mean - shared_p * (1 - shared_p);
  // L' in the kernel's own units, where its largest weight is 1 up to e^H.
  const double least_sum = std::max(row.sum / (most * most), 1 / most);

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
  const bool one_key = keys_ == 1;
  const double per_sum = 1 / (1 - sum_);
  const double by_magnitude = values_ * per_sum, by_magnitude_lean = values_lean_ * per_sum;
  const double by_v = values_times_v_ * per_sum, by_mean = sum_ * per_sum, alone = values_alone_ * per_sum;
  // Division and output rounding, each relative to what it is applied to: |error| D + |o| (D - 1) + a.
  const double ending = division_ + output_.relative + division_ * output_.relative;
  const double ending_lean = division_ + output_.on_the_way, absolute = output_.absolute;
  const double weights = weights_, weights_lean = weights_lean_;

  Columns<Lanes> four;
  Columns<double> one;
  const auto finish_column = [&]<class Value>(std::size_t c, Columns<Value>& to) {
    const Value mean = magnitude(load<Value>(o.data() + c)), v = load<Value>(v_largest + c), none{};
    const Value moment = load<Value>(second_moment + c) * (v * v);
    const Value deviation = root(larger(moment - mean * mean, none));
    const Value most = v + mean, shared = smaller(weights * deviation, most);
    // sum p |v| <= sqrt(sum p v^2); under the erring weights it moves no more than O does, whose variance is
    // larger, and it stays below max|v|.
    const Value size = smaller(root(moment) + shared, v);
    const Value both = v * by_v + (mean + shared) * by_mean + alone;
    const Value before = shared + both + size * by_magnitude;
    const Value error = before + (before + mean) * ending + absolute;
    store(budget + c, error);
    const Value before_lean = smaller(weights_lean * deviation, most) + both + size * by_magnitude_lean;
    const Value leaning = before_lean + (before_lean + mean) * ending_lean + absolute;
    to.lean += leaning;
    to.weighted_lean += leaning * mean;
    to.drop = larger((one_key ? mean : deviation) / error, to.drop);
    to.values += v;
    to.outputs += mean + error;
  };
  std::size_t c = 0;
  for (; c + kLanes <= size; c += kLanes) finish_column(c, four);
  for (; c < size; ++c) finish_column(c, one);
  errors_of_row.lean = one.lean + sum_of(four.lean);
  errors_of_row.weighted_lean = one.weighted_lean + sum_of(four.weighted_lean);
  const double v_fits = accumulator_limit_ / keys_;
  if (!(one.values + sum_of(four.values) < v_fits) ||
      !(one.outputs + sum_of(four.outputs) < output_.overflow))
    for (c = 0; c < size; ++c)  // some may
      if (!(v_largest[c] < v_fits) || !(std::fabs(o[c]) + budget[c] < output_.overflow))
        budget[c] = kInfinity;
  const double drop = larger(one.drop, largest_of(four.drop));
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
