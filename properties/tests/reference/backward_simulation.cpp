#include "properties/tests/reference/backward_simulation.h"

#include <algorithm>
#include <span>

#include "harness/problem/modifiers.h"
#include "harness/problem/numbers.h"
#include "harness/problem/random_bits.h"
#include "properties/tests/reference/simulated_arithmetic.h"

namespace flashdiff::testing {
namespace {

/// A weight as a kernel has it, and the slope of its softcap; 1 without one.
struct Weight {
  float p = 0, slope = 1;
};

/// P, rounded for its product with dO, and dS, rounded for its products with K and Q.
struct Pair {
  float p = 0, ds = 0;
};

/// What the operations of one row or key share.
class Pairs {
 public:
  Pairs(const Kernel& kernel, const Problem& problem, const LogicalData& data, int sequence,
        std::uint64_t number)
      : kernel_(seeded(kernel, number)),
        problem_(problem),
        data_(data),
        sequence_(sequence),
        arithmetic_(kernel_),
        scale_(static_cast<float>(problem.softmax_scale())),
        score_scale_(problem.softcap ? *problem.softcap : scale_),
        scale_log2_(arithmetic_.multiply(score_scale_, kLog2E)) {
    if (problem.softcap) argument_ = static_cast<float>(problem.softmax_scale() / *problem.softcap);
  }

  Pair pair(int head, int row, int key) {
    const int kv_head = head / problem_.group();
    const float t = dp_minus_d(head, row, kv_head, key);
    const Weight weight = this->weight(head, row, kv_head, key);
    float ds = 0;
    if (!problem_.softcap)
      ds = arithmetic_.multiply(weight.p, t);
    else if (kernel_.reciprocal)
      ds = arithmetic_.multiply(arithmetic_.multiply(weight.p, weight.slope), t);
    else
      ds = arithmetic_.multiply(arithmetic_.multiply(weight.p, t), weight.slope);
    return {rounded(kernel_.numerics.p, weight.p), rounded(kernel_.numerics.ds, ds)};
  }

  /// Sum of a_i b_i over tiles of the declared size, each from 0, their sums added up in the kernel's order.
  float tiled(DType a_dtype, std::span<const float> a, std::span<const float> b) {
    const auto tile = static_cast<std::size_t>(kernel_.numerics.kv_tile);
    std::vector<float> sums;
    for (std::size_t at = 0; at < a.size(); at += tile) {
      const std::size_t count = std::min(tile, a.size() - at);
      sums.push_back(arithmetic_.product_sum(kernel_.numerics.pv, a_dtype, problem_.dtype,
                                             a.subspan(at, count), b.subspan(at, count), 0.0f));
    }
    if (kernel_.order == SumOrder::backward) std::reverse(sums.begin(), sums.end());
    float sum = 0;
    for (float part : sums) sum = arithmetic_.add(sum, part);
    return sum;
  }
  float scaled(float sum) const { return rounded(kernel_.numerics.out, arithmetic_.multiply(sum, scale_)); }
  float stored(float sum) const { return rounded(kernel_.numerics.out, sum); }
  [[nodiscard]] const Numerics& numerics() const { return kernel_.numerics; }

 private:
  static Kernel seeded(Kernel kernel, std::uint64_t number) {
    kernel.seed = detail::folded(kernel.seed, number);
    return kernel;
  }
  static std::span<const float> row_of(const LogicalTensor<float>& tensor, int sequence, int head, int row) {
    return {tensor.row(sequence, head, row), static_cast<std::size_t>(tensor.width())};
  }

  float dp_minus_d(int head, int row, int kv_head, int key) {
    const auto d_o = row_of(data_.d_o, sequence_, head, row);
    const float d = arithmetic_.product_sum(Accumulation::f32_fma, DType::f32, DType::f32, d_o,
                                            row_of(data_.o, sequence_, head, row), 0.0f);
    const bool starts_at_d = kernel_.reciprocal;
    const float dp =
        arithmetic_.product_sum(kernel_.numerics.qk, problem_.dtype, problem_.dtype, d_o,
                                row_of(data_.v, sequence_, kv_head, key), starts_at_d ? -d : 0.0f);
    return starts_at_d ? dp : arithmetic_.add(dp, -d);
  }

  /// 1 - tanh^2, in one of the ways that there are.
  float slope_of(float tanh) const {
    if (kernel_.folding == Folding::natural)  // from what the score has become
      tanh = arithmetic_.multiply(arithmetic_.multiply(tanh, score_scale_), 1 / score_scale_);
    switch (kernel_.order) {
      case SumOrder::forward: return arithmetic_.fused(-tanh, tanh, 1);
      case SumOrder::backward: return arithmetic_.add(1, -arithmetic_.multiply(tanh, tanh));
      case SumOrder::pairwise: break;
    }
    return arithmetic_.multiply(arithmetic_.add(1, -tanh), arithmetic_.add(1, tanh));
  }

  Weight weight(int head, int row, int kv_head, int key) {
    const bool in_q = kernel_.folding == Folding::into_q;
    std::vector<float> q(data_.q.row(sequence_, head, row),
                         data_.q.row(sequence_, head, row) + problem_.d_qk);
    if (in_q)
      for (float& value : q) value = arithmetic_.multiply(value, problem_.softcap ? argument_ : scale_log2_);
    float score = arithmetic_.product_sum(kernel_.numerics.qk, problem_.dtype, problem_.dtype, q,
                                          row_of(data_.k, sequence_, kv_head, key), 0.0f);
    Weight weight;
    if (problem_.softcap) {
      score = arithmetic_.tanh(in_q ? score : arithmetic_.multiply(score, argument_));
      weight.slope = slope_of(score);
      if (in_q) score = arithmetic_.multiply(score, scale_log2_);
    }
    const SequenceLengths lengths = problem_.sequences[static_cast<std::size_t>(sequence_)];
    const float slope = alibi_slope(problem_, head);
    const auto distance = static_cast<float>(alibi_distance(lengths, row, key));
    const auto less_bias = [&](float s, float of_slope) {
      return problem_.alibi ? arithmetic_.add(s, -arithmetic_.multiply(of_slope, distance)) : s;
    };
    const float lse = *data_.lse.row(sequence_, head, row);
    const float lse_log2 = arithmetic_.multiply(lse, kLog2E);
    const float slope_log2 = arithmetic_.multiply(slope, kLog2E);
    switch (kernel_.folding) {
      case Folding::fused_maximum:
        if (kernel_.sink_first)  // the bias in units of what the product gives, or in those of log2
          score = arithmetic_.fused(less_bias(score, slope / score_scale_), scale_log2_, -lse_log2);
        else
          score = less_bias(arithmetic_.fused(score, scale_log2_, -lse_log2), slope_log2);
        break;
      case Folding::product_then_sum:
        score = less_bias(arithmetic_.multiply(score, scale_log2_), slope_log2);
        score = arithmetic_.add(score, -lse_log2);
        break;
      case Folding::natural:
        score = less_bias(arithmetic_.multiply(score, score_scale_), slope);
        score = arithmetic_.multiply(arithmetic_.add(score, -lse), kLog2E);
        break;
      case Folding::into_q: score = arithmetic_.add(less_bias(score, slope_log2), -lse_log2); break;
    }
    weight.p = arithmetic_.exp2(score);
    return weight;
  }

  const Kernel kernel_;
  const Problem& problem_;
  const LogicalData& data_;
  int sequence_;
  Arithmetic arithmetic_;
  float scale_;         ///< of the softmax, which gradients are multiplied with
  float score_scale_;   ///< of what tanh gives, where there is a softcap
  float scale_log2_;    ///< that, in units of log2
  float argument_ = 0;  ///< scale / softcap
};

std::vector<float> column_of(const LogicalTensor<float>& tensor, int sequence, int head, int first, int last,
                             int column) {
  std::vector<float> values;
  for (int row = first; row < last; ++row) values.push_back(tensor.row(sequence, head, row)[column]);
  return values;
}

}  // namespace

std::vector<float> BackwardOfKernel::dq(int sequence, int head, int row) const {
  const SequenceLengths lengths = problem_.sequences[static_cast<std::size_t>(sequence)];
  const KeyRange keys = visible_keys(problem_.mask, lengths, row);
  std::vector<float> dq(static_cast<std::size_t>(problem_.d_qk), 0.0f);
  if (keys.empty()) return dq;
  Pairs pairs(kernel_, problem_, data_, sequence, static_cast<std::uint64_t>(row));
  std::vector<float> ds;
  for (int key = keys.begin; key < keys.end; ++key) ds.push_back(pairs.pair(head, row, key).ds);
  for (int c = 0; c < problem_.d_qk; ++c)
    dq[static_cast<std::size_t>(c)] = pairs.scaled(
        pairs.tiled(pairs.numerics().ds, ds,
                    column_of(data_.k, sequence, head / problem_.group(), keys.begin, keys.end, c)));
  return dq;
}

BackwardOfKernel::OfKey BackwardOfKernel::of_key(int sequence, int kv_head, int key) const {
  const SequenceLengths lengths = problem_.sequences[static_cast<std::size_t>(sequence)];
  Pairs pairs(kernel_, problem_, data_, sequence, static_cast<std::uint64_t>(key) + (1u << 20));
  std::vector<float> p, ds;
  std::vector<std::vector<float>> q(static_cast<std::size_t>(problem_.d_qk));
  std::vector<std::vector<float>> d_o(static_cast<std::size_t>(problem_.d_v));
  for (int head = kv_head * problem_.group(); head < (kv_head + 1) * problem_.group(); ++head)
    for (int row = 0; row < lengths.q_len; ++row) {
      const KeyRange seen = visible_keys(problem_.mask, lengths, row);
      if (key < seen.begin || key >= seen.end) continue;
      const Pair pair = pairs.pair(head, row, key);
      p.push_back(pair.p);
      ds.push_back(pair.ds);
      for (std::size_t c = 0; c < q.size(); ++c) q[c].push_back(data_.q.row(sequence, head, row)[c]);
      for (std::size_t c = 0; c < d_o.size(); ++c) d_o[c].push_back(data_.d_o.row(sequence, head, row)[c]);
    }
  OfKey of_key;
  for (const std::vector<float>& column : q)
    of_key.dk.push_back(pairs.scaled(pairs.tiled(pairs.numerics().ds, ds, column)));
  for (const std::vector<float>& column : d_o)
    of_key.dv.push_back(pairs.stored(pairs.tiled(pairs.numerics().p, p, column)));
  return of_key;
}

}  // namespace flashdiff::testing
