#pragma once
#include "harness/problem/numerics.h"
#include "reference/backward_budget.h"
#include "reference/row_errors.h"

namespace flashdiff::detail {

/// How sums over pairs become budgets of the elements of a row of dQ, dK or dV.
class GradientEnding {
 public:
  GradientEnding(const Numerics& kernel, const budget::BackwardShape& shape);

  /// Of all rows of an output.
  struct Output {
    double scale = 1;  ///< multiplied in at the end
    bool is_scaled = false;
    double rounding = 0;  ///< of P or dS, relative, where it is random
  };
  /// Of one row: what it adds up, and how large the factors are.
  struct Row {
    int terms = 0, runs = 1;
    double unit = 1;       ///< of the sums
    double lost_unit = 1;  ///< of what f32 may have lost by underflow
    double a = 0, b = 0;   ///< largest factors (budget::gradient_underflow)
    double floor = 0;      ///< how much larger than P or dS they may be counted, each
  };
  /// Bounds of a row, in its unit: sum of errors, and of magnitudes, column by column.
  struct Sums {
    const float *error, *size;
    int width;
  };
  /// What the elements of a row have in common: all of it is linear in the sums and the value.
  struct Factors {
    bool is_open = false;  ///< too many terms for f32: the budget is infinite
    // budget = error * by_error + size * by_size + |value| * by_value + always
    double by_error = 0, by_size = 0, by_value = 0, always = 0;
    // The same without what is random, and what of `size` that is.
    double lean_by_error = 0, lean_by_size = 0, lean_by_value = 0, lean_always = 0;
    double random_by_size = 0, random_floor = 0;
    double drop_by_size = 0, drop_always = 0;  ///< what an average term adds
    double per_sum = 0, lost = 0;              ///< what an accumulator may hold of a sum of errors and sizes
  };
  [[nodiscard]] Factors factors(const Output& output, const Row& row);

  /// Writes the budgets, adds the errors that may lean. Returns smallest_drop (backward.h).
  double finish(const Factors& factors, Sums sums, const double* values, double* budget,
                RowErrors& errors) const;

 private:
  const Numerics kernel_;
  const int widths_;  ///< d_qk + d_v
  const budget::OutputRounding rounding_;
  const double scale_rounding_, accumulator_;
  // Of the row before: most have as many terms as the next.
  int terms_ = 0, runs_ = 0;
  double gamma_ = 0;
};

}  // namespace flashdiff::detail
