#include "reference/gradient_ending.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/gradient_pairs.h"

namespace flashdiff::detail {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

GradientEnding::GradientEnding(const Numerics& kernel, const budget::BackwardShape& shape)
    : kernel_(kernel),
      widths_(shape.d_qk + shape.d_v),
      rounding_(budget::output_rounding(kernel)),
      scale_rounding_(budget::gradient_scale(kernel)),
      accumulator_(largest_finite(kernel.pv)) {}

double GradientEnding::finish(const Output& output, const Row& row, Sums sums, const double* values,
                              double* budget, RowErrors& errors_of_row) {
  if (row.terms != terms_ || row.runs != runs_) {
    terms_ = row.terms;
    runs_ = row.runs;
    gamma_ = budget::gradient_sum(kernel_, terms_, runs_);
  }
  // What the bounds may have lost to f32: their terms are not negative, so with n terms, dot products of d
  // and a dozen operations each no more than this share, and what factors underflow.
  const double open = (1.01 * row.terms + 2 * widths_ + 128) * 0x1p-24;
  if (!(open < 0.5)) {
    std::fill_n(budget, sums.width, kInfinity);
    errors_of_row.lean = errors_of_row.weighted_lean = kInfinity;
    return 0;
  }
  const double lost = (row.terms + 64) * 0x1p-126 * row.lost_unit;
  const double underflow = budget::gradient_underflow(kernel_, row.terms, row.a, row.b);
  const double per_open = 1 / (1 - open), per_term = output.scale / row.terms;
  const double floor = row.terms * row.floor * row.lost_unit;
  // Copies, and pointers that do not alias: else the loop is not vectorised.
  const double unit = row.unit, gamma = gamma_, scale = output.scale, of_random = output.rounding;
  const double rounding = output.is_scaled ? scale_rounding_ : 0.0, accumulator = accumulator_;
  const budget::OutputRounding of_output = rounding_;
  const float* __restrict const of_error = sums.error;
  const float* __restrict const of_size = sums.size;
  const double* __restrict const of_value = values;
  double* __restrict const budgets = budget;
  double drop = 0, lean = 0, weighted_lean = 0;
#pragma omp simd reduction(+ : lean, weighted_lean) reduction(max : drop)
  for (int c = 0; c < sums.width; ++c) {
    const double error_here = of_error[c] * unit, size_here = of_size[c] * unit;
    const double value = std::fabs(of_value[c]);
    const double errors = (error_here + lost) * per_open;
    const double sizes = (size_here + lost) * per_open;
    const double summed = gamma * (sizes + errors) + underflow;
    double bound = (errors + summed) * scale;
    bound += (value + bound) * rounding;
    bound += (value + bound) * of_output.relative + of_output.absolute;
    const double largest = 1.01 * (sizes + errors), written = value + bound;
    const double if_sums_fit = largest < accumulator ? bound : kInfinity;
    bound = written < of_output.overflow ? if_sums_fit : kInfinity;
    budgets[c] = bound;
    // `errors` has the rounding of each P or dS, as a share of it: what is random of them is taken out again.
    const double random = of_random * larger(size_here - floor, 0.0);
    double leaning = (errors - random + summed) * scale;
    leaning += (value + leaning) * (rounding + of_output.on_the_way) + of_output.absolute;
    lean += leaning;
    weighted_lean += leaning * value;
    const double dropped = bound > 0 ? sizes * per_term / bound : 0.0;
    drop = larger(dropped, drop);
  }
  errors_of_row.lean += lean;
  errors_of_row.weighted_lean += weighted_lean;
  return drop;
}

}  // namespace flashdiff::detail
