#include "reference/gradient_budget.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>

#include "harness/problem/numbers.h"
#include "reference/rounding_of.h"

namespace flashdiff::detail {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr float kU = 0x1p-24f;

/// Scores that are uncertain by more than this may overflow exp2 in a correct kernel.
constexpr float kLargestScoreError = 64;

/// Keeps units from 0, far below where anything but underflow counts.
constexpr double kSmallestUnit = 0x1p-100;

double largest_finite(Accumulation how) {
  return how == Accumulation::f64 ? std::numeric_limits<double>::max() : format_of(DType::f32).largest_finite;
}

// As the vector instructions have it; std::max takes references, which keep a loop from vectorising.
double larger(double a, double b) { return a > b ? a : b; }

/// 1 / x, 0 for 0: what is divided by it is 0, too.
double inverse(double x) { return x > 0 ? 1 / x : 0.0; }

/// |columns|, raised to `floor`, each divided by its own norm.
template <class Columns>
void own_units(const Columns& columns, double floor, Eigen::MatrixXf& magnitudes, Eigen::ArrayXd& norms) {
  magnitudes.resize(columns.rows(), columns.cols());
  norms.resize(columns.cols());
  Eigen::ArrayXd raised;
  for (Eigen::Index r = 0; r < columns.cols(); ++r) {
    raised = columns.col(r).template cast<double>().array().abs().max(floor);
    norms(r) = std::sqrt(raised.square().sum());
    magnitudes.col(r) = (raised * inverse(norms(r))).template cast<float>();
  }
}

/// |columns|, raised to `floor`, all divided by their largest norm, which is returned.
double one_unit(const Matrix& columns, double floor, Eigen::MatrixXf& magnitudes) {
  magnitudes.resize(columns.rows(), columns.cols());
  double squared = 0;
  for (Eigen::Index j = 0; j < columns.cols(); ++j)
    squared = std::max(squared, columns.col(j).array().abs().max(floor).square().sum());
  const double of_norm = inverse(std::sqrt(squared));
  for (Eigen::Index j = 0; j < columns.cols(); ++j)
    magnitudes.col(j) = (columns.col(j).array().abs().max(floor) * of_norm).cast<float>();
  return std::sqrt(squared);
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

}  // namespace

GradientBudget::GradientBudget(const Problem& problem, const Numerics& kernel, int sequence, int kv_head,
                               const KeyValues& kv)
    : kernel_(kernel),
      shape_{problem.d_qk,
             problem.d_v,
             problem.softmax_scale(),
             problem.dtype,
             problem.softcap ? *problem.softcap : kInfinity,
             problem.alibi},
      terms_(budget::pair_terms(kernel, shape_)),
      p_rounding_(budget::operand_rounding(kernel.p)),
      ds_rounding_(budget::operand_rounding(kernel.ds)),
      sequence_(sequence),
      kv_head_(kv_head),
      group_(problem.group()),
      floor_(std::max(budget::exponent_floor(kernel.qk, problem.dtype),
                      budget::exponent_floor(kernel.pv, problem.dtype))),
      queries_of_key_(count_queries(problem, problem.sequences[static_cast<std::size_t>(sequence)])) {
  k_norm_ = one_unit(kv.k, floor_, k_);
  v_norm_ = one_unit(kv.v, floor_, v_);
  for (Sums* sums : {&dk_, &dv_}) {
    const Eigen::Index width = sums == &dk_ ? kv.k.rows() : kv.v.rows();
    sums->error.setZero(width, kv.k.cols());
    sums->size.setZero(width, kv.k.cols());
  }
  for (Roundings* roundings : {&dk_rounding_, &dv_rounding_}) {
    roundings->squares.setZero(kv.k.cols());
    roundings->added.setZero(kv.k.cols());
  }
}

GradientBudget::RowTerms GradientBudget::row_terms(double q_norm, double d_o_norm, double o_norm,
                                                   double d_magnitude, double d, double lse) const {
  const auto lost = [this](int terms, double a, double b) {
    return budget::dot_underflow(kernel_.qk, kernel_.flush_subnormals, terms, a, b);
  };
  const double tiny = budget::underflow(kernel_.qk, kernel_.flush_subnormals);
  const double lost_score = shape_.scale * lost(shape_.d_qk, q_norm, k_norm_);
  RowTerms row;
  row.g = std::max(d_o_norm * std::max(v_norm_, o_norm), kSmallestUnit);
  row.score = static_cast<float>(terms_.score * shape_.scale * q_norm * k_norm_);
  double level = terms_.lse * std::fabs(lse) + terms_.exponential + 2 * tiny + lost_score;
  row.argument = static_cast<float>(terms_.argument * shape_.scale * q_norm * k_norm_ / shape_.softcap);
  row.tanh_tiny =
      static_cast<float>(terms_.tanh_tiny * std::max(1.0, 1 / shape_.softcap) + lost_score / shape_.softcap);
  // q.k, its products with the scale, log2(e) and 1 / softcap, dP and D all have to be finite.
  const double dot =
      q_norm * k_norm_ * std::max({1.0, shape_.scale * std::numbers::log2e, shape_.scale / shape_.softcap});
  if (!(1.01 * std::max(dot, 2 * row.g) < largest_finite(kernel_.qk))) level = kInfinity;
  row.level = static_cast<float>(level);
  row.dp = static_cast<float>(terms_.dp * d_o_norm * v_norm_ / row.g);
  row.fixed = static_cast<float>((terms_.dp * std::fabs(d) + terms_.d * d_magnitude +
                                  lost(shape_.d_v, d_o_norm, v_norm_) + lost(shape_.d_v, d_o_norm, o_norm)) /
                                 row.g);
  row.ds_underflow = static_cast<float>(4 * tiny / row.g);
  row.ds_absolute = static_cast<float>(ds_rounding_.absolute / row.g);
  row.ds_overflow = static_cast<float>(ds_rounding_.overflow / row.g);
  row.ds_floor = static_cast<float>(budget::exponent_floor(kernel_.pv, kernel_.ds) / row.g);
  return row;
}

void GradientBudget::begin_block(const LogicalData& data, BlockPlace at, const BlockKeys& keys,
                                 const BlockQueries& queries) {
  at_ = at;
  modifiers_ = queries.modifiers;
  const Eigen::Index count = at.rows.count;
  Eigen::ArrayXd q_norms, d_o_norms;
  own_units(columns(data.q, at), floor_, q_, q_norms);
  own_units(columns(data.d_o, at), floor_, d_o_, d_o_norms);
  const Eigen::MatrixXd o = columns(data.o, at).cast<double>();
  rows_.clear();
  for (Eigen::Index r = 0; r < count; ++r) {
    const double d_magnitude = queries.d_o.col(r).cwiseAbs().dot(o.col(r).cwiseAbs());
    rows_.push_back(
        row_terms(q_norms(r), d_o_norms(r), o.col(r).norm(), d_magnitude, queries.d(r), queries.lse(r)));
    rows_.back().keys = keys.of_row[static_cast<std::size_t>(r)].size();
  }
  // Weights of the rows in dK and dV.
  Eigen::ArrayXd q_weights(count);
  for (Eigen::Index r = 0; r < count; ++r) q_weights(r) = rows_[static_cast<std::size_t>(r)].g * q_norms(r);
  q_unit_ = std::max(q_weights.maxCoeff(), kSmallestUnit * kSmallestUnit);
  d_o_unit_ = std::max(d_o_norms.maxCoeff(), kSmallestUnit);
  q_weighted_ = q_ * (q_weights / q_unit_).cast<float>().matrix().asDiagonal();
  d_o_weighted_ = d_o_ * (d_o_norms / d_o_unit_).cast<float>().matrix().asDiagonal();
  for (const RowTerms& row : rows_) g_largest_ = std::max(g_largest_, row.g);
  q_largest_ = std::max(q_largest_, q_norms.maxCoeff());
  d_o_largest_ = std::max(d_o_largest_, d_o_unit_);
  dq_error_.setZero(q_.rows(), count);
  dq_size_.setZero(q_.rows(), count);
  dq_rounding_.squares.setZero(count);
  dq_rounding_.added.setZero(count);
}

void GradientBudget::bound_scores(const GradientStep& step, Eigen::Index r, int first, int last) {
  const RowTerms row = rows_[static_cast<std::size_t>(r)];
  const int count = last - first;
  score_error_.resize(count);
  const auto dots = dots_.col(r).segment(first, count).array();
  if (step.tanh.size() == 0) {
    score_error_ = dots * row.score + row.level;
  } else {
    slope_.resize(count);
    slope_error_.resize(count);
    const auto cap = static_cast<float>(shape_.softcap), of_tanh = static_cast<float>(terms_.tanh);
    const auto of_capped = static_cast<float>(terms_.capped), rounding = static_cast<float>(terms_.slope);
    const double* const tanhs = step.tanh.col(r).data() + first;
    for (int j = 0; j < count; ++j) {
      const float tanh = std::fabs(static_cast<float>(tanhs[j]));
      const float slope = 1 - tanh * tanh + 4 * kU;  // at least what it is
      const float error = budget::tanh_moved(dots(j) * row.argument, slope) + of_tanh * tanh + row.tanh_tiny;
      score_error_(j) = cap * (error + of_capped * tanh) + row.level;
      slope_(j) = slope;
      slope_error_(j) = budget::slope_error(tanh, error) + rounding;
    }
  }
  if (modifiers_.slope.empty()) return;
  const auto i = static_cast<std::size_t>(r);
  const auto of_distance = static_cast<float>(terms_.bias * modifiers_.slope[i]);
  const int diagonal = modifiers_.diagonal[i] - step.begin - first;
  for (int j = 0; j < count; ++j) score_error_(j) += of_distance * static_cast<float>(std::abs(diagonal - j));
}

/// Errors of P and dS for keys [first, last) of a step, as row r sees them:
///   |P~ - P| <= P (e^H - 1) + a
///   |dS~ - dS| <= P ((1 + eps) t + eps |T|) (1 + u) + u |dS| + a (|T| + t) + b, eps = e^H - 1
/// and with a softcap, E this bound and M = P |T|, once more for the product with F:
///   |dS~ - dS| <= (E (F + f) + M f) (1 + u) + u M F + a (|T| + t) + b
/// then each rounded to its dtype.
template <bool kCapped>
void GradientBudget::bound_column(const GradientStep& step, Eigen::Index r, int first, int last) {
  const RowTerms row = rows_[static_cast<std::size_t>(r)];
  const int count = last - first;
  bound_scores(step, r, first, last);
  Eigen::ArrayXf& epsilon = score_error_;
  if (epsilon.maxCoeff() <= 1)
    epsilon = epsilon * (1 + epsilon);  // e^H - 1 <= H + H^2 up to 1.79
  else
    epsilon = (epsilon <= kLargestScoreError).select(epsilon * epsilon.exp(), static_cast<float>(kInfinity));

  const double per_unit = 1 / row.g;
  const auto u = static_cast<float>(terms_.product);
  const auto a = static_cast<float>(terms_.weight_underflow);
  const auto p_relative = static_cast<float>(p_rounding_.relative);
  const auto p_absolute = static_cast<float>(p_rounding_.absolute);
  const auto p_floor = static_cast<float>(budget::exponent_floor(kernel_.pv, kernel_.p));
  const auto ds_relative = static_cast<float>(ds_rounding_.relative);
  const double* const in_p = step.p.col(r).data() + first;
  const double* const in_t = step.t.col(r).data() + first;
  const float* const eps = epsilon.data();
  [[maybe_unused]] const float* const slope = slope_.data();
  [[maybe_unused]] const float* const slope_error = slope_error_.data();
  const float* const dot = value_dots_.col(r).data() + first;
  float* const p = p_.col(r).data() + first;
  float* const p_error = p_error_.col(r).data() + first;
  float* const ds = ds_.col(r).data() + first;
  float* const ds_error = ds_error_.col(r).data() + first;
  for (int j = 0; j < count; ++j) {
    const auto weight = static_cast<float>(in_p[j]);
    const auto size_of_t = static_cast<float>(std::fabs(in_t[j]) * per_unit);
    const float t = (row.dp * dot[j] + row.fixed) * (1 + u) + u * size_of_t;
    float m = weight * size_of_t;
    float e = weight * ((1 + eps[j]) * t + eps[j] * size_of_t) * (1 + u) + u * m + a * (size_of_t + t) +
              row.ds_underflow;
    if constexpr (kCapped) {
      e = (e * (slope[j] + slope_error[j]) + m * slope_error[j]) * (1 + u) + u * m * slope[j];
      m *= slope[j];
      e += a * (size_of_t + t) + row.ds_underflow;
    }
    e += ds_relative * (m + e) + row.ds_absolute;
    const float of_p = weight * eps[j] + a;
    p[j] = weight + p_floor;
    p_error[j] = of_p + p_relative * (weight + of_p) + p_absolute;
    ds[j] = m + row.ds_floor;
    ds_error[j] = m + e < row.ds_overflow ? e : static_cast<float>(kInfinity);
  }
}

void GradientBudget::add(const GradientStep& step, const BlockKeys& keys) {
  const Eigen::Index count = step.p.rows(), rows = q_.cols();
  const auto k = k_.middleCols(step.begin, count);
  const auto v = v_.middleCols(step.begin, count);
  dots_.noalias() = k.transpose() * q_;
  value_dots_.noalias() = v.transpose() * d_o_;
  for (Eigen::MatrixXf* bounds : {&p_, &p_error_, &ds_, &ds_error_}) bounds->setZero(count, rows);
  for (Eigen::Index r = 0; r < rows; ++r) {
    const KeyRange seen = keys.of_row[static_cast<std::size_t>(r)];
    const int first = std::clamp(seen.begin - step.begin, 0, static_cast<int>(count));
    const int last = std::clamp(seen.end - step.begin, 0, static_cast<int>(count));
    if (first == last) continue;
    if (step.tanh.size() == 0)
      bound_column<false>(step, r, first, last);
    else
      bound_column<true>(step, r, first, last);
  }
  dq_error_.noalias() += k * ds_error_;
  dq_size_.noalias() += k * ds_;
  thread_local Eigen::MatrixXf part;
  const auto add_to = [&](Eigen::MatrixXd& sum, const Eigen::MatrixXf& factor, const Eigen::MatrixXf& bounds,
                          double unit) {
    part.noalias() = factor * bounds.transpose();
    sum.middleCols(step.begin, count) += part.cast<double>() * unit;
  };
  add_to(dk_.error, q_weighted_, ds_error_, q_unit_);
  add_to(dk_.size, q_weighted_, ds_, q_unit_);
  add_to(dv_.error, d_o_weighted_, p_error_, d_o_unit_);
  add_to(dv_.size, d_o_weighted_, p_, d_o_unit_);
  add_roundings(step, step.ds, kernel_.ds, &dq_rounding_, dk_rounding_);
  add_roundings(step, step.p, kernel_.p, nullptr, dv_rounding_);
}

void GradientBudget::add_roundings(const GradientStep& step, const Matrix& exact, DType dtype,
                                   Roundings* of_queries, Roundings& of_keys) {
  if (dtype == DType::f32) return;
  thread_local Eigen::MatrixXf value, added;
  value.resize(exact.rows(), exact.cols());
  const double* const in = exact.data();
  float* const out = value.data();
  for (Eigen::Index i = 0; i < exact.size(); ++i) out[i] = static_cast<float>(in[i]);
  added.resize(exact.rows(), exact.cols());
  rounding_of(value.data(), value.size(), dtype, added.data());
  auto squares_of_keys = of_keys.squares.segment(step.begin, exact.rows());
  auto added_of_keys = of_keys.added.segment(step.begin, exact.rows());
  for (Eigen::Index r = 0; r < exact.cols();
       ++r) {  // squares in double: those of gradients leave f32's range
    squares_of_keys += exact.col(r).array().square();
    added_of_keys += added.col(r).array().cast<double>();
    if (of_queries == nullptr) continue;
    of_queries->squares(r) += exact.col(r).squaredNorm();
    of_queries->added(r) += static_cast<double>(added.col(r).sum());
  }
}

void GradientBudget::add_rounding(DType dtype, const Roundings& roundings, Eigen::Index row, double longest,
                                  RowErrors& errors) {
  if (dtype == DType::f32) return;
  const double variance = budget::rounding_variance(dtype) * roundings.squares(row);
  errors.variance = variance * longest * longest;
  errors.sample = variance > 0 ? roundings.added(row) / std::sqrt(variance) : 0.0;
}

template <class Error, class Size>
double GradientBudget::finish(const double* values, const Error& error, const Size& size,
                              const Ending& ending, double* budget, RowErrors& errors_of_row) const {
  // What the bounds may have lost to f32: their terms are not negative, so with n terms, dot products of d
  // and a dozen operations each no more than this share, and what factors underflow.
  const double open = (1.01 * ending.terms + 2 * (shape_.d_qk + shape_.d_v) + 128) * static_cast<double>(kU);
  const double lost = (ending.terms + 64) * 0x1p-126 * ending.lost_unit;
  const double gamma = budget::gradient_sum(kernel_, ending.terms, ending.runs);
  const double rounding = ending.is_scaled ? budget::gradient_scale(kernel_) : 0.0;
  const budget::OutputRounding output = budget::output_rounding(kernel_);
  const double accumulator = largest_finite(kernel_.pv);
  const double per_open = 1 / (1 - open), per_term = ending.scale / ending.terms;
  const double floor = ending.terms * ending.floor * ending.lost_unit;
  const Eigen::Index width = size.size();
  const auto* __restrict const of_error = error.data();
  const auto* __restrict const of_size = size.data();
  const double* __restrict const of_value = values;
  double* __restrict const budgets = budget;
  double drop = 0, lean = 0, weighted_lean = 0;
  if (!(open < 0.5)) {
    std::fill_n(budget, width, kInfinity);
    errors_of_row.lean = errors_of_row.weighted_lean = kInfinity;
    return 0;
  }
#pragma omp simd reduction(+ : lean, weighted_lean) reduction(max : drop)
  for (Eigen::Index c = 0; c < width; ++c) {
    const double error_here = of_error[c], size_here = of_size[c], value = std::fabs(of_value[c]);
    const double errors = (error_here * ending.unit + lost) * per_open;
    const double sizes = (size_here * ending.unit + lost) * per_open;
    double bound = (errors + gamma * (sizes + errors) + ending.underflow) * ending.scale;
    bound += (value + bound) * rounding;
    bound += (value + bound) * output.relative + output.absolute;
    const double largest = 1.01 * (sizes + errors), written = value + bound;
    const double if_sums_fit = largest < accumulator ? bound : kInfinity;
    bound = written < output.overflow ? if_sums_fit : kInfinity;
    budgets[c] = bound;
    // `errors` has the rounding of each P or dS, as a share of it: what is random of them is taken out again.
    const double random = ending.rounding * larger(size_here * ending.unit - floor, 0.0);
    double leaning = (errors - random + gamma * (sizes + errors) + ending.underflow) * ending.scale;
    leaning += (value + leaning) * (rounding + output.on_the_way) + output.absolute;
    lean += leaning;
    weighted_lean += leaning * value;
    const double dropped = bound > 0 ? sizes * per_term / bound : 0.0;
    drop = dropped > drop ? dropped : drop;
  }
  errors_of_row.lean += lean;
  errors_of_row.weighted_lean += weighted_lean;
  return drop;
}

void GradientBudget::end_block(BudgetedGradients& out) {
  const auto values = columns(out.reference.dq, at_);
  auto budgets = columns(out.budget.dq, at_);
  auto drops = columns(out.smallest_drop.dq, at_);
  RowErrors* const errors = out.dq_errors.matrix(at_.sequence, at_.first_head) + at_.rows.first;
  for (Eigen::Index r = 0; r < values.cols(); ++r) {
    const RowTerms& row = rows_[static_cast<std::size_t>(r)];
    if (row.keys == 0) continue;
    Ending ending;
    ending.terms = row.keys;
    ending.unit = ending.lost_unit = row.g * k_norm_;
    ending.underflow = budget::gradient_underflow(kernel_, row.keys, k_norm_, 3 * row.g);
    ending.scale = shape_.scale;
    ending.is_scaled = true;
    ending.rounding = ds_rounding_.relative;
    ending.floor = row.ds_floor;
    drops(0, r) = finish(values.col(r).data(), dq_error_.col(r), dq_size_.col(r), ending,
                         budgets.col(r).data(), errors[r]);
    add_rounding(kernel_.ds, dq_rounding_, r, shape_.scale * k_norm_, errors[r]);
  }
}

void GradientBudget::end_head(BudgetedGradients& out) {
  for (Eigen::Index j = 0; j < k_.cols(); ++j) {
    const int queries = queries_of_key_[static_cast<std::size_t>(j)];
    if (queries == 0) continue;
    const auto row = static_cast<int>(j);
    RowErrors& errors_of_dk = *out.dk_errors.row(sequence_, kv_head_, row);
    RowErrors& errors_of_dv = *out.dv_errors.row(sequence_, kv_head_, row);
    Ending ending;
    ending.terms = queries * group_;
    ending.runs = group_;
    ending.lost_unit = q_largest_ * g_largest_;
    ending.underflow = budget::gradient_underflow(kernel_, ending.terms, q_largest_, 3 * g_largest_);
    ending.scale = shape_.scale;
    ending.is_scaled = true;
    ending.rounding = ds_rounding_.relative;
    ending.floor = budget::exponent_floor(kernel_.pv, kernel_.ds) / g_largest_;
    *out.smallest_drop.dk.row(sequence_, kv_head_, row) =
        finish(out.reference.dk.row(sequence_, kv_head_, row), dk_.error.col(j), dk_.size.col(j), ending,
               out.budget.dk.row(sequence_, kv_head_, row), errors_of_dk);
    add_rounding(kernel_.ds, dk_rounding_, j, shape_.scale * q_largest_, errors_of_dk);
    ending.lost_unit = d_o_largest_;
    ending.underflow = budget::gradient_underflow(kernel_, ending.terms, d_o_largest_, 2);
    ending.scale = 1;
    ending.is_scaled = false;
    const bool p_is_random = budget::p_rounds_at_random(kernel_, shape_.alibi);
    ending.rounding = p_is_random ? p_rounding_.relative : 0.0;
    ending.floor = budget::exponent_floor(kernel_.pv, kernel_.p);
    *out.smallest_drop.dv.row(sequence_, kv_head_, row) =
        finish(out.reference.dv.row(sequence_, kv_head_, row), dv_.error.col(j), dv_.size.col(j), ending,
               out.budget.dv.row(sequence_, kv_head_, row), errors_of_dv);
    if (p_is_random) add_rounding(kernel_.p, dv_rounding_, j, d_o_largest_, errors_of_dv);
  }
}

}  // namespace flashdiff::detail
