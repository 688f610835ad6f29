#include "reference/attention.h"

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "reference/element_budget.h"
#include "reference/key_values.h"
#include "reference/row_blocks.h"
#include "reference/softmax_block.h"

namespace flashdiff {
namespace {

constexpr int kRows = 64;  ///< query rows a block
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<int> query_rows(const Problem& problem) {
  std::vector<int> rows;
  for (const SequenceLengths& lengths : problem.sequences) rows.push_back(lengths.q_len);
  return rows;
}

/// Every row as the conventions have it where a query sees no key.
Attention unseen(const Problem& problem) {
  const std::vector<int> rows = query_rows(problem);
  return {LogicalTensor<double>(rows, problem.h_q, problem.d_v, 0.0),
          LogicalTensor<double>(rows, problem.h_q, 1, -kInfinity)};
}

/// Rows of a tensor that belong to a block: the heads of a group lie one behind the other.
template <class T>
auto columns(LogicalTensor<T>& tensor, int sequence, int first_head, detail::RowBlock rows) {
  return Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>(
      tensor.matrix(sequence, first_head) + static_cast<std::ptrdiff_t>(rows.first) * tensor.width(),
      tensor.width(), rows.count);
}
template <class T>
auto columns(const LogicalTensor<T>& tensor, int sequence, int first_head, detail::RowBlock rows) {
  return Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>(
      tensor.matrix(sequence, first_head) + static_cast<std::ptrdiff_t>(rows.first) * tensor.width(),
      tensor.width(), rows.count);
}

detail::Matrix scaled_queries(const Problem& problem, const LogicalData& data, int sequence, int first_head,
                              detail::RowBlock rows) {
  thread_local detail::Scratch memory;
  detail::Matrix q = memory.matrix(problem.d_qk, rows.count);
  q = columns(data.q, sequence, first_head, rows).template cast<double>() * problem.softmax_scale();
  return q;
}

/// O and LSE of the rows that see a key; the others keep the convention's values.
void store(const detail::SoftmaxBlock& block, Attention& out, int sequence, int first_head,
           detail::RowBlock rows) {
  auto o = columns(out.o, sequence, first_head, rows);
  auto lse = columns(out.lse, sequence, first_head, rows);
  for (Eigen::Index r = 0; r < rows.count; ++r) {
    if (block.sum(r) == 0) continue;
    o.col(r) = block.p_v.col(r) * (1 / block.sum(r));
    lse(0, r) = block.max(r) + std::log(block.sum(r));
  }
}

/// Visits every block of query rows of every K/V head. start(sequence, kv_head, kv) comes before the blocks
/// of a K/V head; visit(sequence, first query head, block of rows, the keys that they see, kv).
template <class Start, class Visit>
void for_each_block(const Problem& problem, const LogicalData& data, Start start, Visit visit) {
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    if (lengths.q_len == 0 || lengths.kv_len == 0) continue;
    const std::vector<detail::RowBlock> blocks = detail::row_blocks(lengths.q_len, problem.group(), kRows);
    for (int g = 0; g < problem.h_kv; ++g) {
      const detail::KeyValues kv = detail::key_values(data, s, g);
      start(kv);
      for (const detail::RowBlock rows : blocks) {
        const detail::BlockKeys keys = detail::keys_of(rows, problem.mask, lengths);
        if (!keys.all.empty()) visit(s, g * problem.group(), rows, keys, kv);
      }
    }
  }
}

/// The budget of one block of rows.
class BlockBudget {
 public:
  BlockBudget(const Problem& problem, const Numerics& numerics)
      : problem_(problem),
        numerics_(numerics),
        shape_{problem.d_qk, problem.softmax_scale(), problem.dtype},
        floor_(budget::exponent_floor(numerics.qk, problem.dtype)) {}

  [[nodiscard]] double floor() const { return floor_; }

  void store(const detail::SoftmaxBlockWithMoments& computed, const detail::KeyValueBounds& bounds,
             const detail::BlockKeys& keys, const LogicalData& data, BudgetedAttention& out, int sequence,
             int first_head, detail::RowBlock rows) {
    const auto q = columns(data.q, sequence, first_head, rows);
    const auto o = columns(out.reference.o, sequence, first_head, rows);
    auto o_budget = columns(out.o_budget, sequence, first_head, rows);
    auto lse_budget = columns(out.lse_budget, sequence, first_head, rows);
    auto drop = columns(out.smallest_drop, sequence, first_head, rows);
    for (Eigen::Index r = 0; r < rows.count; ++r) {
      const double sum = computed.block.sum(r);
      if (sum == 0) continue;
      const budget::RowFacts facts{
          .keys = keys.of_row[static_cast<std::size_t>(r)].size(),
          .max = computed.block.max(r),
          .sum = sum,
          .log_sum = std::log(sum),
          .q_norm = std::sqrt(q.col(r).template cast<double>().array().abs().max(floor_).square().sum()),
          .k_norm_mean = std::sqrt(computed.moments.p_k_norm_squared(r) / sum),
          .k_norm_largest = bounds.k_norm_largest};
      const detail::RowBudget row(numerics_, shape_, facts);
      lse_budget(0, r) = row.lse();
      second_moment_ = computed.moments.p_v_squared.col(r).cast<double>() * (1 / sum);
      drop(0, r) = row.elements(o.col(r).array(), second_moment_, bounds.v_largest, o_budget.col(r).array());
    }
  }

 private:
  const Problem& problem_;
  const Numerics& numerics_;
  budget::Shape shape_;
  double floor_;
  Eigen::ArrayXd second_moment_;
};

}  // namespace

Attention attention_forward(const Problem& problem, const LogicalData& data) {
  Attention out = unseen(problem);
  for_each_block(
      problem, data, [](const detail::KeyValues&) {},
      [&](int s, int head, detail::RowBlock rows, const detail::BlockKeys& keys,
          const detail::KeyValues& kv) {
        const detail::Matrix q = scaled_queries(problem, data, s, head, rows);
        store(detail::softmax_block(q, kv, keys), out, s, head, rows);
      });
  return out;
}

BudgetedAttention attention_forward_with_budget(const Problem& problem, const LogicalData& data,
                                                const Numerics& numerics) {
  const std::vector<int> rows_of = query_rows(problem);
  BudgetedAttention out{unseen(problem), LogicalTensor<double>(rows_of, problem.h_q, problem.d_v, 0.0),
                        LogicalTensor<double>(rows_of, problem.h_q, 1, 0.0),
                        LogicalTensor<double>(rows_of, problem.h_q, 1, kInfinity)};
  BlockBudget budget(problem, numerics);
  std::optional<detail::KeyValueBounds> bounds;
  for_each_block(
      problem, data,
      [&](const detail::KeyValues& kv) { bounds.emplace(detail::key_value_bounds(kv, budget.floor())); },
      [&](int s, int head, detail::RowBlock rows, const detail::BlockKeys& keys,
          const detail::KeyValues& kv) {
        const detail::Matrix q = scaled_queries(problem, data, s, head, rows);
        const auto computed = detail::softmax_block(q, kv, *bounds, keys);
        store(computed.block, out.reference, s, head, rows);
        budget.store(computed, *bounds, keys, data, out, s, head, rows);
      });
  return out;
}

}  // namespace flashdiff
