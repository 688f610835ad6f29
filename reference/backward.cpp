#include "reference/backward.h"

#include <algorithm>
#include <vector>

#include "reference/gradient_block.h"
#include "reference/operands.h"
#include "reference/row_blocks.h"

namespace flashdiff {
namespace {

using detail::BlockKeys;
using detail::BlockPlace;
using detail::columns;
using detail::KeyValues;

// With 128 rows and 256 keys the three matrices of a step fill three quarters of a 1 MiB cache.
constexpr int kRows = 128;  ///< query rows a block
constexpr int kKeys = 256;  ///< keys a step

Gradients zeros(const Problem& problem) {
  std::vector<int> q_rows, kv_rows;
  for (const SequenceLengths& lengths : problem.sequences) {
    q_rows.push_back(lengths.q_len);
    kv_rows.push_back(lengths.kv_len);
  }
  return {{q_rows, problem.h_q, problem.d_qk},
          {kv_rows, problem.h_kv, problem.d_qk},
          {kv_rows, problem.h_kv, problem.d_v}};
}

/// All rows of one head of a tensor, as columns.
auto head_columns(LogicalTensor<double>& tensor, int sequence, int head) {
  return Eigen::Map<Eigen::MatrixXd>(tensor.matrix(sequence, head), tensor.width(), tensor.rows(sequence));
}

/// Adds what the rows of one block contribute.
void add_block(const Problem& problem, const LogicalData& data, BlockPlace at, const BlockKeys& keys,
               const KeyValues& kv, Gradients& out) {
  const double scale = problem.softmax_scale();
  const detail::BlockQueries queries = detail::block_queries(data, scale, at, keys);
  const int kv_head = at.first_head / problem.group();
  auto dq = columns(out.dq, at);
  auto dk = head_columns(out.dk, at.sequence, kv_head);
  auto dv = head_columns(out.dv, at.sequence, kv_head);
  for (int begin = keys.all.begin; begin < keys.all.end; begin += kKeys) {
    const int size = std::min(kKeys, keys.all.end - begin);
    const detail::GradientStep step = detail::gradient_step(queries, kv, keys, begin, size);
    dv.middleCols(begin, size).noalias() += queries.d_o * step.p.transpose();
    dk.middleCols(begin, size).noalias() += queries.scaled_q * step.ds.transpose();
    dq.noalias() += kv.k.middleCols(begin, size) * step.ds;
  }
  dq *= scale;
}

}  // namespace

Gradients attention_backward(const Problem& problem, const LogicalData& data) {
  Gradients out = zeros(problem);
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    if (lengths.q_len == 0 || lengths.kv_len == 0) continue;
    const std::vector<detail::RowBlock> blocks = detail::row_blocks(lengths.q_len, problem.group(), kRows);
    for (int g = 0; g < problem.h_kv; ++g) {
      const KeyValues kv = detail::key_values(data, s, g);
      for (const detail::RowBlock rows : blocks) {
        const BlockKeys keys = detail::keys_of(rows, problem.mask, lengths);
        if (!keys.all.empty()) add_block(problem, data, {s, g * problem.group(), rows}, keys, kv, out);
      }
    }
  }
  return out;
}

}  // namespace flashdiff
