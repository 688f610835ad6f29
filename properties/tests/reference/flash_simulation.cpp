#include "properties/tests/reference/flash_simulation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/problem/numbers.h"
#include "harness/problem/random_bits.h"
#include "properties/tests/reference/simulated_arithmetic.h"

namespace flashdiff::testing {
namespace {

constexpr float kLog2E = 0x1.715476p+0f;
constexpr float kLn2 = 0x1.62e430p-1f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

class RowOfKernel {
 public:
  RowOfKernel(const Kernel& kernel, const Problem& problem, const LogicalData& data, int sequence, int head,
              int row)
      : kernel_(kernel),
        problem_(problem),
        data_(data),
        sequence_(sequence),
        kv_head_(head / problem.group()),
        arithmetic_(kernel),
        scale_(static_cast<float>(problem.softmax_scale())),
        scale_log2_(arithmetic_.multiply(scale_, kLog2E)),
        q_(data.q.row(sequence, head, row), data.q.row(sequence, head, row) + problem.d_qk),
        accumulator_(static_cast<std::size_t>(problem.d_v), 0.0f) {
    if (kernel.folding == Folding::into_q)
      for (float& value : q_) value = arithmetic_.multiply(value, scale_log2_);
  }

  SimulatedRow run(KeyRange keys) {
    const int tile = kernel_.numerics.kv_tile;
    std::vector<KeyRange> tiles;
    for (int begin = keys.begin / tile * tile; begin < keys.end; begin += tile)
      tiles.push_back({std::max(begin, keys.begin), std::min(begin + tile, keys.end)});
    if (kernel_.order == Order::backward) std::reverse(tiles.begin(), tiles.end());
    for (const KeyRange t : tiles) add_tile(t);
    return finish();
  }

 private:
  /// Score as the maximum is taken of: raw, in units of log2, or natural.
  float score(int key) {
    const float* k = data_.k.row(sequence_, kv_head_, key);
    const float dot = arithmetic_.product_sum(kernel_.numerics.qk, problem_.dtype, problem_.dtype, q_,
                                              {k, static_cast<std::size_t>(problem_.d_qk)}, 0.0f);
    switch (kernel_.folding) {
      case Folding::product_then_sum: return arithmetic_.multiply(dot, scale_log2_);
      case Folding::natural: return arithmetic_.multiply(dot, scale_);
      default: return dot;
    }
  }
  float weight(float score) {
    switch (kernel_.folding) {
      case Folding::fused_maximum:
        return arithmetic_.exp2(
            arithmetic_.fused(score, scale_log2_, -arithmetic_.multiply(max_, scale_log2_)));
      case Folding::natural:
        return arithmetic_.exp2(arithmetic_.multiply(arithmetic_.add(score, -max_), kLog2E));
      default: return arithmetic_.exp2(arithmetic_.add(score, -max_));
    }
  }
  float rescaling(float old_max) {
    if (old_max == -kInfinity) return 0.0f;
    const float step = arithmetic_.add(old_max, -max_);
    switch (kernel_.folding) {
      case Folding::fused_maximum: return arithmetic_.exp2(arithmetic_.multiply(step, scale_log2_));
      case Folding::natural: return arithmetic_.exp2(arithmetic_.multiply(step, kLog2E));
      default: return arithmetic_.exp2(step);
    }
  }

  void add_tile(KeyRange tile) {
    std::vector<float> p;
    for (int j = tile.begin; j < tile.end; ++j) p.push_back(score(j));
    const float old_max = max_;
    max_ = std::max(max_, *std::max_element(p.begin(), p.end()));
    const float factor = rescaling(old_max);
    for (float& value : p) value = weight(value);

    std::vector<float> rounded_p = p;
    for (float& value : rounded_p) value = rounded(kernel_.numerics.p, value);
    const std::vector<float> ones(p.size(), 1.0f);
    const std::vector<float>& summed = kernel_.numerics.sum_uses_rounded_p ? rounded_p : p;
    sum_ = arithmetic_.product_sum(Accumulation::f32_fma, DType::f32, DType::f32, summed, ones,
                                   arithmetic_.multiply(sum_, factor));
    std::vector<float> column(p.size());
    for (std::size_t c = 0; c < accumulator_.size(); ++c) {
      for (std::size_t j = 0; j < p.size(); ++j)
        column[j] = data_.v.row(sequence_, kv_head_, tile.begin + static_cast<int>(j))[c];
      accumulator_[c] =
          arithmetic_.product_sum(kernel_.numerics.pv, kernel_.numerics.p, problem_.dtype, rounded_p, column,
                                  arithmetic_.multiply(accumulator_[c], factor));
    }
  }

  SimulatedRow finish() {
    SimulatedRow row;
    const float reciprocal = arithmetic_.reciprocal(sum_);
    for (float value : accumulator_) {
      const float o = kernel_.reciprocal ? arithmetic_.multiply(value, reciprocal) : value / sum_;
      row.o.push_back(rounded(kernel_.numerics.out, o));
    }
    const float log2_sum = arithmetic_.log2(sum_);
    const auto times = [&](float a, float b) { return arithmetic_.multiply(a, b); };
    switch (kernel_.folding) {
      case Folding::fused_maximum:
        row.lse = arithmetic_.add(times(max_, scale_), times(log2_sum, kLn2));
        break;
      case Folding::natural: row.lse = arithmetic_.add(max_, times(log2_sum, kLn2)); break;
      default: row.lse = times(arithmetic_.add(max_, log2_sum), kLn2);
    }
    return row;
  }

  const Kernel& kernel_;
  const Problem& problem_;
  const LogicalData& data_;
  int sequence_;
  int kv_head_;
  Arithmetic arithmetic_;
  float scale_;
  float scale_log2_;
  std::vector<float> q_;
  std::vector<float> accumulator_;
  float max_ = -kInfinity;
  float sum_ = 0;
};

}  // namespace

Kernel any_kernel(std::uint64_t number) {
  std::uint64_t purpose = 0;
  const auto pick = [&](int choices) {
    return static_cast<int>(detail::folded(number, ++purpose) % static_cast<std::uint64_t>(choices));
  };
  Kernel kernel;
  kernel.seed = number;
  kernel.numerics.p = static_cast<DType>(pick(3));
  kernel.numerics.sum_uses_rounded_p = pick(2) == 0;
  kernel.numerics.qk = pick(2) == 0 ? Accumulation::f32_fma : Accumulation::f32_tensor_core;
  kernel.numerics.pv = pick(2) == 0 ? Accumulation::f32_fma : Accumulation::f32_tensor_core;
  kernel.numerics.exp2_ulps = pick(2) == 0 ? 2.0 : 0.5;
  kernel.numerics.flush_subnormals = pick(3) == 0;
  kernel.numerics.kv_tile = 1 << pick(8);
  kernel.numerics.out = static_cast<DType>(pick(3));
  kernel.folding = static_cast<Folding>(pick(4));
  kernel.order = static_cast<Order>(pick(3));
  kernel.reciprocal = pick(2) == 0;
  kernel.approximation = pick(4) - 1;
  return kernel;
}

SimulatedRow simulate_row(const Kernel& kernel, const Problem& problem, const LogicalData& data, int sequence,
                          int head, int row) {
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(sequence)];
  const KeyRange keys = visible_keys(problem.mask, lengths, row);
  if (keys.empty()) return {std::vector<float>(static_cast<std::size_t>(problem.d_v), 0.0f), -kInfinity};
  return RowOfKernel(kernel, problem, data, sequence, head, row).run(keys);
}

}  // namespace flashdiff::testing
