#include "harness/oracle/refit.h"

#include <algorithm>
#include <cmath>

#include "harness/problem/numbers.h"

namespace flashdiff::detail {

void RowState::see(double score, const float* v) {
  if (score > max_) {
    const double shrink = std::exp(max_ - score);  // 0 at the first key
    sum_ *= shrink;
    for (double& value : o_) value *= shrink;
    max_ = score;
  }
  const double weight = std::exp(score - max_);
  sum_ += weight;
  for (std::size_t c = 0; c < o_.size(); ++c) o_[c] += weight * v[c];
}

void RowState::merge(const RowState& other) {
  if (other.sum_ == 0) return;
  const double max = std::max(max_, other.max_);
  const double mine = std::exp(max_ - max), theirs = std::exp(other.max_ - max);
  sum_ = sum_ * mine + other.sum_ * theirs;
  for (std::size_t c = 0; c < o_.size(); ++c) o_[c] = o_[c] * mine + other.o_[c] * theirs;
  max_ = max;
}

double RowState::lse() const { return max_ + std::log(sum_); }
double RowState::o(int column) const { return sum_ > 0 ? o_[static_cast<std::size_t>(column)] / sum_ : 0; }

Suspect::Suspect(const Problem& problem, const LogicalData& data, const Wanted& wanted, const Answer& answer,
                 RowAt row, int tile)
    : at(row),
      kv_tile(tile),
      lengths(problem.sequences[static_cast<std::size_t>(row.sequence)]),
      seen(visible_keys(problem.mask, lengths, row.row)),
      problem_(&problem),
      data_(&data),
      o_(&wanted.of(TensorRole::o)),
      lse_(wanted.has(TensorRole::lse) ? &wanted.of(TensorRole::lse) : nullptr),
      answer_(&answer) {}

ScoreRule Suspect::rule() const { return rule(at.head); }

ScoreRule Suspect::rule(int head) const { return score_rule(*problem_, lengths, head, at.row); }

std::vector<double> Suspect::scores(int kv_head, const ScoreRule& rule) const {
  std::vector<double> scores(static_cast<std::size_t>(lengths.kv_len));
  const float* q = data_->q.row(at.sequence, at.head, at.row);
  for (int key = 0; key < lengths.kv_len; ++key) {
    const float* k = data_->k.row(at.sequence, kv_head, key);
    double dot = 0;
    for (int c = 0; c < problem_->d_qk; ++c) dot += static_cast<double>(q[c]) * k[c];
    scores[static_cast<std::size_t>(key)] = rule.score(dot, key);
  }
  return scores;
}

RowState Suspect::start(const ScoreRule& rule) const {
  RowState state(problem_->d_v);
  const std::vector<float> no_value(static_cast<std::size_t>(problem_->d_v), 0.0f);
  if (rule.sink) state.see(*rule.sink, no_value.data());
  return state;
}

RowState Suspect::attend(KeyRange keys, int kv_head, const ScoreRule& rule, double factor) const {
  RowState state = start(rule);
  const std::vector<double> all = scores(kv_head, rule);
  for (int key = keys.begin; key < keys.end; ++key)
    state.see(all[static_cast<std::size_t>(key)] * factor, v(kv_head, key));
  return state;
}

bool Suspect::is(const RowState& hypothesis) const {
  return is(hypothesis.lse(), [&hypothesis](int column) { return hypothesis.o(column); });
}

bool Suspect::is(double lse, const std::function<double(int)>& o) const {
  const auto near = [](double got, double want, double budget, double relative) {
    if (got == want) return true;
    return std::isfinite(want) && std::abs(got - want) <= 2 * budget + relative * std::abs(want);
  };
  if (lse_ != nullptr && !near(got_lse(), lse, *lse_->budget.row(at.sequence, at.head, at.row), 1e-5))
    return false;
  const float* got = answer_->o.row(at.sequence, at.head, at.row);
  const double* budget = o_->budget.row(at.sequence, at.head, at.row);
  const double relative = 1e-5 + 2 * format_of(problem_->dtype).unit_roundoff;
  for (int c = 0; c < problem_->d_v; ++c)
    if (!near(got[c], o(c), budget[c], relative)) return false;
  return true;
}

bool Suspect::is_row(RowAt other) const {
  const double* o = o_->want.row(other.sequence, other.head, other.row);
  const double lse = lse_ == nullptr ? 0.0 : *lse_->want.row(other.sequence, other.head, other.row);
  return is(lse, [o](int column) { return o[column]; });
}

}  // namespace flashdiff::detail
