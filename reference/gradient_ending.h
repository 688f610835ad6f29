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
  /// Writes the budgets, adds the errors that may lean. Returns smallest_drop (backward.h).
  double finish(const Output& output, const Row& row, Sums sums, const double* values, double* budget,
                RowErrors& errors);

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
