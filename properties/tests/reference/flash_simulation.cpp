#include "properties/tests/reference/flash_simulation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "harness/problem/modifiers.h"
#include "harness/problem/numbers.h"
#include "harness/problem/random_bits.h"
#include "properties/tests/reference/simulated_arithmetic.h"

namespace flashdiff::testing {
namespace {

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
        lengths_(problem.sequences[static_cast<std::size_t>(sequence)]),
        query_(row),
        slope_(alibi_slope(problem, head)),
        scale_(problem.softcap ? *problem.softcap : static_cast<float>(problem.softmax_scale())),
        scale_log2_(arithmetic_.multiply(scale_, kLog2E)),
        q_(data.q.row(sequence, head, row), data.q.row(sequence, head, row) + problem.d_qk),
        accumulator_(static_cast<std::size_t>(problem.d_v), 0.0f) {
    if (problem.softcap) argument_ = static_cast<float>(problem.softmax_scale() / *problem.softcap);
    if (kernel.folding == Folding::into_q)
      for (float& value : q_) value = arithmetic_.multiply(value, problem.softcap ? argument_ : scale_log2_);
    if (!problem.sink) return;
    sink_ = sink_logit(problem, head);
    if (!kernel.sink_first && !kernel.numerics.whole_rows) return;
    max_ = kernel.folding == Folding::natural         ? *sink_
           : kernel.folding == Folding::fused_maximum ? *sink_ / scale_
                                                      : arithmetic_.multiply(*sink_, kLog2E);
    sum_ = 1;
    sink_.reset();
  }

  SimulatedRow run(KeyRange keys) {
    if (kernel_.numerics.whole_rows) {
      if (!keys.empty()) add_whole_row(keys);
      return finish();
    }
    const int tile = kernel_.numerics.kv_tile;
    std::vector<KeyRange> tiles;
    for (int begin = keys.begin / tile * tile; begin < keys.end; begin += tile)
      tiles.push_back({std::max(begin, keys.begin), std::min(begin + tile, keys.end)});
    if (kernel_.order == SumOrder::backward) std::reverse(tiles.begin(), tiles.end());
    for (const KeyRange t : tiles) add_tile(t);
    return finish();
  }

 private:
  /// Score as the maximum is taken of: raw (q.k, or tanh), in units of log2, or natural.
  float score(int key) {
    const float* k = data_.k.row(sequence_, kv_head_, key);
    float raw = arithmetic_.product_sum(kernel_.numerics.qk, problem_.dtype, problem_.dtype, q_,
                                        {k, static_cast<std::size_t>(problem_.d_qk)}, 0.0f);
    const bool in_q = kernel_.folding == Folding::into_q;
    if (problem_.softcap) raw = arithmetic_.tanh(in_q ? raw : arithmetic_.multiply(raw, argument_));
    const bool in_log2 = kernel_.folding == Folding::product_then_sum || (in_q && problem_.softcap);
    if (in_log2) raw = arithmetic_.multiply(raw, scale_log2_);
    if (kernel_.folding == Folding::natural) raw = arithmetic_.multiply(raw, scale_);
    return problem_.alibi ? arithmetic_.add(raw, -bias(key)) : raw;
  }
  /// In the same units.
  float bias(int key) {
    const auto distance = static_cast<float>(alibi_distance(lengths_, query_, key));
    switch (kernel_.folding) {
      case Folding::fused_maximum: return arithmetic_.multiply(slope_ / scale_, distance);
      case Folding::natural: return arithmetic_.multiply(slope_, distance);
      default: return arithmetic_.multiply(arithmetic_.multiply(slope_, kLog2E), distance);
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
    for (float& value : accumulator_) value = arithmetic_.multiply(value, factor);
    add_values(rounded_p, tile.begin);
  }

  /// The row's maximum and sum first; P is divided by the sum, rounded, and multiplied with V.
  void add_whole_row(KeyRange keys) {
    std::vector<float> p;
    for (int j = keys.begin; j < keys.end; ++j) p.push_back(score(j));
    const float sink = max_;
    max_ = std::max(max_, *std::max_element(p.begin(), p.end()));
    for (float& value : p) value = weight(value);
    const std::vector<float> ones(p.size(), 1.0f);
    sum_ = arithmetic_.product_sum(Accumulation::f32_fma, DType::f32, DType::f32, p, ones,
                                   arithmetic_.multiply(sum_, rescaling(sink)));
    const float reciprocal = arithmetic_.reciprocal(sum_);
    for (float& value : p)
      value = rounded(kernel_.numerics.p,
                      kernel_.reciprocal ? arithmetic_.multiply(value, reciprocal) : value / sum_);
    add_values(p, keys.begin);
  }

  void add_values(const std::vector<float>& p, int first_key) {
    std::vector<float> column(p.size());
    for (std::size_t c = 0; c < accumulator_.size(); ++c) {
      for (std::size_t j = 0; j < p.size(); ++j)
        column[j] = data_.v.row(sequence_, kv_head_, first_key + static_cast<int>(j))[c];
      accumulator_[c] = arithmetic_.product_sum(kernel_.numerics.pv, kernel_.numerics.p, problem_.dtype, p,
                                                column, accumulator_[c]);
    }
  }

  /// The sink beside what is there; the maximum is then in units of log2. Returns it.
  float take_sink() {
    const float in_log2 = kernel_.folding == Folding::fused_maximum ? arithmetic_.multiply(max_, scale_log2_)
                          : kernel_.folding == Folding::natural     ? arithmetic_.multiply(max_, kLog2E)
                                                                    : max_;
    const float sink = arithmetic_.multiply(*sink_, kLog2E);
    const float top = std::max(in_log2, sink);
    const float factor = in_log2 == -kInfinity ? 0.0f : arithmetic_.exp2(arithmetic_.add(in_log2, -top));
    for (float& value : accumulator_) value = arithmetic_.multiply(value, factor);
    sum_ = arithmetic_.add(arithmetic_.multiply(sum_, factor), arithmetic_.exp2(arithmetic_.add(sink, -top)));
    return top;
  }

  SimulatedRow finish() {
    SimulatedRow row;
    const float top = sink_ ? take_sink() : 0.0f;
    const float reciprocal = arithmetic_.reciprocal(sum_);
    for (float value : accumulator_) {
      if (kernel_.numerics.whole_rows) {
        row.o.push_back(rounded(kernel_.numerics.out, value));
        continue;
      }
      const float o = kernel_.reciprocal ? arithmetic_.multiply(value, reciprocal) : value / sum_;
      row.o.push_back(rounded(kernel_.numerics.out, o));
    }
    const float log2_sum = arithmetic_.log2(sum_);
    const auto times = [&](float a, float b) { return arithmetic_.multiply(a, b); };
    if (sink_) {
      row.lse = times(arithmetic_.add(top, log2_sum), kLn2);
      return row;
    }
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
  SequenceLengths lengths_;
  int query_;
  float slope_;
  float argument_ = 0;  ///< scale / softcap
  float scale_;         ///< of what `score` calls raw
  float scale_log2_;
  std::optional<float> sink_;  ///< one that is still to come
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
  kernel.order = static_cast<SumOrder>(pick(3));
  kernel.reciprocal = pick(2) == 0;
  kernel.approximation = pick(4) - 1;
  kernel.numerics.tanh_relative = pick(2) == 0 ? 0x1p-11 : 0x1p-22;
  kernel.sink_first = pick(2) == 0;
  kernel.numerics.ds = static_cast<DType>(pick(3));
  kernel.numerics.whole_rows = pick(6) == 0;
  if (kernel.numerics.whole_rows) kernel.numerics.sum_uses_rounded_p = false;  // it is rounded behind the sum
  return kernel;
}

SimulatedRow simulate_row(const Kernel& kernel, const Problem& problem, const LogicalData& data, int sequence,
                          int head, int row) {
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(sequence)];
  const KeyRange keys = visible_keys(problem.mask, lengths, row);
  if (keys.empty() && !problem.sink)
    return {std::vector<float>(static_cast<std::size_t>(problem.d_v), 0.0f), -kInfinity};
  return RowOfKernel(kernel, problem, data, sequence, head, row).run(keys);
}

}  // namespace flashdiff::testing
