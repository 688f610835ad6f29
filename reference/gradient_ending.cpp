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
  // errors = (error unit + lost) per_open, sizes alike; (errors + gamma (sizes + errors) + underflow) scale;
  // then two roundings, each a share of the value and of the bound so far. Multiplied out all of it is
  // linear.
  const double rounding = output.is_scaled ? scale_rounding_ : 0.0, relative = rounding_.relative;
  const double per_sum = row.unit * per_open, lost_sum = lost * per_open;
  const double none = (1 + 2 * gamma_) * lost_sum + underflow;
  const double factor = output.scale * (1 + rounding) * (1 + relative);
  const double by_error = (1 + gamma_) * per_sum * factor, by_size = gamma_ * per_sum * factor;
  const double by_value = rounding + relative + rounding * relative;
  const double always = none * factor + rounding_.absolute;
  // The same without what is random: of P or dS its rounding, which `error` has as a share of each, of the
  // output the last one.
  const double on_the_way = rounding + rounding_.on_the_way;
  const double lean_factor = output.scale * (1 + on_the_way);
  const double lean_by_error = (1 + gamma_) * per_sum * lean_factor;
  const double lean_by_size = gamma_ * per_sum * lean_factor;
  const double lean_always = none * lean_factor + rounding_.absolute;
  const double random_by_size = output.rounding * lean_factor, unit = row.unit;
  const double fits = accumulator_ / 1.01, overflow = rounding_.overflow;
  // Pointers that do not alias, and copies of members: else the loop is not vectorised.
  const float* __restrict const of_error = sums.error;
  const float* __restrict const of_size = sums.size;
  const double* __restrict const of_value = values;
  double* __restrict const budgets = budget;
  double drop = 0, lean = 0, weighted_lean = 0;
#pragma omp simd reduction(+ : lean, weighted_lean) reduction(max : drop)
  for (int c = 0; c < sums.width; ++c) {
    const double error = of_error[c], size = of_size[c], value = std::fabs(of_value[c]);
    double bound = error * by_error + size * by_size + value * by_value + always;
    const double largest = (size + error) * per_sum + 2 * lost_sum;
    bound = largest < fits ? bound : kInfinity;
    bound = value + bound < overflow ? bound : kInfinity;
    budgets[c] = bound;
    const double random = larger(size * unit - floor, 0.0) * random_by_size;
    const double leaning =
        error * lean_by_error + size * lean_by_size + value * on_the_way + lean_always - random;
    lean += leaning;
    weighted_lean += leaning * value;
    const double dropped = bound > 0 ? (size * per_sum + lost_sum) * per_term / bound : 0.0;
    drop = larger(dropped, drop);
  }
  errors_of_row.lean += lean;
  errors_of_row.weighted_lean += weighted_lean;
  return drop;
}

}  // namespace flashdiff::detail
