#include "reference/gradient_ending.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/gradient_pairs.h"
#include "reference/lanes.h"

namespace flashdiff::detail {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What the columns of a row add up to.
template <class Value>
struct Columns {
  Value lean{}, weighted_lean{};
  Value drop{}, of_budget = Value{} + 1.0;  ///< of the column where the first is most beside the second
  // Each of their terms is smaller, and a NaN stays one.
  Value sums{};     ///< of what an accumulator may hold, in the row's unit
  Value outputs{};  ///< of what an element may be
};

}  // namespace

GradientEnding::GradientEnding(const Numerics& kernel, const budget::BackwardShape& shape)
    : kernel_(kernel),
      widths_(shape.d_qk + shape.d_v),
      rounding_(budget::output_rounding(kernel)),
      scale_rounding_(budget::gradient_scale(kernel)),
      accumulator_(largest_finite(kernel.pv)) {}

GradientEnding::Factors GradientEnding::factors(const Output& output, const Row& row) {
  if (row.terms != terms_ || row.runs != runs_) {
    terms_ = row.terms;
    runs_ = row.runs;
    gamma_ = budget::gradient_sum(kernel_, terms_, runs_);
  }
  // What the bounds may have lost to f32: their terms are not negative, so with n terms, dot products of d
  // and a dozen operations each no more than this share, and what factors underflow.
  const double open = (1.01 * row.terms + 2 * widths_ + 128) * 0x1p-24;
  if (!(open < 0.5)) return {.is_open = true};
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
  // The same without what is random: of P or dS its rounding, which `error` has as a share of each, of the
  // output the last one.
  const double on_the_way = rounding + rounding_.on_the_way;
  const double lean_factor = output.scale * (1 + on_the_way), random_factor = output.rounding * lean_factor;
  return {.by_error = (1 + gamma_) * per_sum * factor,
          .by_size = gamma_ * per_sum * factor,
          .by_value = rounding + relative + rounding * relative,
          .always = none * factor + rounding_.absolute,
          .lean_by_error = (1 + gamma_) * per_sum * lean_factor,
          .lean_by_size = gamma_ * per_sum * lean_factor,
          .lean_by_value = on_the_way,
          .lean_always = none * lean_factor + rounding_.absolute,
          .random_by_size = row.unit * random_factor,
          .random_floor = floor * random_factor,
          .drop_by_size = per_sum * per_term,
          .drop_always = lost_sum * per_term,
          .per_sum = per_sum,
          .lost = 2 * lost_sum};
}

double GradientEnding::finish(const Factors& factors, Sums sums, const double* values, double* budget,
                              RowErrors& errors_of_row) const {
  if (factors.is_open) {
    std::fill_n(budget, sums.width, kInfinity);
    errors_of_row.lean = errors_of_row.weighted_lean = kInfinity;
    return 0;
  }
  const Factors by = factors;  // a copy, so that no budget that is written may be one of them
  Columns<Lanes> four;
  Columns<double> one;
  const auto finish_column = [&]<class Value>(int c, Columns<Value>& to) {
    const Value error = load<Value>(sums.error + c), size = load<Value>(sums.size + c);
    const Value value = magnitude(load<Value>(values + c)), none_at_all{};
    const Value bound = error * by.by_error + size * by.by_size + (value * by.by_value + by.always);
    store(budget + c, bound);
    to.sums += size + error;
    to.outputs += value + bound;
    const Value random = larger(size * by.random_by_size - by.random_floor, none_at_all);
    const Value leaning = error * by.lean_by_error + size * by.lean_by_size +
                          (value * by.lean_by_value + by.lean_always) - random;
    to.lean += leaning;
    to.weighted_lean += leaning * value;
    // The larger of two quotients by products: a division is as much as all else.
    const Value drop = size * by.drop_by_size + by.drop_always;
    const auto is_larger = drop * to.of_budget > to.drop * bound;
    to.drop = is_larger ? drop : to.drop;
    to.of_budget = is_larger ? bound : to.of_budget;
  };
  int c = 0;
  for (; c + kLanes <= sums.width; c += kLanes) finish_column(c, four);
  for (; c < sums.width; ++c) finish_column(c, one);
  errors_of_row.lean += one.lean + sum_of(four.lean);
  errors_of_row.weighted_lean += one.weighted_lean + sum_of(four.weighted_lean);

  const double fits = accumulator_ / 1.01, overflow = rounding_.overflow;
  const auto of_sum = [&](double sum) { return sum * by.per_sum + by.lost; };
  if (of_sum(one.sums + sum_of(four.sums)) < fits && one.outputs + sum_of(four.outputs) < overflow)
    return larger(one.drop / one.of_budget, largest_of(four.drop / four.of_budget));
  // Some may overflow, and drops show in the others alone.
  double drop = 0;
  for (c = 0; c < sums.width; ++c) {
    const double size = sums.size[c], value = std::fabs(values[c]);
    if (of_sum(size + sums.error[c]) < fits && value + budget[c] < overflow)
      drop = larger((size * by.drop_by_size + by.drop_always) / budget[c], drop);
    else
      budget[c] = kInfinity;
  }
  return drop;
}

}  // namespace flashdiff::detail
