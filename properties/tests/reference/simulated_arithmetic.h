#pragma once
#include <cstdint>
#include <span>

#include "properties/tests/reference/flash_simulation.h"

namespace flashdiff::testing {

/// The operations of one simulated kernel, with their rounding, flushing and approximation.
class Arithmetic {
 public:
  explicit Arithmetic(const Kernel& kernel) : kernel_(kernel), state_(kernel.seed) {}

  /// f32 with the declared treatment of subnormal operands and results.
  [[nodiscard]] float add(float a, float b) const { return flushed(flushed(a) + flushed(b)); }
  [[nodiscard]] float multiply(float a, float b) const { return flushed(flushed(a) * flushed(b)); }
  [[nodiscard]] float fused(float a, float b, float c) const;

  /// Approximate instructions, wrong by up to what is declared.
  [[nodiscard]] float exp2(float x);
  [[nodiscard]] float log2(float x);
  [[nodiscard]] float reciprocal(float x);
  [[nodiscard]] float tanh(float x);

  /// c + sum of a_i b_i as the accumulation declares.
  [[nodiscard]] float product_sum(Accumulation how, DType a_dtype, DType b_dtype, std::span<const float> a,
                                  std::span<const float> b, float c) const;

 private:
  [[nodiscard]] float flushed(float x) const;
  [[nodiscard]] double part();  ///< of a declared error, in [-1, 1]
  const Kernel& kernel_;
  std::uint64_t state_;
};

}  // namespace flashdiff::testing
