#include "properties/power/plain.h"

#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>

#include <Eigen/Dense>

#include "harness/problem/modifiers.h"
#include "harness/problem/numbers.h"

namespace flashdiff::power {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Map<const Matrix>;

Rows rows_of(const LogicalTensor<float>& tensor, int sequence, int head) {
  return {tensor.matrix(sequence, head), tensor.rows(sequence), tensor.width()};
}
Eigen::Map<Matrix> rows_of(LogicalTensor<float>& tensor, int sequence, int head) {
  return {tensor.matrix(sequence, head), tensor.rows(sequence), tensor.width()};
}

/// One (sequence, query head) of a problem, operation by operation.
class Head {
 public:
  Head(const Problem& problem, const LogicalData& data, int sequence, int head)
      : problem_(problem),
        lengths_(problem.sequences[static_cast<std::size_t>(sequence)]),
        head_(head),
        q_(in_dtype(rows_of(data.q, sequence, head) * static_cast<float>(problem.softmax_scale()))),
        k_(rows_of(data.k, sequence, head / problem.group())),
        v_(rows_of(data.v, sequence, head / problem.group())) {
    scores();
    softmax();
  }
  [[nodiscard]] Matrix o() const { return in_dtype(p_ * v_); }
  [[nodiscard]] const Eigen::VectorXf& lse() const { return lse_; }

  struct Gradients {
    Matrix dq, dk, dv;
  };
  [[nodiscard]] Gradients gradients(const Rows& d_o) const {
    const Matrix dp = in_dtype(d_o * v_.transpose());
    Matrix ds = p_.cwiseProduct(dp);
    const Eigen::VectorXf sums = ds.rowwise().sum();
    ds = in_dtype(ds - (p_.array().colwise() * sums.array()).matrix());
    if (problem_.softcap) ds = in_dtype(ds.cwiseProduct(slope_));
    const auto scale = static_cast<float>(problem_.softmax_scale());
    return {in_dtype(in_dtype(ds * k_) * scale), in_dtype(ds.transpose() * q_),
            in_dtype(p_.transpose() * d_o)};
  }

 private:
  [[nodiscard]] Matrix in_dtype(Matrix m) const {
    round_all(problem_.dtype, std::span<float>(m.data(), static_cast<std::size_t>(m.size())));
    return m;
  }

  void scores() {
    s_ = in_dtype(q_ * k_.transpose());
    if (problem_.softcap) {
      const float cap = *problem_.softcap;
      const Matrix tanh = in_dtype(in_dtype(s_ / cap).unaryExpr([](float x) { return std::tanh(x); }));
      slope_ = in_dtype((1.0f - tanh.array().square()).matrix());
      s_ = in_dtype(tanh * cap);
    }
    if (!problem_.alibi) return;
    const float slope = alibi_slope(problem_, head_);
    for (int i = 0; i < s_.rows(); ++i)
      for (int j = 0; j < s_.cols(); ++j)
        s_(i, j) -= slope * static_cast<float>(alibi_distance(lengths_, i, j));
    s_ = in_dtype(std::move(s_));
  }

  void softmax() {
    const auto none = -std::numeric_limits<float>::infinity();
    p_ = Matrix::Zero(s_.rows(), s_.cols());
    lse_ = Eigen::VectorXf::Constant(s_.rows(), none);
    for (int i = 0; i < s_.rows(); ++i) {
      const KeyRange seen = visible_keys(problem_.mask, lengths_, i);
      float largest = problem_.sink ? sink_logit(problem_, head_) : none;
      const float sink = largest;
      for (int j = seen.begin; j < seen.end; ++j) largest = std::max(largest, s_(i, j));
      if (largest == none) continue;
      float sum = problem_.sink ? std::exp(sink - largest) : 0.0f;
      for (int j = seen.begin; j < seen.end; ++j) sum += p_(i, j) = std::exp(s_(i, j) - largest);
      p_.row(i) /= sum;
      lse_(i) = largest + std::log(sum);
    }
    p_ = in_dtype(std::move(p_));
  }

  const Problem& problem_;
  SequenceLengths lengths_;
  int head_;
  Matrix q_;
  Rows k_, v_;
  Matrix s_, p_, slope_;
  Eigen::VectorXf lse_;
};

}  // namespace

const LogicalTensor<float>& Plain::of(TensorRole output) const {
  switch (output) {
    case TensorRole::o: return o;
    case TensorRole::lse: return lse;
    case TensorRole::dq: return dq;
    case TensorRole::dk: return dk;
    case TensorRole::dv: return dv;
    default: throw std::logic_error("plain_attention answers neither inputs nor appends");
  }
}

Plain plain_attention(const Problem& problem, const LogicalData& data) {
  std::vector<int> queries, keys;
  for (const SequenceLengths& one : problem.sequences) {
    queries.push_back(one.q_len);
    keys.push_back(one.kv_len);
  }
  Plain plain;
  const bool backward = problem.pass == Pass::backward;
  if (backward) {
    plain.dq = LogicalTensor<float>(queries, problem.h_q, problem.d_qk);
    plain.dk = LogicalTensor<float>(keys, problem.h_kv, problem.d_qk);
    plain.dv = LogicalTensor<float>(keys, problem.h_kv, problem.d_v);
  } else {
    plain.o = LogicalTensor<float>(queries, problem.h_q, problem.d_v);
    plain.lse = LogicalTensor<float>(queries, problem.h_q, 1);
  }
  for (int s = 0; s < problem.batch(); ++s)
    for (int h = 0; h < problem.h_q; ++h) {
      const Head head(problem, data, s, h);
      if (!backward) {
        rows_of(plain.o, s, h) = head.o();
        rows_of(plain.lse, s, h) = head.lse();
        continue;
      }
      // K and V are repeated for the heads that share them, so that their gradients are added up.
      const Head::Gradients gradients = head.gradients(rows_of(data.d_o, s, h));
      rows_of(plain.dq, s, h) = gradients.dq;
      rows_of(plain.dk, s, h / problem.group()) += gradients.dk;
      rows_of(plain.dv, s, h / problem.group()) += gradients.dv;
    }
  if (problem.group() > 1)
    for (LogicalTensor<float>* sum : {&plain.dk, &plain.dv}) round_all(problem.dtype, sum->values());
  return plain;
}

}  // namespace flashdiff::power
