#include <algorithm>
#include <limits>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

/// What is made NaN: a sequence, else a K/V head with its query heads, else one query.
struct Spoilt {
  std::optional<int> sequence, kv_head, query;
};

int longest_query(const Problem& problem) {
  int most = 0;
  for (const SequenceLengths& one : problem.sequences) most = std::max(most, one.q_len);
  return most;
}

std::string why_not(const Case& c, const Numerics&) {
  return c.problem.batch() > 1 || c.problem.h_kv > 1 || longest_query(c.problem) > 1
             ? ""
             : "nothing is left beside what could be NaN";
}

Spoilt spoilt_of(const Trial& trial) {
  const Problem& problem = trial.problem();
  if (problem.batch() > 1) return {trial.choice(0, problem.batch()), {}, {}};
  if (problem.h_kv > 1) return {{}, trial.choice(0, problem.h_kv), {}};
  return {{}, {}, trial.choice(0, longest_query(problem))};
}

/// Whether a row of an input is NaN, or a row of an output may be.
bool is_spoilt(const Spoilt& spoilt, const Problem& problem, bool follows_queries, bool output, RowAt at) {
  if (spoilt.sequence) return at.sequence == *spoilt.sequence;
  if (spoilt.kv_head) return (follows_queries ? at.head / problem.group() : at.head) == *spoilt.kv_head;
  // Of one query nothing gets into other queries' rows; dK and dV add it up, an append's tokens stand alone.
  const bool by_token = follows_queries || problem.pass == Pass::append;
  return by_token ? at.row == *spoilt.query : output;
}

Outcome<void> hold(Trial& trial) {
  const Problem& problem = trial.problem();
  const Spoilt spoilt = spoilt_of(trial);
  const float bad = trial.choice(1, 2) == 0 ? std::numeric_limits<float>::quiet_NaN()
                                            : std::numeric_limits<float>::infinity();
  Question question = trial.question();
  const auto spoil = [&](LogicalTensor<float>& tensor, bool follows_queries) {
    for_each_row(tensor, [&](RowAt at) {
      if (is_spoilt(spoilt, problem, follows_queries, false, at))
        std::fill_n(tensor.row(at.sequence, at.head, at.row), tensor.width(), bad);
    });
  };
  for (LogicalTensor<float>* tensor : of_queries(question.data)) spoil(*tensor, true);
  for (LogicalTensor<float>* tensor : of_keys(question.data)) spoil(*tensor, false);
  Outcome<Answer> answer = trial.answer_alone(question);
  if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
  // What is not spoilt was asked with the same inputs, so that its budgets are the same.
  const Answered said{std::move(*answer), trial.own().allowed};
  trial.found.all_rows(said, trial.own(), [&](TensorRole output, RowAt at) -> std::optional<RowAt> {
    if (is_spoilt(spoilt, problem, follows_queries(output), true, at)) return std::nullopt;
    return at;
  });
  return {};
}

}  // namespace

Relation nan_stays() {
  return {"nan-stays",
          "NaN and infinities in a sequence, a head or a query do not get into the others' rows",
          {Pass::forward, Pass::backward, Pass::append},
          "two sequences, K/V heads or queries",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
