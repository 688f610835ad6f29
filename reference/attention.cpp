#include "reference/attention.h"

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "reference/element_budget.h"
#include "reference/operands.h"
#include "reference/row_blocks.h"
#include "reference/softmax_block.h"

namespace flashdiff {
namespace {

using detail::BlockKeys;
using detail::BlockPlace;
using detail::columns;
using detail::KeyValues;
using detail::Matrix;

constexpr int kRows = 64;  ///< query rows a block
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A tensor with a row for every query.
LogicalTensor<double> for_queries(const Problem& problem, int width, double value) {
  std::vector<int> rows;
  for (const SequenceLengths& lengths : problem.sequences) rows.push_back(lengths.q_len);
  return {rows, problem.h_q, width, value};
}

/// Every row as the conventions have it where a query sees no key.
Attention unseen(const Problem& problem) {
  return {for_queries(problem, problem.d_v, 0.0), for_queries(problem, 1, -kInfinity)};
}

/// Visits every block of query rows that see a key: start(kv) before the blocks of a K/V head, then
/// visit(place, the keys that its rows see, kv) for each.
template <class Start, class Visit>
void for_each_block(const Problem& problem, const LogicalData& data, Start start, Visit visit) {
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    if (lengths.q_len == 0 || lengths.kv_len == 0) continue;
    const std::vector<detail::RowBlock> blocks = detail::row_blocks(lengths.q_len, problem.group(), kRows);
    for (int g = 0; g < problem.h_kv; ++g) {
      const KeyValues kv = detail::key_values(data, s, g);
      start(kv);
      for (const detail::RowBlock rows : blocks) {
        const BlockKeys keys = detail::keys_of(rows, problem.mask, lengths);
        if (!keys.all.empty()) visit(BlockPlace{s, g * problem.group(), rows}, keys, kv);
      }
    }
  }
}

/// O and LSE of the rows that see a key; the others keep the convention's values.
void store(const detail::SoftmaxBlock& block, BlockPlace at, Attention& out) {
  auto o = columns(out.o, at);
  auto lse = columns(out.lse, at);
  for (Eigen::Index r = 0; r < o.cols(); ++r) {
    if (block.sum(r) == 0) continue;
    o.col(r) = block.p_v.col(r) * (1 / block.sum(r));
    lse(0, r) = block.max(r) + std::log(block.sum(r));
  }
}

/// What the terms of the budget may know of row r of a block.
budget::RowFacts facts_of(const detail::SoftmaxBlockWithMoments& computed, const detail::QueryBounds& q,
                          const detail::KeyValueBounds& kv, int keys, int d_qk, Eigen::Index r) {
  const double sum = computed.block.sum(r);
  const double relative_dot_squared =
      detail::moment_bound(computed.moments.p_dot_squared(r) / sum, keys, d_qk);
  return {.keys = keys,
          .max = computed.block.max(r),
          .sum = sum,
          .log_sum = std::log(sum),
          .q_norm = q.norm(r),
          .k_norm_largest = kv.k_norm_largest,
          .dot_mean = q.norm(r) * kv.k_norm_largest * std::sqrt(relative_dot_squared)};
}

void store_budget(const detail::SoftmaxBlockWithMoments& computed, const detail::QueryBounds& q,
                  const detail::KeyValueBounds& kv, const BlockKeys& keys, const budget::Shape& shape,
                  const Numerics& numerics, BlockPlace at, BudgetedAttention& out) {
  thread_local Eigen::ArrayXd second_moment;
  const auto o = columns(out.reference.o, at);
  auto o_budget = columns(out.o_budget, at);
  auto lse_budget = columns(out.lse_budget, at);
  auto smallest_drop = columns(out.smallest_drop, at);
  for (Eigen::Index r = 0; r < o.cols(); ++r) {
    const int seen = keys.of_row[static_cast<std::size_t>(r)].size();
    if (seen == 0) continue;
    const detail::RowBudget row(numerics, shape, facts_of(computed, q, kv, seen, shape.d_qk, r));
    second_moment = detail::moment_bound(
        computed.moments.p_v_squared.col(r).array().cast<double>() * (1 / computed.block.sum(r)), seen,
        shape.d_qk);
    lse_budget(0, r) = row.lse();
    smallest_drop(0, r) = row.elements({o.col(r).data(), static_cast<std::size_t>(o.rows())},
                                       second_moment.data(), kv.v_largest.data(), o_budget.col(r).data());
  }
}

}  // namespace

Attention attention_forward(const Problem& problem, const LogicalData& data) {
  Attention out = unseen(problem);
  for_each_block(
      problem, data, [](const KeyValues&) {},
      [&](BlockPlace at, const BlockKeys& keys, const KeyValues& kv) {
        const Matrix q = detail::scaled_queries(data, problem.softmax_scale(), at);
        store(detail::softmax_block(q, kv, keys), at, out);
      });
  return out;
}

BudgetedAttention attention_forward_with_budget(const Problem& problem, const LogicalData& data,
                                                const Numerics& numerics) {
  BudgetedAttention out{unseen(problem), for_queries(problem, problem.d_v, 0.0), for_queries(problem, 1, 0.0),
                        for_queries(problem, 1, kInfinity)};
  const budget::Shape shape{problem.d_qk, problem.softmax_scale(), problem.dtype};
  const double floor = budget::exponent_floor(numerics.qk, problem.dtype);
  std::optional<detail::KeyValueBounds> kv_bounds;
  for_each_block(
      problem, data, [&](const KeyValues& kv) { kv_bounds.emplace(detail::key_value_bounds(kv, floor)); },
      [&](BlockPlace at, const BlockKeys& keys, const KeyValues& kv) {
        const Matrix q = detail::scaled_queries(data, problem.softmax_scale(), at);
        const detail::QueryBounds q_bounds = detail::query_bounds(data, floor, at);
        const auto computed = detail::softmax_block(q, kv, q_bounds, *kv_bounds, keys);
        store(computed.block, at, out.reference);
        store_budget(computed, q_bounds, *kv_bounds, keys, shape, numerics, at, out);
      });
  return out;
}

}  // namespace flashdiff
