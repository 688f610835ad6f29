#include "reference/backward.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "reference/gradient_block.h"
#include "reference/gradient_budget.h"
#include "reference/operands.h"
#include "reference/row_blocks.h"

namespace flashdiff {
namespace {

using detail::BlockKeys;
using detail::BlockPlace;
using detail::columns;
using detail::KeyValues;
using detail::Matrix;

// With 128 rows and 256 keys the three matrices of a step fill three quarters of a 1 MiB cache.
constexpr int kRows = 128;  ///< query rows a block
constexpr int kKeys = 256;  ///< keys a step

/// Rows of each sequence.
struct Lengths {
  std::vector<int> q_rows, kv_rows;
};
Lengths lengths_of(const Problem& problem) {
  Lengths lengths;
  for (const SequenceLengths& one : problem.sequences) {
    lengths.q_rows.push_back(one.q_len);
    lengths.kv_rows.push_back(one.kv_len);
  }
  return lengths;
}

/// Gradients of the problem's shape; widths of 1 where `width_one`.
template <class Value>
Gradients filled(const Problem& problem, Value value, bool width_one = false) {
  const auto [q_rows, kv_rows] = lengths_of(problem);
  const int d_qk = width_one ? 1 : problem.d_qk, d_v = width_one ? 1 : problem.d_v;
  return {{q_rows, problem.h_q, d_qk, value},
          {kv_rows, problem.h_kv, d_qk, value},
          {kv_rows, problem.h_kv, d_v, value}};
}

/// Sums of one K/V head in aligned memory: columns are keys.
struct HeadSums {
  Matrix dk, dv;
};
HeadSums no_sums(const KeyValues& kv) {
  thread_local detail::Scratch dk, dv;
  HeadSums sums{dk.matrix(kv.k.rows(), kv.k.cols()), dv.matrix(kv.v.rows(), kv.v.cols())};
  sums.dk.setZero();
  sums.dv.setZero();
  return sums;
}

void store(const Matrix& sums, LogicalTensor<double>& to, int sequence, int head) {
  std::copy_n(sums.data(), sums.size(), to.matrix(sequence, head));
}

/// Writes dQ of the rows of one block, adds what they contribute to the head's sums, and gives watch(step)
/// each step.
template <class Watch>
void add_block(double scale, BlockPlace at, const BlockKeys& keys, const KeyValues& kv,
               const detail::BlockQueries& queries, HeadSums& sums, Gradients& out, Watch watch) {
  thread_local detail::Scratch dq_memory;
  Matrix dq = dq_memory.matrix(kv.k.rows(), at.rows.count);
  dq.setZero();
  for (int begin = keys.all.begin; begin < keys.all.end; begin += kKeys) {
    const int size = std::min(kKeys, keys.all.end - begin);
    const detail::GradientStep step = detail::gradient_step(queries, kv, keys, begin, size);
    sums.dv.middleCols(begin, size).noalias() += queries.d_o * step.p.transpose();
    sums.dk.middleCols(begin, size).noalias() += queries.scaled_q * step.ds.transpose();
    dq.noalias() += kv.k.middleCols(begin, size) * step.ds;
    watch(step);
  }
  columns(out.dq, at) = dq * scale;
}

/// Visits every K/V head that has queries and keys, visit(sequence, kv head, its blocks of query rows).
template <class Visit>
void for_each_head(const Problem& problem, Visit visit) {
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    if (lengths.q_len == 0 || lengths.kv_len == 0) continue;
    const std::vector<detail::RowBlock> blocks = detail::row_blocks(lengths.q_len, problem.group(), kRows);
    for (int g = 0; g < problem.h_kv; ++g) visit(s, g, blocks);
  }
}

/// Visits every block of a head that sees a key, visit(place, its keys, its queries).
template <class Visit>
void for_each_block(const Problem& problem, const LogicalData& data, int sequence, int kv_head,
                    const std::vector<detail::RowBlock>& blocks, Visit visit) {
  for (const detail::RowBlock rows : blocks) {
    const BlockPlace at{sequence, kv_head * problem.group(), rows};
    const BlockKeys keys =
        detail::keys_of(rows, problem.mask, problem.sequences[static_cast<std::size_t>(sequence)]);
    if (!keys.all.empty()) visit(at, keys, detail::block_queries(problem, data, at, keys));
  }
}

}  // namespace

Gradients attention_backward(const Problem& problem, const LogicalData& data) {
  Gradients out = filled(problem, 0.0);
  for_each_head(problem, [&](int s, int g, const std::vector<detail::RowBlock>& blocks) {
    const KeyValues kv = detail::key_values(data, s, g);
    HeadSums sums = no_sums(kv);
    for_each_block(problem, data, s, g, blocks,
                   [&](BlockPlace at, const BlockKeys& keys, const detail::BlockQueries& queries) {
                     add_block(problem.softmax_scale(), at, keys, kv, queries, sums, out,
                               [](const detail::GradientStep&) {});
                   });
    store(sums.dk, out.dk, s, g);
    store(sums.dv, out.dv, s, g);
  });
  return out;
}

BudgetedGradients attention_backward_with_budget(const Problem& problem, const LogicalData& data,
                                                 const Numerics& numerics) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto [q_rows, kv_rows] = lengths_of(problem);
  const bool all_are_seen = detail::every_query_sees(problem) && detail::every_key_is_seen(problem);
  BudgetedGradients out{filled(problem, 0.0),
                        all_are_seen ? filled(problem, Unwritten{}) : filled(problem, 0.0),
                        filled(problem, kInfinity, true),
                        {q_rows, problem.h_q, 1},
                        {kv_rows, problem.h_kv, 1},
                        {kv_rows, problem.h_kv, 1}};
  for_each_head(problem, [&](int s, int g, const std::vector<detail::RowBlock>& blocks) {
    const KeyValues kv = detail::key_values(data, s, g);
    HeadSums sums = no_sums(kv);
    detail::GradientBudget budget(problem, numerics, s, g, kv);
    for_each_block(problem, data, s, g, blocks,
                   [&](BlockPlace at, const BlockKeys& keys, const detail::BlockQueries& queries) {
                     budget.begin_block(data, at, keys, queries);
                     add_block(problem.softmax_scale(), at, keys, kv, queries, sums, out.reference,
                               [&](const detail::GradientStep& step) { budget.add(step, keys); });
                     budget.end_block(out);
                   });
    store(sums.dk, out.reference.dk, s, g);
    store(sums.dv, out.reference.dv, s, g);
    budget.end_head(out);
  });
  return out;
}

}  // namespace flashdiff
