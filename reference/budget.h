#pragma once
#include <limits>

#include "harness/problem/numerics.h"
#include "harness/problem/problem.h"

/// The error budget, term by term. A term is a function: what it bounds, why, from what. Nothing here is
/// tuned.
///
/// The model. A row of n visible keys has scores s_j = scale * q.k_j, maximum m, weights w_j = exp(s_j - m),
/// L = sum of w_j (so 1 <= L <= n), p_j = w_j / L, O_c = sum of p_j v_jc. A kernel with errors has
///
///   O~_c = (sum w_j e^(h_j) (1 + r_jc) v_jc + a_c) / (sum w_j e^(h_j) (1 + t_j) + b)
///
/// h_j: what both sums share (score, exponential, rescaling); r, a: what only the numerator has (P's
/// rounding, accumulation of P V); t, b: what only the row sum has. With |h_j| <= H each term below is a
/// bound that holds as it stands: no second-order remainder is dropped (see element_budget.h for how they
/// combine).
///
/// A sink is one more key: its score is given, its value is 0, and n, m, w and L count it.
///
/// Sources: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 3 (gamma_n, any order of
/// summation); Dao, FlashAttention-2 (arXiv:2307.08691) for the algorithm; PTX ISA for ex2, lg2, rcp;
/// Xie et al., MMA-Sim (arXiv:2511.10909) for what tensor cores truncate.
namespace flashdiff::budget {

/// What a term may know of the problem.
struct Shape {
  int d_qk = 1;
  double scale = 1;
  DType inputs = DType::f32;                                 ///< dtype of Q, K, V
  double softcap = std::numeric_limits<double>::infinity();  ///< infinity: none
};

/// What a term may know of a row; all from the reference's own double results.
struct RowFacts {
  int keys = 1;               ///< n, visible keys and the sink, at least 1
  double max = 0;             ///< m
  double sum = 1;             ///< L
  double log_sum = 0;         ///< ln(L)
  double q_norm = 0;          ///< ||q||, each |q_c| raised to exponent_floor first, here and below
  double k_norm_largest = 0;  ///< largest ||k_j|| of the head
  double dot_mean = 0;        ///< sqrt(sum p_j (|q|.|k_j|)^2)
  bool has_alibi = false;     ///< the problem has
  double bias_largest = 0;    ///< ALiBi's, over the visible keys; 0 where all are at no distance
  bool has_sink = false;
  double sink = 0;  ///< its score
};

/// A bound on |h_j|, for every key (`largest`) and in the mean that matters: sqrt(sum p_j h_j^2) (`mean`).
struct WeightError {
  double mean = 0;
  double largest = 0;
};

// --- Arithmetic that the terms are made of
// -------------------------------------------------------------------

/// u: f32's 2^-24, or 2^-53 where everything is double.
[[nodiscard]] double unit_roundoff(Accumulation how);
/// The absolute error of one f32 operation whose result is tiny: 2^-149 (a truncation of a subnormal;
/// rounding is half), 2^-126 where subnormals may be flushed; double: its smallest normal number.
[[nodiscard]] double underflow(Accumulation how, bool flush_subnormals);
/// Higham's gamma_k = k u / (1 - k u) >= (1 + u)^k - 1: the relative error that k roundings in a row can
/// make.
[[nodiscard]] double compounded(double u, double k);
/// A sum of n products in any order, relative to the sum of their magnitudes.
[[nodiscard]] double product_sum(Accumulation how, int terms);
/// The magnitude to which a factor's exponent is raised before a tensor core compares exponents: the smallest
/// normal number of its dtype, since a subnormal's exponent is the minimum whatever its leading zeros; 0
/// else.
[[nodiscard]] double exponent_floor(Accumulation how, DType dtype);

// --- Terms of the weights, shared by numerator and row sum
// ---------------------------------------------------

[[nodiscard]] WeightError dot_product(const Numerics&, const Shape&, const RowFacts&);
[[nodiscard]] WeightError dot_product_underflow(const Numerics&, const Shape&, const RowFacts&);
[[nodiscard]] WeightError exponent_rounding(const Numerics&, const Shape&, const RowFacts&);
[[nodiscard]] WeightError softcap(const Numerics&, const Shape&, const RowFacts&);
[[nodiscard]] WeightError alibi(const Numerics&, const Shape&, const RowFacts&);
[[nodiscard]] WeightError sink_rounding(const Numerics&, const RowFacts&);
[[nodiscard]] WeightError exponentials(const Numerics&, const RowFacts&);
[[nodiscard]] WeightError shared_p_rounding(const Numerics&);
/// The sum of them all: |h_j|.
[[nodiscard]] WeightError weights(const Numerics&, const Shape&, const RowFacts&);

// --- Terms of one of the two sums only
// -----------------------------------------------------------------------

/// Relative to sum p_j |v_jc|: P's rounding, accumulation of P V, rescaling.
[[nodiscard]] double value_sum(const Numerics&, const RowFacts&);
/// Relative to L: accumulation of the row sum, rescaling.
[[nodiscard]] double row_sum(const Numerics&, const RowFacts&);
/// Absolute, for each key, in units of the largest weight: underflow of P in its dtype and in f32.
struct WeightUnderflow {
  double in_values = 0;
  double in_row_sum = 0;
};
[[nodiscard]] WeightUnderflow weight_underflow(const Numerics&, const RowFacts&);
/// Absolute in the numerator: `times_v` * max|v_c| + `alone`.
struct ValueUnderflow {
  double times_v = 0;
  double alone = 0;
};
[[nodiscard]] ValueUnderflow value_underflow(const Numerics&, const Shape&, const RowFacts&);

// --- What is random in them: for tests of bias (harness/oracle/bias.h)
// ------------------------------------------

/// Whether P's rounding is one of many that are independent of one another, and so has a variance; else it is
/// counted among the errors that may all lean to one side.
[[nodiscard]] bool p_rounds_at_random(const Numerics&, bool has_alibi);
/// Variance of one rounding to a dtype, for each square of what is rounded.
[[nodiscard]] double rounding_variance(DType dtype);

// --- After the sums
// ------------------------------------------------------------------------------------------

/// Relative: reciprocal and product, or division.
[[nodiscard]] double division(const Numerics&);
/// Rounding of O to its dtype: |error| <= relative * |value| + absolute; above `overflow` infinity is right.
struct OutputRounding {
  double relative = 0;
  double absolute = 0;
  double overflow = 0;
  double on_the_way = 0;  ///< the part of `relative` that an earlier rounding to f32 has
};
[[nodiscard]] OutputRounding output_rounding(const Numerics&);
/// Absolute error of LSE = m + ln(L) given L, and of storing it in f32.
[[nodiscard]] double lse_arithmetic(const Numerics&, const RowFacts&);
[[nodiscard]] double lse_rounding(const Numerics&, const RowFacts&);

/// The arithmetic of the reference itself, in the same terms: double throughout. Its terms are added to the
/// kernel's, so that a budget never claims more than the reference knows.
[[nodiscard]] Numerics reference_numerics();

}  // namespace flashdiff::budget
