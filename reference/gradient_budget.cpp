#include "reference/gradient_budget.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/bound_product.h"
#include "reference/lanes.h"
#include "reference/raised.h"
#include "reference/rounding_of.h"

namespace flashdiff::detail {
namespace {

/// Keeps units from 0, far below where anything but underflow counts.
constexpr double kSmallestUnit = 0x1p-100;

/// Rows of a block whose bounds are worked on together: they stay in a cache beside the reference's matrices,
/// and under a causal mask see fewer keys than the whole block.
constexpr int kRowsAtOnce = 64;

/// What a thread's budgets work in.
struct Memory {
  FloatScratch k, v, dk, dv, keys, values;
  FloatScratch q, d_o, q_weighted, d_o_weighted, dq;
  FloatScratch dots, value_dots, of_p, of_ds;
};
Memory& memory() {
  thread_local Memory of_thread;
  return of_thread;
}

FloatMatrix zeros(FloatScratch& scratch, Eigen::Index rows, Eigen::Index columns) {
  FloatMatrix made = scratch.matrix(rows, columns);
  made.setZero();
  return made;
}

/// Two sums of the same loop.
template <class Value>
struct Sums2 {
  Value a{}, b{};
};

/// |columns|, raised to `floor`, each divided by its own norm.
template <class Columns>
FloatMatrix own_units(const Columns& columns, double floor, FloatScratch& scratch, Eigen::ArrayXd& norms) {
  FloatMatrix magnitudes = scratch.matrix(columns.rows(), columns.cols());
  norms.resize(columns.cols());
  for (Eigen::Index r = 0; r < columns.cols(); ++r) {
    const auto* const values = columns.col(r).data();
    norms(r) = std::sqrt(raised_norm_squared(values, columns.rows(), floor));
    raised(values, columns.rows(), floor, inverse(norms(r)), magnitudes.col(r).data());
  }
  return magnitudes;
}

/// |columns|, raised to `floor`, all divided by their largest norm.
FloatMatrix one_unit(const Matrix& columns, double floor, FloatScratch& scratch, double& norm) {
  FloatMatrix magnitudes = scratch.matrix(columns.rows(), columns.cols());
  double squared = 0;
  for (Eigen::Index j = 0; j < columns.cols(); ++j)
    squared = larger(raised_norm_squared(columns.col(j).data(), columns.rows(), floor), squared);
  norm = std::sqrt(squared);
  raised(columns.data(), columns.size(), floor, inverse(norm), magnitudes.data());
  return magnitudes;
}

/// The same with a column a coordinate.
FloatMatrix across(const FloatMatrix& columns, FloatScratch& scratch) {
  FloatMatrix made = scratch.matrix(columns.cols(), columns.rows());
  made = columns.transpose();
  return made;
}

/// Each column times its weight.
FloatMatrix weighted(const FloatMatrix& columns, const Eigen::ArrayXd& weights, FloatScratch& scratch) {
  FloatMatrix made = scratch.matrix(columns.rows(), columns.cols());
  for (Eigen::Index r = 0; r < columns.cols(); ++r)
    made.col(r) = columns.col(r) * static_cast<float>(weights(r));
  return made;
}

/// Keys that row `r` of a block sees of a step, counted from its first.
KeyRange seen_in_step(const BlockKeys& keys, int r, const GradientStep& step) {
  const KeyRange seen = keys.of_row[static_cast<std::size_t>(r)];
  const auto size = static_cast<int>(step.p.rows());
  return {std::clamp(seen.begin - step.begin, 0, size), std::clamp(seen.end - step.begin, 0, size)};
}

/// How many queries of one head see each key.
std::vector<int> count_queries(const Problem& problem, SequenceLengths lengths) {
  std::vector<int> change(static_cast<std::size_t>(lengths.kv_len) + 1, 0);
  for (int i = 0; i < lengths.q_len; ++i) {
    const KeyRange seen = visible_keys(problem.mask, lengths, i);
    if (seen.empty()) continue;
    ++change[static_cast<std::size_t>(seen.begin)];
    --change[static_cast<std::size_t>(seen.end)];
  }
  for (std::size_t j = 1; j < change.size(); ++j) change[j] += change[j - 1];
  return change;
}

budget::BackwardShape shape_of(const Problem& problem) {
  return {problem.d_qk,
          problem.d_v,
          problem.softmax_scale(),
          problem.dtype,
          problem.softcap ? *problem.softcap : std::numeric_limits<double>::infinity(),
          problem.alibi};
}

}  // namespace

GradientBudget::GradientBudget(const Problem& problem, const Numerics& kernel, int sequence, int kv_head,
                               const KeyValues& kv)
    : kernel_(kernel),
      shape_(shape_of(problem)),
      pairs_(kernel, shape_),
      ending_(kernel, shape_),
      sequence_(sequence),
      kv_head_(kv_head),
      group_(problem.group()),
      floor_(std::max(budget::exponent_floor(kernel.qk, problem.dtype),
                      budget::exponent_floor(kernel.pv, problem.dtype))),
      queries_of_key_(count_queries(problem, problem.sequences[static_cast<std::size_t>(sequence)])),
      k_(one_unit(kv.k, floor_, memory().k, k_norm_)),
      keys_(across(k_, memory().keys)),
      values_(across(one_unit(kv.v, floor_, memory().v, v_norm_), memory().values)),
      dk_{zeros(memory().dk, kv.k.rows(), 2 * kv.k.cols())},
      dv_{zeros(memory().dv, kv.v.rows(), 2 * kv.v.cols())},
      dk_rounding_(kv.k.cols()),
      dv_rounding_(kv.k.cols()) {}

// A power of two: what was summed before is brought to a larger unit without rounding.
void GradientBudget::Sums::begin_block(Eigen::ArrayXd& weights, double least) {
  const double needed = std::exp2(std::floor(std::log2(std::max(weights.maxCoeff(), least))));
  if (needed > unit) {
    if (unit > 0) both *= static_cast<float>(unit / needed);
    unit = needed;
  }
  weights *= 1 / unit;
}

void GradientBudget::begin_block(const LogicalData& data, BlockPlace at, const BlockKeys& keys,
                                 const BlockQueries& queries) {
  const Eigen::Index count = at.rows.count;
  Eigen::ArrayXd q_norms, d_o_norms, q_weights(count);
  const FloatMatrix q = own_units(columns(data.q, at), floor_, memory().q, q_norms);
  const FloatMatrix d_o = own_units(columns(data.d_o, at), floor_, memory().d_o, d_o_norms);
  std::vector<GradientPairs::RowTerms> rows;
  rows.reserve(static_cast<std::size_t>(count));
  const auto o = columns(data.o, at);
  for (Eigen::Index r = 0; r < count; ++r) {
    const float* const of_o = o.col(r).data();
    const double* const of_d_o = queries.d_o.col(r).data();
    Sums2<Lanes> four;
    Sums2<double> one;
    const auto add = [&]<class Value>(Eigen::Index c, Sums2<Value>& to) {
      const Value value = load<Value>(of_o + c);
      to.a += magnitude(load<Value>(of_d_o + c) * value);
      to.b += value * value;
    };
    Eigen::Index c = 0;
    for (; c + kLanes <= o.rows(); c += kLanes) add(c, four);
    for (; c < o.rows(); ++c) add(c, one);
    const double d_magnitude = one.a + sum_of(four.a), o_squared = one.b + sum_of(four.b);
    GradientPairs::RowTerms row =
        pairs_.row_terms({q_norms(r), k_norm_, d_o_norms(r), v_norm_, std::sqrt(o_squared)}, d_magnitude,
                         queries.d(r), queries.lse(r));
    pairs_.add_bias(queries.modifiers, r, row);
    row.keys = keys.of_row[static_cast<std::size_t>(r)].size();
    q_weights(r) = row.g * q_norms(r);
    g_largest_ = std::max(g_largest_, row.g);
    rows.push_back(row);
  }
  q_largest_ = std::max(q_largest_, q_norms.maxCoeff());
  d_o_largest_ = std::max({d_o_largest_, d_o_norms.maxCoeff(), kSmallestUnit});
  dk_.begin_block(q_weights, kSmallestUnit * kSmallestUnit);
  dv_.begin_block(d_o_norms, kSmallestUnit);
  block_.emplace(Block{at, std::move(rows), q, d_o, weighted(q, q_weights, memory().q_weighted),
                       weighted(d_o, d_o_norms, memory().d_o_weighted),
                       zeros(memory().dq, q.rows(), 2 * count), Roundings(count)});
}

void GradientBudget::add(const GradientStep& step, const BlockKeys& keys) {
  Block& block = *block_;
  const auto rows = static_cast<int>(block.q.cols()), size = static_cast<int>(step.p.rows());
  for (int row = 0; row < rows; row += kRowsAtOnce) {
    const int count = std::min(kRowsAtOnce, rows - row);
    KeyRange seen{size, 0};  // by any of them, counted from the step's first
    for (int r = row; r < row + count; ++r) {
      const KeyRange one = seen_in_step(keys, r, step);
      if (!one.empty()) seen = {std::min(seen.begin, one.begin), std::max(seen.end, one.end)};
    }
    if (seen.begin < seen.end) add_rows(step, keys, row, count, seen);
  }
  add_roundings(step, step.ds, kernel_.ds, &block.dq_rounding, dk_rounding_);
  add_roundings(step, step.p, kernel_.p, nullptr, dv_rounding_);
}

// Of each row a column of errors and one of sizes, so that dQ's two products, which share K, are one.
void GradientBudget::add_rows(const GradientStep& step, const BlockKeys& keys, int row, int rows,
                              KeyRange seen) {
  Block& block = *block_;
  const Eigen::Index count = seen.size(), begin = step.begin + seen.begin;
  FloatMatrix dots = memory().dots.matrix(count, rows), value_dots = memory().value_dots.matrix(count, rows);
  FloatMatrix of_p = memory().of_p.matrix(count, 2 * rows), of_ds = memory().of_ds.matrix(count, 2 * rows);
  bound_product(keys_.middleRows(begin, count), block.q.middleCols(row, rows), dots, Product::written);
  bound_product(values_.middleRows(begin, count), block.d_o.middleCols(row, rows), value_dots,
                Product::written);
  for (int r = 0; r < rows; ++r) {
    const int at = row + r;
    const KeyRange mine = seen_in_step(keys, at, step);
    const int skipped = mine.empty() ? 0 : mine.begin - seen.begin;
    if (mine.size() < count)
      for (FloatMatrix* bounds : {&of_p, &of_ds}) {
        auto both = bounds->middleCols(2 * r, 2);
        both.topRows(skipped).setZero();
        both.bottomRows(count - skipped - mine.size()).setZero();
      }
    if (mine.empty()) continue;
    const auto from_first = [skipped](FloatMatrix& of, int column) {
      return of.col(column).data() + skipped;
    };
    pairs_.bound(step, block.rows[static_cast<std::size_t>(at)], at, mine.begin, mine.end,
                 {from_first(dots, r), from_first(value_dots, r), from_first(of_p, 2 * r + 1),
                  from_first(of_p, 2 * r), from_first(of_ds, 2 * r + 1), from_first(of_ds, 2 * r)});
  }
  bound_product(k_.middleCols(begin, count), of_ds, block.dq.middleCols(2 * row, 2 * rows), Product::added);
  const auto add_to = [&](Sums& sums, const FloatMatrix& factor, const FloatMatrix& bounds) {
    // Errors and sizes of a row below one another, as they lie in memory.
    const Eigen::Map<const Eigen::MatrixXf> both(bounds.data(), 2 * count, rows);
    const auto factors = factor.middleCols(row, rows);
    bound_product(factors, both.topRows(count).transpose(), sums.error().middleCols(begin, count),
                  Product::added);
    bound_product(factors, both.bottomRows(count).transpose(), sums.size().middleCols(begin, count),
                  Product::added);
  };
  add_to(dk_, block.q_weighted, of_ds);
  add_to(dv_, block.d_o_weighted, of_p);
}

// Squares in double: those of gradients leave f32's range.
void GradientBudget::add_roundings(const GradientStep& step, const Matrix& exact, DType dtype,
                                   Roundings* of_queries, Roundings& of_keys) {
  if (dtype == DType::f32) return;
  thread_local std::vector<float> values, added;
  const Eigen::Index count = exact.rows();
  values.resize(static_cast<std::size_t>(count));
  added.resize(values.size());
  for (Eigen::Index r = 0; r < exact.cols(); ++r) {
    const double* const in = exact.col(r).data();
    float* __restrict const narrow = values.data();
    for (Eigen::Index k = 0; k < count; ++k) narrow[k] = static_cast<float>(in[k]);
    rounding_of(narrow, count, dtype, added.data());
    const float* const adds = added.data();
    double* const squares_of_keys = of_keys.squares.data() + step.begin;
    double* const added_of_keys = of_keys.added.data() + step.begin;
    Sums2<Lanes> four;
    Sums2<double> one;
    const auto add = [&]<class Value>(Eigen::Index j, Sums2<Value>& to) {
      const Value value = load<Value>(in + j), square = value * value, add = load<Value>(adds + j);
      store(squares_of_keys + j, load<Value>(squares_of_keys + j) + square);
      store(added_of_keys + j, load<Value>(added_of_keys + j) + add);
      to.a += square;
      to.b += add;
    };
    Eigen::Index j = 0;
    for (; j + kLanes <= count; j += kLanes) add(j, four);
    for (; j < count; ++j) add(j, one);
    if (of_queries == nullptr) continue;
    of_queries->squares(r) += one.a + sum_of(four.a);
    of_queries->added(r) += one.b + sum_of(four.b);
  }
}

void GradientBudget::add_rounding(DType dtype, const Roundings& roundings, Eigen::Index row, double longest,
                                  RowErrors& errors) {
  if (dtype == DType::f32) return;
  const double variance = budget::rounding_variance(dtype) * roundings.squares(row);
  errors.variance = variance * longest * longest;
  errors.sample = variance > 0 ? roundings.added(row) / std::sqrt(variance) : 0.0;
}

void GradientBudget::end_block(BudgetedGradients& out) {
  const Block& block = *block_;
  const auto values = columns(out.reference.dq, block.at);
  auto budgets = columns(out.budget.dq, block.at);
  auto drops = columns(out.smallest_drop.dq, block.at);
  RowErrors* const errors =
      out.dq_errors.matrix(block.at.sequence, block.at.first_head) + block.at.rows.first;
  const GradientEnding::Output output{shape_.scale, true, pairs_.ds_rounding().relative};
  for (Eigen::Index r = 0; r < values.cols(); ++r) {
    const GradientPairs::RowTerms& row = block.rows[static_cast<std::size_t>(r)];
    if (row.keys == 0) continue;
    const double unit = row.g * k_norm_;
    const GradientEnding::Factors factors = ending_.factors(output, {.terms = row.keys,
                                                                     .unit = unit,
                                                                     .lost_unit = unit,
                                                                     .a = k_norm_,
                                                                     .b = 3 * row.g,
                                                                     .floor = row.ds_floor});
    drops(0, r) = ending_.finish(
        factors,
        {block.dq.col(2 * r).data(), block.dq.col(2 * r + 1).data(), static_cast<int>(values.rows())},
        values.col(r).data(), budgets.col(r).data(), errors[r]);
    add_rounding(kernel_.ds, block.dq_rounding, r, shape_.scale * k_norm_, errors[r]);
  }
}

// One tensor after the other: the keys of a head are mostly seen by as many queries, and such rows have their
// factors in common.
void GradientBudget::end_keys(const Sums& sums, const GradientEnding::Output& output, GradientEnding::Row row,
                              LogicalTensor<double> Gradients::*tensor, BudgetedGradients& out,
                              LogicalTensor<RowErrors>& errors) {
  const auto width = static_cast<int>(sums.both.rows());
  const Eigen::Index keys = k_.cols();
  const double* const values = (out.reference.*tensor).matrix(sequence_, kv_head_);
  double* const budgets = (out.budget.*tensor).matrix(sequence_, kv_head_);
  double* const drops = (out.smallest_drop.*tensor).matrix(sequence_, kv_head_);
  RowErrors* const of_rows = errors.matrix(sequence_, kv_head_);
  GradientEnding::Factors factors;
  int seen_by = 0;  // as many queries as `factors` are of
  for (Eigen::Index j = 0; j < keys; ++j) {
    const int queries = queries_of_key_[static_cast<std::size_t>(j)];
    if (queries == 0) continue;
    if (queries != seen_by) {
      seen_by = queries;
      row.terms = queries * group_;
      factors = ending_.factors(output, row);
    }
    drops[j] = ending_.finish(factors, {sums.both.col(j).data(), sums.both.col(keys + j).data(), width},
                              values + j * width, budgets + j * width, of_rows[j]);
  }
}

void GradientBudget::end_head(BudgetedGradients& out) {
  const bool p_is_random = budget::p_rounds_at_random(kernel_, shape_.alibi);
  end_keys(dk_, {shape_.scale, true, pairs_.ds_rounding().relative},
           {.runs = group_,
            .unit = dk_.unit,
            .lost_unit = q_largest_ * g_largest_,
            .a = q_largest_,
            .b = 3 * g_largest_,
            .floor = pairs_.ds_floor() / g_largest_},
           &Gradients::dk, out, out.dk_errors);
  end_keys(dv_, {1.0, false, p_is_random ? pairs_.p_rounding().relative : 0.0},
           {.runs = group_,
            .unit = dv_.unit,
            .lost_unit = d_o_largest_,
            .a = d_o_largest_,
            .b = 2,
            .floor = pairs_.p_floor()},
           &Gradients::dv, out, out.dv_errors);
  for (Eigen::Index j = 0; j < k_.cols(); ++j) {
    if (queries_of_key_[static_cast<std::size_t>(j)] == 0) continue;
    const auto row = static_cast<int>(j);
    add_rounding(kernel_.ds, dk_rounding_, j, shape_.scale * q_largest_,
                 *out.dk_errors.row(sequence_, kv_head_, row));
    if (p_is_random)
      add_rounding(kernel_.p, dv_rounding_, j, d_o_largest_, *out.dv_errors.row(sequence_, kv_head_, row));
  }
}

}  // namespace flashdiff::detail
