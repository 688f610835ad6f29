#include "reference/backward_budget.h"

#include <cmath>

#include "harness/problem/numbers.h"

namespace flashdiff::budget {
namespace {

constexpr double kUlp = 0x1p-23;  ///< an f32 ulp, relative to the smallest number that has it

PairTerms of_one(const Numerics& numerics, const BackwardShape& shape) {
  return {.score = backward_score(numerics, shape),
          .lse = backward_lse(numerics),
          // Within its declared ulps; |ln(1 + e)| <= 1.01 e.
          .exponential = 1.01 * numerics.exp2_ulps * kUlp,
          // exp2 is within its ulps of f32's subnormals, or flushed; P may be flushed as a factor, too.
          .weight_underflow = underflow(numerics.qk, numerics.flush_subnormals) * (2 + numerics.exp2_ulps),
          .dp = value_gradient(numerics, shape),
          .d = row_dot(numerics, shape),
          .product = unit_roundoff(numerics.qk)};
}

}  // namespace

// The kernel's errors and the reference's own, so that a budget never claims more than the reference knows.
// Bounds of |h| and |t| add up; of two roundings of one product the cross term is covered by 1 %.
PairTerms pair_terms(const Numerics& kernel, const BackwardShape& shape) {
  const PairTerms a = of_one(kernel, shape), b = of_one(reference_numerics(), shape);
  return {.score = a.score + b.score,
          .lse = a.lse + b.lse,
          .exponential = a.exponential + b.exponential,
          .weight_underflow = a.weight_underflow + b.weight_underflow,
          .dp = 1.01 * (a.dp + b.dp),
          .d = 1.01 * (a.d + b.d),
          .product = 1.01 * (a.product + b.product)};
}

// |fl(q.k) - q.k| <= product_sum * |q|.|k|, and two roundings where the scale is folded into Q. Then t = s -
// LSE on its way into exp2, in units of ln 2: c = scale * log2(e) has two roundings, s c one, the difference
// one, or the difference is taken first and its product with log2(e) has two: at most 4u|s| + 4u|LSE| of
// which the part of |s| <= scale |q|.|k| is here. 1 % for the products of these.
double backward_score(const Numerics& numerics, const BackwardShape& shape) {
  return product_sum(numerics.qk, shape.d_qk) + 1.01 * compounded(unit_roundoff(numerics.qk), 2 + 4);
}

// LSE * log2(e): the constant's rounding, the product's, and the difference's; or a difference and its two.
double backward_lse(const Numerics& numerics) { return 1.01 * 4 * unit_roundoff(numerics.qk); }

// |fl(dO.v) - dO.v| <= product_sum * |dO|.|v|. A kernel may start the accumulator at -D instead of
// subtracting it at the end: D is then one more term of the sum.
double value_gradient(const Numerics& numerics, const BackwardShape& shape) {
  return product_sum(numerics.qk, shape.d_v + 1);
}

// D is a sum of d_v products in f32 (double), in any order; each product may be rounded on its own.
double row_dot(const Numerics& numerics, const BackwardShape& shape) {
  const Accumulation how = numerics.qk == Accumulation::f64 ? Accumulation::f64 : Accumulation::f32_fma;
  return compounded(unit_roundoff(how), shape.d_v + 1);
}

// Each operation may lose the underflow of f32, and a flushed factor loses at most that times the other
// factor: sum_c (|a_c| + |b_c|) <= sqrt(n) (||a|| + ||b||).
double dot_underflow(Accumulation how, bool flush_subnormals, int terms, double a_norm, double b_norm) {
  const double flushed = flush_subnormals ? std::sqrt(terms) * (a_norm + b_norm) : 0.0;
  return underflow(how, flush_subnormals) * (terms + flushed);
}

// Round to nearest: half an ulp, half a subnormal below the normal range. f32 needs none: it is what the
// operation before gave.
OperandRounding operand_rounding(DType dtype) {
  const Format format = format_of(dtype);
  if (dtype == DType::f32) return {0.0, 0.0, format.largest_finite};
  return {format.unit_roundoff, format.smallest_subnormal / 2, format.largest_finite};
}

// Within a run and tile product_sum; a run begins and ends within a step, so that each of them but the first,
// which product_sum has, costs two steps more. Then one addition for each tile that a run reaches into.
double gradient_sum(const Numerics& numerics, int terms, int runs) {
  constexpr int kTwoSteps = 16;
  const auto of = [=](const Numerics& n) {
    const double products = product_sum(n.pv, terms + kTwoSteps * (runs - 1));
    const double tiles = static_cast<double>(terms) / n.kv_tile + 2 * runs;
    return (1 + products) * (1 + compounded(unit_roundoff(n.pv), tiles));
  };
  return of(numerics) * of(reference_numerics()) - 1;
}

double gradient_scale(const Numerics& numerics) { return 1.01 * 2 * unit_roundoff(numerics.pv); }

// Each product and addition may lose the underflow of f32; with flushing each factor loses as much times the
// other one.
double gradient_underflow(const Numerics& numerics, int terms, double a, double b) {
  const double flushed = numerics.flush_subnormals ? a + b : 0.0;
  return underflow(numerics.pv, numerics.flush_subnormals) * terms * (2 + flushed);
}

}  // namespace flashdiff::budget
