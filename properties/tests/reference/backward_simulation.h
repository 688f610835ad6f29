#pragma once
#include <vector>

#include "properties/tests/reference/flash_simulation.h"

namespace flashdiff::testing {

/// A correct backward kernel in f32, one of many that a declaration allows, each operation rounded as a GPU
/// would. What Kernel leaves free: Folding says how the exponent is formed, SumOrder the order of tiles and
/// of terms, `reciprocal` that the accumulator of dP starts at -D.
class BackwardOfKernel {
 public:
  BackwardOfKernel(const Kernel& kernel, const Problem& problem, const LogicalData& data)
      : kernel_(kernel), problem_(problem), data_(data) {}

  /// One row of dQ, rounded to the declared dtype: kv tiles of the declared size, their sums added up in f32.
  [[nodiscard]] std::vector<float> dq(int sequence, int head, int row) const;

  /// One row of dK and dV: the query heads of the group one after the other.
  struct OfKey {
    std::vector<float> dk, dv;
  };
  [[nodiscard]] OfKey of_key(int sequence, int kv_head, int key) const;

 private:
  const Kernel& kernel_;
  const Problem& problem_;
  const LogicalData& data_;
};

}  // namespace flashdiff::testing
