#pragma once
#include <vector>

#include "reference/backward.h"
#include "reference/backward_budget.h"
#include "reference/gradient_block.h"

namespace flashdiff::detail {

/// Budgets of one K/V head of one sequence: the terms of backward_budget.h put together for every pair, in
/// f32 (a bound needs a few digits, and a product in f32 costs half), block by block as the reference goes.
/// Everything is scaled to magnitudes of about 1: rows of Q and dO by their norms, K and V by their largest.
class GradientBudget {
 public:
  /// `kv` must outlive it.
  GradientBudget(const Problem& problem, const Numerics& kernel, int sequence, int kv_head,
                 const KeyValues& kv);

  /// The block that the next steps are of.
  void begin_block(const LogicalData& data, BlockPlace at, const BlockKeys& keys,
                   const BlockQueries& queries);
  void add(const GradientStep& step, const BlockKeys& keys);
  /// Budgets and smallest drops of the block's dQ.
  void end_block(BudgetedGradients& out);
  /// Those of dK and dV.
  void end_head(BudgetedGradients& out);

 private:
  struct RowTerms {              ///< of one query row; errors of T and dS in units of g
    double g = 1;                ///< ||dO|| times the largest norm of V or O
    float score = 0, level = 0;  ///< |h| <= score |q|.|k| + level, without what modifiers bring
    float argument = 0;          ///< of the softcap's tanh, for each |q|.|k|
    float tanh_tiny = 0;         ///< absolute in tanh
    float dp = 0, fixed = 0;     ///< |t| <= dp |dO|.|v| + fixed, before the subtraction
    float ds_underflow = 0;      ///< of the product P T
    float ds_absolute = 0, ds_overflow = 0, ds_floor = 0;  ///< of dS's dtype
    int keys = 0;
  };
  struct Sums {  ///< of dK or dV, columns are keys
    Eigen::MatrixXd error, size;
  };
  /// Of the roundings of P or dS to 16 bits, a row of an output each: sum of squares of what is rounded, and
  /// sum of what rounding adds.
  struct Roundings {
    Eigen::ArrayXd squares, added;
  };
  struct Ending {  ///< how a row of sums becomes a budget
    int terms = 0, runs = 1;
    double unit = 1;       ///< of the sums
    double lost_unit = 1;  ///< of what f32 may have lost by underflow
    double underflow = 0;  ///< of the kernel's sum
    double scale = 1;      ///< multiplied in at the end
    bool is_scaled = false;
    double rounding = 0;  ///< of P or dS, relative
    double floor = 0;     ///< how much larger than these they may be counted, each
  };

  [[nodiscard]] RowTerms row_terms(double q_norm, double d_o_norm, double o_norm, double d_magnitude,
                                   double d, double lse) const;
  /// Bounds of |h| for keys [first, last) of a step as row r sees them; of a capped score also 1 - tanh^2 and
  /// the bound of its error.
  void bound_scores(const GradientStep& step, Eigen::Index r, int first, int last);
  template <bool kCapped>
  void bound_column(const GradientStep& step, Eigen::Index r, int first, int last);
  /// Returns smallest_drop.
  template <class Error, class Size>
  double finish(const double* values, const Error& error, const Size& size, const Ending& ending,
                double* budget, RowErrors& errors) const;
  /// Adds the roundings of `exact`, of the step, to those of its queries (null: nobody asks) and keys.
  void add_roundings(const GradientStep& step, const Matrix& exact, DType dtype, Roundings* of_queries,
                     Roundings& of_keys);
  /// P's or dS's, where each addend of a row is at most `longest` times what is rounded.
  static void add_rounding(DType dtype, const Roundings& roundings, Eigen::Index row, double longest,
                           RowErrors& errors);

  const Numerics kernel_;
  const budget::BackwardShape shape_;
  const budget::PairTerms terms_;
  const budget::OperandRounding p_rounding_, ds_rounding_;
  const int sequence_, kv_head_, group_;
  const double floor_;               ///< to which magnitudes are raised (budget::exponent_floor)
  std::vector<int> queries_of_key_;  ///< how many of one head see it
  Eigen::MatrixXf k_, v_;            ///< magnitudes in units of the largest norm
  double k_norm_ = 0, v_norm_ = 0;   ///< those norms
  double g_largest_ = 0, q_largest_ = 0, d_o_largest_ = 0;
  Sums dk_, dv_;
  Roundings dk_rounding_, dv_rounding_;
  // Of the block.
  BlockPlace at_;
  std::vector<RowTerms> rows_;
  ScoreModifiers modifiers_;
  Eigen::MatrixXf q_, d_o_;                    ///< magnitudes in units of the row's norm
  Eigen::MatrixXf q_weighted_, d_o_weighted_;  ///< times g and the norm, the norm; in units of the largest
  double q_unit_ = 0, d_o_unit_ = 0;           ///< those
  Eigen::MatrixXf dq_error_, dq_size_;
  Roundings dq_rounding_;
  // Of the step, keys x rows.
  Eigen::MatrixXf dots_, value_dots_, p_, p_error_, ds_, ds_error_;
  // Of one row of it.
  Eigen::ArrayXf score_error_, slope_, slope_error_;
};

}  // namespace flashdiff::detail
