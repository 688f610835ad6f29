#pragma once
#include <span>

#include "reference/budget.h"

namespace flashdiff::detail {

/// The terms of budget.h put together for one row. With h the weights' error, H its largest, and
/// O', L' what exact arithmetic would make of the erring weights:
///
///   |O' - O| = |sum w_j (e^(h_j) - 1)(v_j - O)| / L'             since sum w_j (v_j - O) = 0
///           <= e^H (e^H - 1)/H * sqrt(sum p_j h_j^2) * sqrt(sum p_j (v_j - O)^2)               Cauchy
///           <= max|v| + |O|                                      since O' is a mean of the v_j
///   |O~ - O'| <= (R + |O'| S) / (1 - S)    R: what only the numerator has, S: what only the row sum has
///   then division and output rounding, each relative to what it is applied to.
class RowBudget {
 public:
  RowBudget(const Numerics& kernel, const budget::Shape& shape, const budget::RowFacts& row);

  [[nodiscard]] double lse() const { return lse_; }

  /// Budgets of the row's elements. o: the reference; v_largest: max_j |v_jc|; second_moment: at least
  /// sum p_j (v_jc / v_largest_c)^2; all as long as o. Returns smallest_drop (attention.h).
  [[nodiscard]] double elements(std::span<const double> o, const double* second_moment,
                                const double* v_largest, double* budget) const;

 private:
  double keys_;
  bool unbounded_ = false;     ///< nothing can be said: the declared arithmetic may overflow
  double accumulator_limit_;   ///< largest finite number of the accumulator
  double weights_ = 0;         ///< |O' - O| <= this * standard deviation of V under P
  double values_ = 0;          ///< R, relative to sum p |v|
  double values_times_v_ = 0;  ///< R, times max|v|
  double values_alone_ = 0;    ///< R, absolute
  double sum_ = 0;             ///< S
  double division_ = 0;
  budget::OutputRounding output_;
  double lse_;
};

}  // namespace flashdiff::detail
