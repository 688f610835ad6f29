#include "properties/tests/reference/simulated_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "harness/problem/numbers.h"
#include "harness/problem/random_bits.h"

namespace flashdiff::testing {
namespace {

constexpr float kSmallestNormal = 0x1p-126f;

/// An f32 ulp at `value`.
double ulp(double value) {
  return std::ldexp(1.0, std::max(std::ilogb(std::max(std::fabs(value), 0x1p-126)), -126) - 23);
}

float toward_zero(double value) {
  float nearest = static_cast<float>(value);
  if (std::fabs(static_cast<double>(nearest)) > std::fabs(value)) nearest = std::nextafter(nearest, 0.0f);
  return nearest;
}

/// Exponent as a tensor core decodes it: a subnormal has the smallest.
int decoded_exponent(DType dtype, float value) {
  return std::max(std::ilogb(value), std::ilogb(format_of(dtype).smallest_normal));
}

/// One step of sm_80's model: 8 exact products and c, each truncated at 24 fraction bits below the largest
/// exponent, summed exactly, truncated to f32. What is infinite or no number has no exponent, and stays so.
float tensor_core_step(DType a_dtype, DType b_dtype, std::span<const float> a, std::span<const float> b,
                       float c) {
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (!is_finite(c) || !std::ranges::all_of(a, is_finite) || !std::ranges::all_of(b, is_finite))
    return std::inner_product(a.begin(), a.end(), b.begin(), c);
  int largest = -132;
  if (c != 0) largest = std::max(largest, decoded_exponent(DType::f32, c));
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != 0 && b[i] != 0)
      largest = std::max(largest, decoded_exponent(a_dtype, a[i]) + decoded_exponent(b_dtype, b[i]));
  const auto truncated = [&](double term) {
    return std::ldexp(std::trunc(std::ldexp(term, 24 - largest)), largest - 24);
  };
  double sum = truncated(c);
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += truncated(static_cast<double>(a[i]) * static_cast<double>(b[i]));
  return toward_zero(sum);
}

}  // namespace

float Arithmetic::flushed(float x) const {
  return kernel_.numerics.flush_subnormals && std::fabs(x) < kSmallestNormal ? std::copysign(0.0f, x) : x;
}

float Arithmetic::fused(float a, float b, float c) const {
  return flushed(std::fma(flushed(a), flushed(b), flushed(c)));
}

double Arithmetic::part() {
  if (kernel_.approximation < 2) return kernel_.approximation;
  state_ = detail::folded(state_, 1);
  return std::ldexp(static_cast<double>(state_ >> 11), -52) - 1;
}

float Arithmetic::exp2(float x) {
  const double exact = std::exp2(static_cast<double>(x));
  const double most = std::max(kernel_.numerics.exp2_ulps - 0.5, 0.0) * ulp(exact);
  return flushed(std::max(static_cast<float>(exact + part() * most), 0.0f));
}

float Arithmetic::log2(float x) {
  const double exact = std::log2(static_cast<double>(x));
  const double most = kernel_.numerics.log2_absolute * std::max(1.0, std::fabs(exact)) - ulp(exact) / 2;
  return static_cast<float>(exact + part() * std::max(most, 0.0));
}

float Arithmetic::reciprocal(float x) {
  const double exact = 1 / static_cast<double>(x);
  const double most = std::max(kernel_.numerics.rcp_ulps - 0.5, 0.0) * ulp(exact);
  return static_cast<float>(exact + part() * most);
}

float Arithmetic::tanh(float x) {
  const double exact = std::tanh(static_cast<double>(flushed(x)));
  const double most = kernel_.numerics.tanh_relative * std::fabs(exact) - ulp(exact) / 2;
  return flushed(static_cast<float>(exact + part() * std::max(most, 0.0)));
}

float Arithmetic::product_sum(Accumulation how, DType a_dtype, DType b_dtype, std::span<const float> a,
                              std::span<const float> b, float c) const {
  const std::size_t n = a.size();
  if (how == Accumulation::f32_tensor_core) {
    for (std::size_t i = 0; i < n; i += 8)
      c = tensor_core_step(a_dtype, b_dtype, a.subspan(i, std::min<std::size_t>(8, n - i)),
                           b.subspan(i, std::min<std::size_t>(8, n - i)), c);
    return c;
  }
  if (kernel_.order == SumOrder::pairwise && n > 2) {
    const float low = product_sum(how, a_dtype, b_dtype, a.first(n / 2), b.first(n / 2), c);
    return add(low, product_sum(how, a_dtype, b_dtype, a.subspan(n / 2), b.subspan(n / 2), 0.0f));
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t at = kernel_.order == SumOrder::backward ? n - 1 - i : i;
    c = fused(a[at], b[at], c);
  }
  return c;
}

}  // namespace flashdiff::testing
