#include "reference/budget.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "harness/problem/numbers.h"

namespace flashdiff::budget {
namespace {

constexpr double kUlp = 0x1p-23;  ///< an f32 ulp, relative to the smallest number that has it

/// A tensor core's step, as measured and modelled by MMA-Sim for sm_80 to sm_89: 8 products and the
/// accumulator, each truncated at 24 fraction bits below the largest, their sum truncated to f32. (From
/// sm_90: 16 products, 25 bits, which loses less per product.)
constexpr int kProductsPerStep = 8;
constexpr double kStepRoundoff = (kProductsPerStep + 1) * 0x1p-24 + 0x1p-23;

/// Rescalings that the keys of a row can meet: one for each tile that they reach into, wherever tiles begin,
/// one where the sink comes in on its own, and one for each time that what was summed apart (by a warp, over
/// a split of the keys) is merged. A merge's additions need no term of their own: product_sum and row_sum
/// hold for any order, and any tree, of them.
double rescalings(const Numerics& numerics, const RowFacts& row) {
  const int tiles = numerics.whole_rows ? 0 : (row.keys - 1 + numerics.kv_tile - 1) / numerics.kv_tile + 1;
  return tiles + numerics.merges + (row.has_sink ? 1 : 0);
}

/// sqrt(sum p_j x_j^2) for x_j = s_j - m from n and L alone. w ln^2(w) is at most g(w) = w ln^2(w) up to
/// e^-2, 4 e^-2 above, which is concave, so by Jensen sum w_j x_j^2 <= n g(L / n).
double mean_depth(const RowFacts& row) {
  constexpr double kESquared = 7.38905609893065;
  const double spread = row.keys / row.sum;  // n / L >= 1
  return spread < kESquared ? 2 * std::sqrt(spread / kESquared) : std::log(spread);
}

/// |s_j| before ALiBi: by Cauchy, and below the cap.
double largest_score(const Shape& shape, const RowFacts& row) {
  return std::min(shape.softcap, shape.scale * row.q_norm * row.k_norm_largest);
}
/// sqrt(sum p_j s_j^2) of the same.
double mean_score(const Shape& shape, const RowFacts& row) {
  return std::min(shape.softcap, shape.scale * row.dot_mean);
}

/// |s_j - m| <= |s_j| + |m|.
double largest_depth(const Shape& shape, const RowFacts& row) {
  return 2 * (largest_score(shape, row) + row.bias_largest) + std::fabs(row.sink);
}

/// What 1 in P is in units of the largest weight: L where P is divided by it, else 1.
double unit_of_p(const Numerics& numerics, const RowFacts& row) {
  return numerics.whole_rows ? row.sum : 1.0;
}

bool is_double(Accumulation how) { return how == Accumulation::f64; }
WeightError both(double value) { return {value, value}; }

}  // namespace

double unit_roundoff(Accumulation how) { return is_double(how) ? 0x1p-53 : 0x1p-24; }

double underflow(Accumulation how, bool flush_subnormals) {
  if (is_double(how)) return std::numeric_limits<double>::min();
  return flush_subnormals ? 0x1p-126 : 0x1p-149;
}

double compounded(double u, double k) {
  const double ku = k * u;
  return ku < 1 ? ku / (1 - ku) : std::numeric_limits<double>::infinity();
}

// f32 and f64: every product passes through at most n roundings, its own included (Higham, 3.1 and 4.2).
// Tensor core: products are exact; in one step each of 9 terms loses less than 2^-24 of the largest exponent,
// the sum 2^-23 of itself, and both are at most the sum of magnitudes so far; errors of steps compound. One
// step more than n / 8, since the first key may stand inside a step; a step of zeros only loses nothing.
double product_sum(Accumulation how, int terms) {
  if (how != Accumulation::f32_tensor_core) return compounded(unit_roundoff(how), terms);
  const int steps = (terms + kProductsPerStep - 1) / kProductsPerStep + 1;
  return compounded(kStepRoundoff, steps);
}

double exponent_floor(Accumulation how, DType dtype) {
  return how == Accumulation::f32_tensor_core ? format_of(dtype).smallest_normal : 0.0;
}

// |fl(q.k) - q.k| <= product_sum * |q|.|k|; at most ||q|| ||k||, by Cauchy, for the largest. Two roundings
// more for kernels that fold the scale into Q. Times scale, since h is an error of the score. A softcap only
// lessens it: tanh' <= 1, and no two capped scores are further apart than 2 C.
WeightError dot_product(const Numerics& numerics, const Shape& shape, const RowFacts& row) {
  const double relative =
      product_sum(numerics.qk, shape.d_qk) + compounded(unit_roundoff(numerics.qk), 2) * 1.01;
  const double of_score = relative * shape.scale;
  const double most = 2 * shape.softcap;
  return {std::min(most, of_score * row.dot_mean),
          std::min(most, of_score * row.q_norm * row.k_norm_largest)};
}

// Each of d operations may lose the underflow of f32, and a flushed subnormal factor loses at most that times
// the other factor: sum_c (|q_c| + |k_c|) <= sqrt(d) (||q|| + ||k||).
WeightError dot_product_underflow(const Numerics& numerics, const Shape& shape, const RowFacts& row) {
  const double tiny = underflow(numerics.qk, numerics.flush_subnormals);
  const double flushed =
      numerics.flush_subnormals ? std::sqrt(shape.d_qk) * (row.q_norm + row.k_norm_largest) : 0.0;
  return both(tiny * (shape.scale * (shape.d_qk + flushed) + 2));
}

// With x = s - m, c = scale * log2(e) and t = s c: c has two roundings (log2(e), the product), which stretch
// all x alike: 2u|x|. t or m c rounded on its own, each u(|m| + |x|), the subtraction u|x|: kernels that fuse
// have one of them, all are counted. Rescaling by exp2 of a difference of maxima rounds that difference, and
// its product with c: the differences of all tiles after a key add up to at most |x|: 2u|x| with the key's
// own. Together 2u|m| + 6u|x|; 1 % covers the products of these.
WeightError exponent_rounding(const Numerics& numerics, const Shape& shape, const RowFacts& row) {
  const double u = 1.01 * unit_roundoff(numerics.qk);
  const double level = 2 * u * std::fabs(row.max);
  return {level + 6 * u * mean_depth(row), level + 6 * u * largest_depth(shape, row)};
}

// s' = C tanh(y), y = s / C. The argument has at most 4 roundings (scale / C, their product with q.k or Q),
// and an argument wrong by y e moves tanh by at most |e| y tanh'(y) <= |e| tanh(y), since tanh is concave
// above 0. tanh is within its declared relative error. C log2(e) stands for c in exponent_rounding. Each of
// argument, tanh and product may lose the underflow of f32, times C.
WeightError softcap(const Numerics& numerics, const Shape& shape, const RowFacts& row) {
  if (std::isinf(shape.softcap)) return {};
  const double relative = 1.01 * (numerics.tanh_relative + 4 * unit_roundoff(numerics.qk));
  const double tiny = 3 * underflow(numerics.qk, numerics.flush_subnormals) * std::max(1.0, shape.softcap);
  return {relative * mean_score(shape, row) + tiny, relative * largest_score(shape, row) + tiny};
}

// s = s' - b, b = slope times distance. s' c is rounded and c's two roundings stretch it: 3u|s'|, which is no
// longer the same for all keys. b has three: the slope in the kernel's units, its product with the distance
// (which is exact in f32), and with c where they are the score's: 3u|b|. The sum rounds once, u|s|,
// subtraction and rescaling 2u|x|. With |s'| <= |s| + |b| and |s| <= |m| + |x| together 4u|m| + 6u|x| +
// 6u|b|; kernels that add b to q.k have u|x| more. Beyond exponent_rounding: 2u|m| + 2u|x| + 6u|b|. In the
// mean |b| is at most its largest, and at most |s'| + |m| + |x|.
WeightError alibi(const Numerics& numerics, const Shape& shape, const RowFacts& row) {
  if (row.bias_largest == 0) return {};
  const double u = 1.01 * unit_roundoff(numerics.qk);
  const double level = 2 * std::fabs(row.max), depth = mean_depth(row);
  const double bias = std::min(row.bias_largest, mean_score(shape, row) + std::fabs(row.max) + depth);
  return {u * (level + 2 * depth + 6 * bias),
          u * (level + 2 * largest_depth(shape, row) + 6 * row.bias_largest)};
}

// The sink's logit in units of log2 has two roundings, or one in the kernel's units and c's: 2u|sink|; and it
// does not share c's roundings with the keys' scores, so these no longer stretch all x alike. Where it is the
// maximum, |sink| = |m|, keys have 3u|s| + u|x| of their own; where it is not, itself 2u(|m| + |x|), m c
// 3u|m|. Either is 3u|m| beyond exponent_rounding at most.
WeightError sink_rounding(const Numerics& numerics, const RowFacts& row) {
  return row.has_sink ? both(3 * 1.01 * unit_roundoff(numerics.qk) * std::fabs(row.max)) : WeightError{};
}

// The key's own exp2 and one for each rescaling of its tile, each within the declared ulps. |ln(1 + e)|
// <= 1.01 e.
WeightError exponentials(const Numerics& numerics, const RowFacts& row) {
  return both(1.01 * numerics.exp2_ulps * kUlp * (1 + rescalings(numerics, row)));
}

// Where the row sum adds the rounded P, its rounding is shared: an error of the weight, and it cancels where
// all keys have the same v. f32 needs none: it is what exp2 gave.
WeightError shared_p_rounding(const Numerics& numerics) {
  if (!numerics.sum_uses_rounded_p || numerics.p == DType::f32) return {};
  const double u = format_of(numerics.p).unit_roundoff;
  return both(u / (1 - u));
}

// |h| is a sum of terms; the mean is a norm, so it may be added term by term (Minkowski).
WeightError weights(const Numerics& numerics, const Shape& shape, const RowFacts& row) {
  WeightError sum;
  for (const WeightError& term :
       {dot_product(numerics, shape, row), dot_product_underflow(numerics, shape, row),
        exponent_rounding(numerics, shape, row), softcap(numerics, shape, row), alibi(numerics, shape, row),
        sink_rounding(numerics, row), exponentials(numerics, row), shared_p_rounding(numerics)}) {
    sum.mean += term.mean;
    sum.largest += term.largest;
  }
  return sum;
}

// (1 + P's rounding)(1 + sum of n products)(1 + one rounding for each rescaling) - 1. P divided by the row's
// sum is rounded by that product, as by a rescaling.
double value_sum(const Numerics& numerics, const RowFacts& row) {
  const bool rounds_p = !numerics.sum_uses_rounded_p && numerics.p != DType::f32;
  const double p = rounds_p ? format_of(numerics.p).unit_roundoff : 0.0;
  const double sum = product_sum(numerics.pv, row.keys);
  const double products = rescalings(numerics, row) + (numerics.whole_rows ? 1 : 0);
  const double rescaled = compounded(unit_roundoff(numerics.pv), products);
  return (1 + p) * (1 + sum) * (1 + rescaled) - 1;
}

// n - 1 additions and a rescaling for each tile, in f32 also where the products are a tensor core's.
double row_sum(const Numerics& numerics, const RowFacts& row) {
  return compounded(unit_roundoff(numerics.pv), row.keys + rescalings(numerics, row));
}

// P rounds to half a subnormal of its dtype where it is below the normal range (f16: 2^-25 of the largest
// weight; later maxima only shrink it). exp2 itself is within its ulps of f32's subnormals, or flushed; so is
// the factor of each rescaling. P divided by the row's sum underflows in that product, and in its own units.
WeightUnderflow weight_underflow(const Numerics& numerics, const RowFacts& row) {
  const double p = numerics.p == DType::f32 ? 0.0 : format_of(numerics.p).smallest_subnormal / 2;
  const double one = underflow(numerics.qk, numerics.flush_subnormals);
  const double tiny = one * (1 + numerics.exp2_ulps) * (1 + rescalings(numerics, row));
  if (numerics.whole_rows) return {tiny + (one + p) * unit_of_p(numerics, row), tiny};
  return {tiny + p, numerics.sum_uses_rounded_p ? tiny + p : tiny};
}

// Each addition and rescaling of the accumulator, and with flushing each v, may lose the underflow of f32
// (weights are at most 1). A tensor core compares exponents as if P and V were at least normal: its error is
// product_sum of sum (w_j + p_floor)(|v_j| + v_floor), of which sum w_j |v_j| is counted in value_sum.
ValueUnderflow value_underflow(const Numerics& numerics, const Shape& shape, const RowFacts& row) {
  const double n = row.keys;
  const double tiny = underflow(numerics.pv, numerics.flush_subnormals);
  const double unit = unit_of_p(numerics, row);
  const double p_floor = unit * exponent_floor(numerics.pv, numerics.p);
  const double v_floor = exponent_floor(numerics.pv, shape.inputs);
  const double sum = product_sum(numerics.pv, row.keys);
  return {sum * n * p_floor,
          unit * tiny * (2 * n + rescalings(numerics, row)) + sum * v_floor * (n * p_floor + 2 * row.sum)};
}

// A P that is divided by the row's sum is the same number for all keys of one score, and so is its error,
// wherever the scores of a row are alike; what P is before that is 1 for them, exactly. And with ALiBi scores
// that are alike become a ladder, the same in every tile and row whose maximum is at its end: emulated
// kernels whose q.k were next to nothing had LSE 13 deviations off, by roundings that no other maximum shows.
bool p_rounds_at_random(const Numerics& numerics, bool has_alibi) {
  return numerics.p != DType::f32 && !numerics.whole_rows && !has_alibi;
}

// Uniform within half an ulp to either side: ulp^2 / 12, and an ulp is at most 2u of the value.
double rounding_variance(DType dtype) {
  const double u = format_of(dtype).unit_roundoff;
  return u * u / 3;
}

// rcp within its ulps, then a product; or a division, which rounds once. The product of a P that is divided
// is each weight's own (value_sum).
double division(const Numerics& numerics) {
  const double product = numerics.whole_rows ? 0.0 : unit_roundoff(numerics.pv);
  return 1.01 * (numerics.rcp_ulps * kUlp + product);
}

// Round to nearest: half an ulp, half a subnormal below the normal range; infinity from half an ulp above the
// largest finite number on. In f32 the division's result is the output: nothing to round, but it may
// underflow.
//
// How much of it is used: all. A value just above a power of two that lies between two numbers of its dtype
// errs by u of itself, and with few keys that term is nearly the whole budget. Of 2,367 random cases of
// flash_forward_simt (seed 9) the worst use of O's budget is 0.998 in f16, 0.996 in bf16, and 0.296 in f32,
// where this rounding is not and all other terms are what is left: none is missing, none is tight.
OutputRounding output_rounding(const Numerics& numerics) {
  const Format format = format_of(numerics.out);
  const double tiny = underflow(numerics.pv, numerics.flush_subnormals);
  const double overflow = format.largest_finite * (1 + format.unit_roundoff / 2);
  if (numerics.out == DType::f32 && !is_double(numerics.pv)) return {0.0, tiny, format.largest_finite};
  const double by_way_of_f32 = is_double(numerics.pv) && numerics.out != DType::f32 ? 1.01 * 0x1p-24 : 0.0;
  return {format.unit_roundoff + by_way_of_f32, format.smallest_subnormal / 2 + tiny, overflow,
          by_way_of_f32};
}

// log2(L) within its declared error, absolute below 2, relative above. Either m + ln(L): m's own product with
// the scale, ln(2) and its product, the sum; or (m2 + log2(L)) ln(2): c's two roundings and m2's, the sum,
// ln(2), the product. At most u (3|m| + 2 ln(L) + 3|LSE|).
double lse_arithmetic(const Numerics& numerics, const RowFacts& row) {
  const double lse = row.max + row.log_sum;
  const double u = 1.01 * unit_roundoff(numerics.pv);
  const double log2 = numerics.log2_absolute * std::max(std::numbers::ln2, row.log_sum);
  const double sums = u * (3 * std::fabs(row.max) + 2 * row.log_sum + 3 * std::fabs(lse));
  return log2 + sums;
}

// LSE is f32, whatever the arithmetic.
double lse_rounding(const Numerics& numerics, const RowFacts& row) {
  return 1.01 * 0x1p-24 * std::fabs(row.max + row.log_sum) +
         underflow(Accumulation::f32_fma, numerics.flush_subnormals);
}

Numerics reference_numerics() {
  constexpr double two_double_ulps = 2 * 0x1p-29;  // in ulps of f32, as they are declared
  return {.p = DType::f32,
          .sum_uses_rounded_p = false,
          .qk = Accumulation::f64,
          .pv = Accumulation::f64,
          .exp2_ulps = two_double_ulps,
          .rcp_ulps = two_double_ulps,
          .log2_absolute = 0x1p-52,
          .tanh_relative = 0x1p-51,
          .flush_subnormals = false,
          .kv_tile = 64,
          .out = DType::f32,
          .deterministic = true};
}

}  // namespace flashdiff::budget
