#pragma once
#include <optional>
#include <vector>

#include "reference/backward.h"
#include "reference/gradient_block.h"
#include "reference/gradient_ending.h"
#include "reference/gradient_pairs.h"

namespace flashdiff::detail {

/// Budgets of one K/V head of one sequence: the bounds of every pair (gradient_pairs.h) summed up, in f32 (a
/// bound needs a few digits, and a product in f32 costs half), block by block as the reference goes.
/// Everything is scaled to magnitudes of about 1: rows of Q and dO by their norms, K and V by their largest.
/// It works in memory of the thread: of one thread's budgets only the latest made may be used.
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
  /// Of dK or dV, columns are keys: errors and sizes in units of a power of two, which grows with the largest
  /// weight that a row has had.
  struct Sums {
    FloatMatrix both;  ///< all errors, then all sizes
    double unit = 0;
    [[nodiscard]] auto error() { return both.leftCols(both.cols() / 2); }
    [[nodiscard]] auto size() { return both.rightCols(both.cols() / 2); }
    /// Weights of a block's rows become multiples of the unit.
    void begin_block(Eigen::ArrayXd& weights, double least);
  };
  /// Of the roundings of P or dS to 16 bits, a row of an output each: sum of squares of what is rounded, and
  /// sum of what rounding adds.
  struct Roundings {
    Eigen::ArrayXd squares, added;
    explicit Roundings(Eigen::Index rows)
        : squares(Eigen::ArrayXd::Zero(rows)), added(Eigen::ArrayXd::Zero(rows)) {}
  };
  struct Block {
    BlockPlace at;
    std::vector<GradientPairs::RowTerms> rows;
    FloatMatrix q, d_o;                    ///< magnitudes in units of the row's norm
    FloatMatrix q_weighted, d_o_weighted;  ///< times g and the norm, the norm; in units of dK's and dV's sums
    FloatMatrix dq;                        ///< of each row a column of errors, and one of sizes
    Roundings dq_rounding;
  };

  /// Adds rows [row, row + rows) of the block, which see no other keys of the step than `seen`.
  void add_rows(const GradientStep& step, const BlockKeys& keys, int row, int rows, KeyRange seen);
  /// Adds the roundings of `exact`, of the step, to those of its queries (null: nobody asks) and keys.
  static void add_roundings(const GradientStep& step, const Matrix& exact, DType dtype, Roundings* of_queries,
                            Roundings& of_keys);
  /// Budgets, smallest drops and errors of dK or dV; `row` says what is common to all keys.
  void end_keys(const Sums& sums, const GradientEnding::Output& output, GradientEnding::Row row,
                LogicalTensor<double> Gradients::*tensor, BudgetedGradients& out,
                LogicalTensor<RowErrors>& errors);
  /// P's or dS's, where each addend of a row is at most `longest` times what is rounded.
  static void add_rounding(DType dtype, const Roundings& roundings, Eigen::Index row, double longest,
                           RowErrors& errors);

  const Numerics kernel_;
  const budget::BackwardShape shape_;
  GradientPairs pairs_;
  GradientEnding ending_;
  const int sequence_, kv_head_, group_;
  const double floor_;               ///< to which magnitudes are raised (budget::exponent_floor)
  std::vector<int> queries_of_key_;  ///< how many of one head see it
  double k_norm_ = 0, v_norm_ = 0;   ///< largest norms
  FloatMatrix k_;                    ///< magnitudes in units of those; written after them
  FloatMatrix keys_, values_;        ///< K's and V's with a column a coordinate
  double g_largest_ = 0, q_largest_ = 0, d_o_largest_ = 0;
  Sums dk_, dv_;
  Roundings dk_rounding_, dv_rounding_;
  std::optional<Block> block_;
};

}  // namespace flashdiff::detail
