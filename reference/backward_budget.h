#pragma once
#include <limits>

#include "harness/problem/numerics.h"
#include "reference/budget.h"

/// The error budget of the backward pass, term by term. A term is a function: what it bounds, why, from what.
/// Nothing here is tuned.
///
/// The model (names as in backward.h; T_ij = dP_ij - D_i). P, D, T and dS are what exact arithmetic makes of
/// the given inputs; a kernel has
///
///   P~_ij  = P_ij e^(h_ij) + a             h: score, exponent, exp2; a: underflow
///   T~_ij  = T_ij + t_ij                   t: accumulation of dP and of D, their subtraction
///   dS~_ij = P~_ij T~_ij (1 + u) + b       then rounded to its dtype; where there is a softcap
///   dS~_ij = P~_ij T~_ij F~_ij (1 + 2u) + b,  F~ = 1 - tanh^2 + f
///   dQ~_ic = scale (sum_j dS~_ij k_jc)     accumulated in any order, scaled, rounded; dK, dV alike
///
/// and so |dQ~ - dQ| <= scale (sum_j e_ij |k_jc| + gamma sum_j (|dS_ij| + e_ij) |k_jc|) and the two roundings
/// at the end, with e_ij >= |dS~_ij - dS_ij|: products of matrices of bounds, as the kernel's are of values.
/// Unlike the forward pass nothing is divided by a sum of P~, so that no part of h cancels.
///
/// Sources: those of budget.h.
namespace flashdiff::budget {

/// What a term may know of the problem.
struct BackwardShape {
  int d_qk = 1, d_v = 1;
  double scale = 1;
  DType inputs = DType::f32;                                 ///< dtype of Q, K, V, O, dO
  double softcap = std::numeric_limits<double>::infinity();  ///< infinity: none
  bool alibi = false;
};

/// What the errors of one pair are made of; each is explained at its function.
struct PairTerms {
  double score = 0;             ///< |h| for each scale |q_i|.|k_j|
  double lse = 0;               ///< |h| for each |LSE_i|
  double exponential = 0;       ///< |h|
  double weight_underflow = 0;  ///< absolute in P
  double dp = 0;                ///< |t| for each |dO_i|.|v_j|, and for each |D_i|
  double d = 0;                 ///< |t| for each |dO_i|.|O_i|
  double product = 0;           ///< relative: T's subtraction, dS's product, each
  double bias = 0;              ///< |h| for each |ALiBi's bias|
  // With a softcap C, y = scale q.k / C:
  double argument = 0;   ///< |y~ - y| for each |q_i|.|k_j| scale / C
  double tanh = 0;       ///< |tanh~ - tanh(y~)| for each |tanh(y)|
  double capped = 0;     ///< |h| for each |C tanh(y)|, beyond tanh's own error
  double slope = 0;      ///< absolute in F, given tanh~
  double tanh_tiny = 0;  ///< absolute in tanh: what argument, tanh and product lose to underflow
};
[[nodiscard]] PairTerms pair_terms(const Numerics& kernel, const BackwardShape& shape);

/// |h| for each scale |q|.|k|: accumulation of the score and the roundings of its way into exp2.
[[nodiscard]] double backward_score(const Numerics&, const BackwardShape&);
/// |h| for each |C tanh| of a capped score, on its way into exp2.
[[nodiscard]] double capped_score(const Numerics&, const BackwardShape&);
/// |y~ - y| for each |q|.|k| scale / C, and tanh's error, for each |tanh|.
[[nodiscard]] double softcap_argument(const Numerics&, const BackwardShape&);
[[nodiscard]] double softcap_tanh(const Numerics&);
/// How far tanh may be where its argument is wrong by `argument`, and where 1 - tanh^2 is `slope`.
[[nodiscard]] float tanh_moved(float argument, float slope);
/// Absolute error of 1 - tanh^2 where tanh is exact, and where it is wrong by `error`.
[[nodiscard]] double slope_rounding(const Numerics&);
[[nodiscard]] float slope_error(float tanh, float error);
/// |h| for each |ALiBi's bias|.
[[nodiscard]] double backward_alibi(const Numerics&);
/// |h| for each |LSE|.
[[nodiscard]] double backward_lse(const Numerics&);
/// |t| for each |dO|.|v| and each |D|.
[[nodiscard]] double value_gradient(const Numerics&, const BackwardShape&);
/// |t| for each |dO|.|O|.
[[nodiscard]] double row_dot(const Numerics&, const BackwardShape&);

/// Absolute error of a dot product of `terms` terms whose factors have these norms, by underflow.
[[nodiscard]] double dot_underflow(Accumulation how, bool flush_subnormals, int terms, double a_norm,
                                   double b_norm);

/// Rounding of P or dS to the dtype that the kernel declares for it.
struct OperandRounding {
  double relative = 0, absolute = 0;
  double overflow = 0;  ///< above it infinity is right
};
[[nodiscard]] OperandRounding operand_rounding(DType dtype);

/// gamma: accumulation of dQ, dK or dV, relative to the sum of magnitudes. `terms` products in `runs` runs
/// (the query heads of a group, for dK and dV), in tiles whose sums are added up in f32 in any order.
[[nodiscard]] double gradient_sum(const Numerics&, int terms, int runs);
/// Relative: scale's own rounding and its product.
[[nodiscard]] double gradient_scale(const Numerics&);
/// Absolute: what the operations of a sum of `terms` products lose by underflow, factors of at most `a` and
/// `b`.
[[nodiscard]] double gradient_underflow(const Numerics&, int terms, double a, double b);

}  // namespace flashdiff::budget
