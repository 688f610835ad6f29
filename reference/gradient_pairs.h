#pragma once
#include <vector>

#include "harness/problem/numerics.h"
#include "reference/backward_budget.h"
#include "reference/eigen_types.h"
#include "reference/gradient_block.h"

namespace flashdiff::detail {

/// The terms of backward_budget.h put together for every pair of a query and a key, in f32: how far P and dS
/// of a correct kernel may be, and how large they are.
class GradientPairs {
 public:
  GradientPairs(const Numerics& kernel, const budget::BackwardShape& shape);

  /// Norms of a row, and of what it meets: rows of Q and dO by their own, K and V by their largest.
  struct Norms {
    double q = 0, k = 0, d_o = 0, v = 0, o = 0;
  };
  struct RowTerms {              ///< of one query row; errors of T and dS in units of g
    double g = 1;                ///< ||dO|| times the largest norm of V or O
    float score = 0, level = 0;  ///< |h| <= score |q|.|k| + level, without what modifiers bring
    float argument = 0;          ///< of the softcap's tanh, for each |q|.|k|
    float tanh_tiny = 0;         ///< absolute in tanh
    float dp = 0, fixed = 0;     ///< |t| <= dp |dO|.|v| + fixed, before the subtraction
    float ds_underflow = 0;      ///< of the product P T
    float ds_absolute = 0, ds_overflow = 0, ds_floor = 0;  ///< of dS's dtype
    float bias = 0;                                        ///< |h| for each key between it and `diagonal`
    int diagonal = 0;                                      ///< of ALiBi
    int keys = 0;                                          ///< that it sees
  };
  /// `d_magnitude`: |dO|.|O|; `d`: dO.O; `lse`: of the row.
  [[nodiscard]] RowTerms row_terms(const Norms& norms, double d_magnitude, double d, double lse) const;
  /// Adds what ALiBi brings to row `r` of a block.
  void add_bias(const ScoreModifiers& modifiers, Eigen::Index r, RowTerms& row) const;

  /// One row of a step, as many as it sees of its keys. dots: |q|.|k| and |dO|.|v| in units of the norms.
  struct Column {
    const float *dots, *value_dots;
    float *p, *p_error;    ///< magnitude of P, bound of its error
    float *ds, *ds_error;  ///< of dS, in units of g
  };
  /// Fills a column for keys [first, last) of a step, as row `r` of the block sees them.
  void bound(const GradientStep& step, const RowTerms& row, Eigen::Index r, int first, int last, Column to);

  /// Smallest exponents to which P and dS are raised (budget::exponent_floor), and their roundings.
  [[nodiscard]] double p_floor() const { return p_floor_; }
  [[nodiscard]] double ds_floor() const { return ds_floor_; }
  [[nodiscard]] const budget::OperandRounding& p_rounding() const { return p_rounding_; }
  [[nodiscard]] const budget::OperandRounding& ds_rounding() const { return ds_rounding_; }

 private:
  /// Bounds of |h|; of a capped score also 1 - tanh^2 and the bound of its error.
  void bound_scores(const GradientStep& step, const RowTerms& row, Eigen::Index r, int first, int count,
                    const float* dots);
  /// The bounds of |h| become those of e^|h| - 1.
  void exponentials(int count);
  template <bool kCapped>
  void bound_column(const RowTerms& row, int count, const double* in_p, const double* in_t, Column to) const;

  const Numerics kernel_;
  const budget::BackwardShape shape_;
  const budget::PairTerms terms_;
  const budget::OperandRounding p_rounding_, ds_rounding_;
  const double p_floor_, ds_floor_;
  const double tiny_;         ///< what an operation may lose by underflow
  const double score_limit_;  ///< largest finite number of the scores
  // Of one row.
  std::vector<float> epsilon_, slope_, slope_error_;
};

/// The largest finite number of an accumulator.
[[nodiscard]] double largest_finite(Accumulation how);

}  // namespace flashdiff::detail
