#include "reference/gradient_block.h"

#include <algorithm>

namespace flashdiff::detail {
namespace {

/// Below exp(-700) a weight counts for nothing; the clamp keeps it a normal number, and products fast.
constexpr double kSmallestExponent = -700.0;

}  // namespace

BlockQueries block_queries(const Problem& problem, const LogicalData& data, BlockPlace at,
                           const BlockKeys& keys) {
  thread_local Scratch d_o_memory, o_memory, lse_memory, d_memory;
  const Eigen::Index rows = at.rows.count;
  BlockQueries queries{scaled_queries(data, problem.softmax_scale(), at),
                       d_o_memory.matrix(data.d_o.width(), rows), lse_memory.row(rows), d_memory.row(rows),
                       modifiers_of(problem, at)};
  queries.d_o = columns(data.d_o, at).cast<double>();
  // In aligned memory, as everything that is added up: where a sum begins within a vector decides its last
  // bits, which are all there is where dP - D cancels.
  Matrix o = o_memory.matrix(data.o.width(), rows);
  o = columns(data.o, at).cast<double>();
  queries.d = (queries.d_o.array() * o.array()).colwise().sum().transpose();
  const auto lse = columns(data.lse, at);
  for (Eigen::Index r = 0; r < rows; ++r)
    queries.lse(r) = keys.of_row[static_cast<std::size_t>(r)].empty() ? 0.0 : static_cast<double>(lse(0, r));
  return queries;
}

GradientStep gradient_step(const BlockQueries& queries, const KeyValues& kv, const BlockKeys& keys, int begin,
                           int size) {
  thread_local Scratch p_memory, t_memory, ds_memory, tanh_memory;
  const Eigen::Index rows = queries.lse.size();
  const double softcap = queries.modifiers.softcap;
  const bool capped = softcap > 0;
  GradientStep step{begin, p_memory.matrix(size, rows), t_memory.matrix(size, rows),
                    ds_memory.matrix(size, rows),
                    capped ? tanh_memory.matrix(size, rows) : tanh_memory.matrix(0, 0)};
  step.p.noalias() = kv.k.middleCols(begin, size).transpose() * queries.scaled_q;
  step.t.noalias() = kv.v.middleCols(begin, size).transpose() * queries.d_o;
  for (Eigen::Index r = 0; r < rows; ++r) {
    const KeyRange row = keys.of_row[static_cast<std::size_t>(r)];
    const int first = std::clamp(row.begin - begin, 0, size);
    const int last = std::max(first, std::clamp(row.end - begin, 0, size));
    auto p = step.p.col(r).array();
    auto t = step.t.col(r).array();
    auto ds = step.ds.col(r).array();
    t -= queries.d(r);
    p.head(first).setZero();
    p.tail(size - last).setZero();
    auto seen = p.segment(first, last - first);
    if (capped) {
      step.tanh.col(r).setZero();
      auto tanh = step.tanh.col(r).array().segment(first, last - first);
      tanh = (seen * (1 / softcap)).tanh();
      seen = tanh * softcap;
    }
    queries.modifiers.add_bias(seen, begin + first, r);
    seen = (seen - queries.lse(r)).max(kSmallestExponent).exp();
    ds = p * t;
    if (capped) ds *= 1 - step.tanh.col(r).array().square();
  }
  return step;
}

}  // namespace flashdiff::detail
