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
          .product = unit_roundoff(numerics.qk),
          .bias = shape.alibi ? backward_alibi(numerics) : 0.0,
          .argument = softcap_argument(numerics, shape),
          .tanh = softcap_tanh(numerics),
          .capped = capped_score(numerics, shape),
          .slope = slope_rounding(numerics),
          .tanh_tiny = 3 * underflow(numerics.qk, numerics.flush_subnormals)};
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
          .product = 1.01 * (a.product + b.product),
          .bias = a.bias + b.bias,
          .argument = a.argument + b.argument,
          .tanh = a.tanh + b.tanh,
          .capped = a.capped + b.capped,
          .slope = a.slope + b.slope,
          .tanh_tiny = a.tanh_tiny + b.tanh_tiny};
}

// |fl(q.k) - q.k| <= product_sum * |q|.|k|, and two roundings where the scale is folded into Q. Then t = s -
// LSE on its way into exp2, in units of ln 2: c = scale * log2(e) has two roundings, s c one, the difference
// one, or the difference is taken first and its product with log2(e) has two: at most 4u|s| + 4u|LSE| of
// which the part of |s| <= scale |q|.|k| is here. One more where ALiBi's bias is subtracted. 1 % for the
// products of these.
double backward_score(const Numerics& numerics, const BackwardShape& shape) {
  const int roundings = 2 + 4 + (shape.alibi ? 1 : 0);
  return product_sum(numerics.qk, shape.d_qk) + 1.01 * compounded(unit_roundoff(numerics.qk), roundings);
}

// What is left of it for C tanh(y): the roundings after tanh's.
double capped_score(const Numerics& numerics, const BackwardShape& shape) {
  return 1.01 * compounded(unit_roundoff(numerics.qk), 4 + (shape.alibi ? 1 : 0));
}

// As backward_score: the sum of products, and two roundings where scale / C is folded into Q.
double softcap_argument(const Numerics& numerics, const BackwardShape& shape) {
  return product_sum(numerics.qk, shape.d_qk) + 1.01 * compounded(unit_roundoff(numerics.qk), 2);
}

// The argument's other roundings, 4 of |y|, move tanh by 4u |y| tanh'(y) <= 4u |tanh(y)|, since tanh is
// concave above 0; tanh itself is within what is declared (budget.h, softcap).
double softcap_tanh(const Numerics& numerics) {
  return 1.01 * (numerics.tanh_relative + 4 * unit_roundoff(numerics.qk));
}

// The mean value theorem: |argument| times the slope somewhere between. That is at most the slope here and
// |argument| max|tanh''| more, 4 / (3 sqrt 3); and at most e^(2 |argument|) times the slope here, since cosh
// changes by e^|argument| at most: e^(2x) <= 1 + 3.44 x up to 1/2. No two values of tanh are 2 apart.
float tanh_moved(float argument, float slope) {
  const float more = argument <= 0.5f && 3.44f * slope < 0.77f ? 3.44f * slope : 0.77f;
  const float moved = argument * (slope + more * argument);
  return moved < 2 ? moved : 2.0f;
}

// 1 - tanh^2 by a fused operation rounds once; else tanh^2 and the difference, of magnitudes up to 1; or
// (1 - tanh)(1 + tanh), three roundings of at most 1. Kernels may make tanh from C tanh again, which is then
// wrong by three roundings, its square by six, beside those two.
double slope_rounding(const Numerics& numerics) { return 1.01 * 8 * unit_roundoff(numerics.qk); }

// |(t + e)^2 - t^2| <= (2|t| + |e|) |e|.
float slope_error(float tanh, float error) { return (2 * tanh + error) * error; }

// In the kernel's units the slope has two roundings, its product with the distance one (the distance is exact
// in f32). Then what its difference with the score goes through: the difference's, c's two, the product's,
// and the difference with LSE: at most 8u|b|.
double backward_alibi(const Numerics& numerics) { return 1.01 * 8 * unit_roundoff(numerics.qk); }

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
