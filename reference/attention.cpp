#include "reference/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "harness/problem/modifiers.h"
#include "reference/element_budget.h"
#include "reference/operands.h"
#include "reference/row_blocks.h"
#include "reference/score_modifiers.h"
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
template <class T, class Value = T>
LogicalTensor<T> for_queries(const Problem& problem, int width, Value value) {
  std::vector<int> rows;
  for (const SequenceLengths& lengths : problem.sequences) rows.push_back(lengths.q_len);
  return {rows, problem.h_q, width, value};
}

/// `value(head)` for every query of a head.
template <class Value>
LogicalTensor<double> for_heads(const Problem& problem, Value value) {
  LogicalTensor<double> tensor = for_queries<double>(problem, 1, 0.0);
  for (int s = 0; s < tensor.sequences(); ++s)
    for (int head = 0; head < tensor.heads(); ++head)
      std::fill_n(tensor.matrix(s, head), tensor.rows(s), value(head));
  return tensor;
}

/// Every row as the conventions have it where a query sees no key.
Attention unseen(const Problem& problem) {
  return {for_queries<double>(problem, problem.d_v, 0.0), for_heads(problem, [&](int head) {
            return problem.sink ? sink_logit(problem, head) : -kInfinity;
          })};
}

/// The budget of LSE where a query sees no key: the sink is a row of one key, whose score needs no product.
LogicalTensor<double> unseen_lse_budget(const Problem& problem, const budget::Shape& shape,
                                        const Numerics& numerics) {
  return for_heads(problem, [&](int head) {
    if (!problem.sink) return 0.0;
    const double sink = sink_logit(problem, head);
    const budget::RowFacts alone{.max = sink, .has_sink = true, .sink = sink};
    return detail::RowBudget(numerics, shape, alone).lse();
  });
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
                          const detail::KeyValueBounds& kv, const detail::ScoreModifiers& modifiers,
                          KeyRange seen, int d_qk, Eigen::Index r) {
  const bool has_sink = !modifiers.sink.empty();
  const int keys = seen.size() + (has_sink ? 1 : 0);
  const double sum = computed.block.sum(r);
  const double relative_dot_squared =
      detail::moment_bound(computed.moments.p_dot_squared(r) / sum, keys, d_qk);
  return {.keys = keys,
          .max = computed.block.max(r),
          .sum = sum,
          .log_sum = std::log(sum),
          .q_norm = q.norm(r),
          .k_norm_largest = kv.k_norm_largest,
          .dot_mean = q.norm(r) * kv.k_norm_largest * std::sqrt(relative_dot_squared),
          .has_alibi = !modifiers.slope.empty(),
          .bias_largest = modifiers.largest_bias(seen, r),
          .has_sink = has_sink,
          .sink = has_sink ? modifiers.sink[static_cast<std::size_t>(r)] : 0.0};
}

void store_budget(const detail::SoftmaxBlockWithMoments& computed, const detail::QueryBounds& q,
                  const detail::KeyValueBounds& kv, const BlockKeys& keys,
                  const detail::ScoreModifiers& modifiers, const budget::Shape& shape,
                  const Numerics& numerics, BlockPlace at, BudgetedAttention& out) {
  thread_local Eigen::ArrayXd second_moment;
  const auto o = columns(out.reference.o, at);
  second_moment.resize(o.rows());

  auto o_budget = columns(out.o_budget, at);
  auto lse_budget = columns(out.lse_budget, at);
  auto smallest_drop = columns(out.smallest_drop, at);
  RowErrors* const o_errors = out.o_errors.matrix(at.sequence, at.first_head) + at.rows.first;
  RowErrors* const lse_errors = out.lse_errors.matrix(at.sequence, at.first_head) + at.rows.first;
  detail::RowBudget::Common common;
  for (Eigen::Index r = 0; r < o.cols(); ++r) {
    const KeyRange seen = keys.of_row[static_cast<std::size_t>(r)];
    if (seen.empty()) continue;
    const budget::RowFacts facts = facts_of(computed, q, kv, modifiers, seen, shape.d_qk, r);
    if (common.keys != facts.keys) common = detail::RowBudget::common(numerics, facts);
    const detail::RowBudget row(numerics, shape, facts, common);
    detail::moment_bounds(computed.moments.p_v_squared.col(r).data(), o.rows(), 1 / computed.block.sum(r),
                          seen.size(), shape.d_qk, second_moment.data());
    lse_budget(0, r) = row.lse();
    smallest_drop(0, r) =
        row.elements({o.col(r).data(), static_cast<std::size_t>(o.rows())}, second_moment.data(),
                     kv.v_largest.data(), o_budget.col(r).data(), o_errors[r]);
    lse_errors[r].lean = row.lse_lean();
    lse_errors[r].weighted_lean = row.lse_lean() * std::fabs(facts.max + facts.log_sum);
    detail::add_p_rounding(numerics, facts, computed.moments.p_squared(r), computed.moments.p_rounding(r),
                           kv.v_norm_largest, o_errors[r], lse_errors[r]);
  }
}

}  // namespace

Attention attention_forward(const Problem& problem, const LogicalData& data) {
  Attention out = unseen(problem);
  for_each_block(
      problem, data, [](const KeyValues&) {},
      [&](BlockPlace at, const BlockKeys& keys, const KeyValues& kv) {
        const Matrix q = detail::scaled_queries(data, problem.softmax_scale(), at);
        store(detail::softmax_block(q, kv, keys, detail::modifiers_of(problem, at)), at, out);
      });
  return out;
}

BudgetedAttention attention_forward_with_budget(const Problem& problem, const LogicalData& data,
                                                const Numerics& numerics) {
  const budget::Shape shape{problem.d_qk, problem.softmax_scale(), problem.dtype,
                            problem.softcap ? *problem.softcap : kInfinity};
  BudgetedAttention out{unseen(problem),
                        detail::every_query_sees(problem)
                            ? for_queries<double>(problem, problem.d_v, Unwritten{})
                            : for_queries<double>(problem, problem.d_v, 0.0),
                        unseen_lse_budget(problem, shape, numerics),
                        for_queries<double>(problem, 1, kInfinity),
                        for_queries<RowErrors>(problem, 1, RowErrors{}),
                        for_queries<RowErrors>(problem, 1, RowErrors{})};
  const double floor = budget::exponent_floor(numerics.qk, problem.dtype);
  std::optional<detail::KeyValueBounds> kv_bounds;
  for_each_block(
      problem, data, [&](const KeyValues& kv) { kv_bounds.emplace(detail::key_value_bounds(kv, floor)); },
      [&](BlockPlace at, const BlockKeys& keys, const KeyValues& kv) {
        const Matrix q = detail::scaled_queries(data, problem.softmax_scale(), at);
        const detail::QueryBounds q_bounds = detail::query_bounds(data, floor, at);
        const detail::ScoreModifiers modifiers = detail::modifiers_of(problem, at);
        const DType p = budget::p_rounds_at_random(numerics, problem.alibi) ? numerics.p : DType::f32;
        const auto computed = detail::softmax_block(q, kv, q_bounds, *kv_bounds, keys, modifiers, p);
        store(computed.block, at, out.reference);
        store_budget(computed, q_bounds, *kv_bounds, keys, modifiers, shape, numerics, at, out);
      });
  return out;
}

}  // namespace flashdiff
