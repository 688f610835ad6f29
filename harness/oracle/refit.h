#pragma once
#include <functional>
#include <limits>
#include <vector>

#include "harness/oracle/deviations.h"
#include "harness/oracle/score_rule.h"
#include "harness/oracle/wrong_rows.h"
#include "harness/problem/logical.h"

namespace flashdiff::detail {

/// O and LSE of one row as some hypothesis has them, built key by key (online softmax, Milakov and Gimelshein
/// 2018, algorithm 3), so that all prefixes and suffixes of a range cost one pass.
class RowState {
 public:
  explicit RowState(int d_v) : o_(static_cast<std::size_t>(d_v), 0.0) {}
  void see(double score, const float* v);
  /// The same as having seen all keys of both.
  void merge(const RowState& other);
  [[nodiscard]] double lse() const;
  [[nodiscard]] double o(int column) const;

 private:
  double max_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
  std::vector<double> o_;  ///< not yet divided by the sum
};

/// One wrong row with everything that a hypothesis about it may use.
class Suspect {
 public:
  Suspect(const Problem& problem, const LogicalData& data, const Wanted& wanted, const Answer& answer,
          RowAt at, int kv_tile);

  RowAt at;
  int kv_tile;
  SequenceLengths lengths;
  KeyRange seen;  ///< the keys that the row should see

  [[nodiscard]] const Problem& problem() const { return *problem_; }
  [[nodiscard]] double got_lse() const { return *answer_->lse.row(at.sequence, at.head, at.row); }

  /// As the problem asks.
  [[nodiscard]] ScoreRule rule() const;
  /// Of another query head.
  [[nodiscard]] ScoreRule rule(int head) const;
  /// Scores of all kv_len keys under the K of `kv_head`, and its V.
  [[nodiscard]] std::vector<double> scores(int kv_head) const { return scores(kv_head, rule()); }
  [[nodiscard]] std::vector<double> scores(int kv_head, const ScoreRule& rule) const;
  /// A row that has seen no key yet, but its sink.
  [[nodiscard]] RowState start() const { return start(rule()); }
  [[nodiscard]] RowState start(const ScoreRule& rule) const;
  [[nodiscard]] int kv_head() const { return at.head / problem_->group(); }
  [[nodiscard]] const float* v(int kv_head, int key) const { return data_->v.row(at.sequence, kv_head, key); }
  /// The row over these keys; `factor`: of each key's score as the rule makes it.
  [[nodiscard]] RowState attend(KeyRange keys, int kv_head, const ScoreRule& rule, double factor = 1) const;
  [[nodiscard]] RowState attend(KeyRange keys, int kv_head) const { return attend(keys, kv_head, rule()); }

  /// Is this what came back? Within twice the budget, since the hypothesis is not the reference's row.
  [[nodiscard]] bool is(const RowState& hypothesis) const;
  [[nodiscard]] bool is(double lse, const std::function<double(int)>& o) const;
  /// Is it what the reference has at another row?
  [[nodiscard]] bool is_row(RowAt other) const;

 private:
  const Problem* problem_;
  const LogicalData* data_;
  const WantedTensor *o_, *lse_;  ///< LSE: null where the backend gives none, and O alone must match
  const Answer* answer_;
};

}  // namespace flashdiff::detail
