#pragma once
#include <cstdint>
#include <vector>

#include "harness/problem/logical.h"
#include "harness/problem/numerics.h"
#include "harness/problem/problem.h"

namespace flashdiff::testing {

inline constexpr float kLog2E = 0x1.715476p+0f;

/// How a kernel folds the scale into the exponent; published kernels do each of these.
enum class Folding : std::uint8_t {
  fused_maximum,     ///< exp2(fma(s, c, -fl(m c))), c = fl(scale log2e): FlashAttention 2
  product_then_sum,  ///< exp2(fl(fl(s c) - m))
  natural,           ///< exp(fl(fl(s scale) - m)) as exp2 of its product with log2e
  into_q             ///< q times c before the product
};
enum class SumOrder : std::uint8_t { forward, backward, pairwise };

/// A correct flash kernel in f32, one of many that a declaration allows: what it declares, and what it is
/// free to do.
struct Kernel {
  Numerics numerics;
  Folding folding = Folding::fused_maximum;
  SumOrder order = SumOrder::forward;  ///< of the tiles, and of the keys within one
  bool reciprocal = true;              ///< o * rcp(l) instead of o / l
  bool sink_first = true;              ///< the sink is what the row sum starts with, or comes in at the end
  /// Errors of approximate instructions, in parts of what is declared: +1 and -1 always the most there is,
  /// 0 none, 2 a different part each time.
  int approximation = 2;
  std::uint64_t seed = 0;
};

/// A kernel for a problem, drawn by number: every declaration and freedom above.
[[nodiscard]] Kernel any_kernel(std::uint64_t number);

struct SimulatedRow {
  std::vector<float> o;  ///< rounded to the declared dtype
  float lse = 0;
};
/// One query row, with online softmax over tiles (or over the whole row), each operation rounded as a GPU
/// would.
[[nodiscard]] SimulatedRow simulate_row(const Kernel& kernel, const Problem& problem, const LogicalData& data,
                                        int sequence, int head, int row);

}  // namespace flashdiff::testing
