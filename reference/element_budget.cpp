#include "reference/element_budget.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "harness/problem/numbers.h"

namespace flashdiff::detail {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Scores that are uncertain by more than this may overflow exp2 in a correct kernel.
constexpr double kLargestScoreError = 64;

double largest_finite(Accumulation how) {
  return how == Accumulation::f64 ? std::numeric_limits<double>::max() : format_of(DType::f32).largest_finite;
}

/// q.k, its product with the scale and with log2(e) all have to be finite.
bool scores_may_overflow(const Numerics& kernel, const budget::Shape& shape, const budget::RowFacts& row) {
  const double dot = row.q_norm * row.k_norm_largest;
  const double factor = std::max(1.0, shape.scale * std::numbers::log2e);
  return !(1.01 * factor * dot < largest_finite(kernel.qk));
}

}  // namespace

RowBudget::RowBudget(const Numerics& kernel, const budget::Shape& shape, const budget::RowFacts& row)
    : keys_(row.keys),
      accumulator_limit_(largest_finite(kernel.pv)),
      output_(budget::output_rounding(kernel)),
      lse_(kInfinity) {
  static const Numerics reference = budget::reference_numerics();
  const budget::WeightError of_kernel = budget::weights(kernel, shape, row);
  const budget::WeightError of_reference = budget::weights(reference, shape, row);
  const double mean = of_kernel.mean + of_reference.mean;
  const double largest = of_kernel.largest + of_reference.largest;
  unbounded_ = !(largest < kLargestScoreError) || scores_may_overflow(kernel, shape, row);
  if (unbounded_) return;

  const double stretch = std::exp(largest) * (largest > 0 ? std::expm1(largest) / largest : 1.0);
  weights_ = stretch * mean;
  // L' in the kernel's own units, where its largest weight is 1 up to e^H.
  const double least_sum = std::max(row.sum * std::exp(-2 * largest), std::exp(-largest));

  const auto either = [](double a, double b) { return (1 + a) * (1 + b) - 1; };
  const budget::WeightUnderflow lost = budget::weight_underflow(kernel, row);
  const budget::ValueUnderflow lost_values = budget::value_underflow(kernel, shape, row);
  values_ = either(budget::value_sum(kernel, row), budget::value_sum(reference, row));
  values_times_v_ = (keys_ * lost.in_values + lost_values.times_v) / least_sum;
  values_alone_ = lost_values.alone / least_sum;
  sum_ = either(budget::row_sum(kernel, row), budget::row_sum(reference, row)) +
         keys_ * lost.in_row_sum / least_sum;
  unbounded_ = !(sum_ < 1);
  if (unbounded_) return;

  division_ = either(budget::division(kernel), budget::division(reference));
  // |ln(sum p_j e^(h_j))| <= e^H (e^H - 1)/H * sum p_j |h_j|, and at most H.
  lse_ = std::min(weights_, largest) + sum_ / (1 - sum_) + budget::lse_arithmetic(kernel, row) +
         budget::lse_arithmetic(reference, row) + budget::lse_rounding(kernel, row);
}

double RowBudget::elements(const Column& o, const Column& second_moment, const Column& v_largest,
                           Eigen::Ref<Eigen::ArrayXd> budget) const {
  if (unbounded_) {
    budget.setConstant(kInfinity);
    return 0.0;
  }
  thread_local Eigen::ArrayXd deviation, shared, moment;
  moment = second_moment * v_largest.square();
  deviation = (moment - o.square()).max(0.0).sqrt();
  shared = (weights_ * deviation).min(v_largest + o.abs());
  // sum p |v| <= sqrt(sum p v^2); under the erring weights it moves no more than O does, whose variance is
  // larger, and it stays below max|v|.
  budget = values_ * (moment.sqrt() + shared).min(v_largest) + values_times_v_ * v_largest + values_alone_;
  budget = shared + (budget + (o.abs() + shared) * sum_) / (1 - sum_);
  budget += (o.abs() + budget) * division_;
  budget += (o.abs() + budget) * output_.relative + output_.absolute;

  const bool may_overflow = !((o.abs() + budget).maxCoeff() < output_.overflow) ||
                            !(keys_ * v_largest.maxCoeff() < accumulator_limit_);
  if (may_overflow)
    for (Eigen::Index c = 0; c < budget.size(); ++c)
      if (!(std::fabs(o(c)) + budget(c) < output_.overflow) || !(keys_ * v_largest(c) < accumulator_limit_))
        budget(c) = kInfinity;
  return keys_ > 1 ? (deviation / budget).maxCoeff() / keys_ : (o.abs() / budget).maxCoeff();
}

}  // namespace flashdiff::detail
