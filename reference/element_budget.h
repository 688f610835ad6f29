#pragma once
#include <span>

#include "reference/budget.h"
#include "reference/row_errors.h"

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
  /// What rows of as many keys have in common, kernel's and reference's terms put together.
  struct Common {
    int keys = 0;
    double values = 0, values_lean = 0;  ///< relative to sum p |v|, all and without P's rounding
    double sum = 0;                      ///< relative to L
    double division = 0;
    budget::OutputRounding output;
    double accumulator_limit = 0;  ///< largest finite number of the accumulator
  };
  [[nodiscard]] static Common common(const Numerics& kernel, const budget::RowFacts& row);

  RowBudget(const Numerics& kernel, const budget::Shape& shape, const budget::RowFacts& row)
      : RowBudget(kernel, shape, row, common(kernel, row)) {}
  /// `common`: of a row of as many keys of the same problem.
  RowBudget(const Numerics& kernel, const budget::Shape& shape, const budget::RowFacts& row,
            const Common& common);

  [[nodiscard]] double lse() const { return lse_; }
  [[nodiscard]] double lse_lean() const { return lse_lean_; }

  /// Budgets of the row's elements. o: the reference; v_largest: max_j |v_jc|; second_moment: at least
  /// sum p_j (v_jc / v_largest_c)^2; all as long as o. Returns smallest_drop (attention.h).
  double elements(std::span<const double> o, const double* second_moment, const double* v_largest,
                  double* budget, RowErrors& errors) const;

 private:
  double keys_;
  bool unbounded_ = false;     ///< nothing can be said: the declared arithmetic may overflow
  double accumulator_limit_;   ///< largest finite number of the accumulator
  double weights_ = 0;         ///< |O' - O| <= this * standard deviation of V under P
  double weights_lean_ = 0;    ///< the same without P's rounding
  double values_ = 0;          ///< R, relative to sum p |v|
  double values_lean_ = 0;     ///< the same without P's rounding
  double values_times_v_ = 0;  ///< R, times max|v|
  double values_alone_ = 0;    ///< R, absolute
  double sum_ = 0;             ///< S
  double division_ = 0;
  budget::OutputRounding output_;
  double lse_, lse_lean_;
};

/// P's rounding in a row of O and of LSE. p_squared: sum of P^2; p_rounding: sum of what rounding P adds;
/// both of unnormalised P; v_norm: the largest ||v_j||.
void add_p_rounding(const Numerics& kernel, const budget::RowFacts& row, double p_squared, double p_rounding,
                    double v_norm, RowErrors& o, RowErrors& lse);

}  // namespace flashdiff::detail
