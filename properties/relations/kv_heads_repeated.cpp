#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  return c.problem.group() == 1 ? "every query head has a K/V head of its own" : "";
}

// dK and dV of a shared head are sums of what each of its query heads brings.
void compare_sums(Trial& trial, TensorRole output, const Answered& said) {
  const int group = trial.problem().group();
  const LogicalTensor<float>& own = trial.own().answer.of(output);
  for_each_row(own, [&](RowAt at) {
    for (int column = 0; column < own.width(); ++column) {
      double sum = 0;
      double budget = trial.own().allowed.of(output).budget.row(at.sequence, at.head, at.row)[column];
      for (int head = at.head * group; head < (at.head + 1) * group; ++head) {
        sum += said.answer.of(output).row(at.sequence, head, at.row)[column];
        budget += said.allowed.of(output).budget.row(at.sequence, head, at.row)[column];
      }
      trial.found.element({output, at.sequence, at.head, at.row, column}, sum,
                          own.row(at.sequence, at.head, at.row)[column], budget);
    }
  });
}

Outcome<void> hold(Trial& trial) {
  const int group = trial.problem().group();
  Question question = trial.question();
  question.problem.h_kv = question.problem.h_q;
  const std::vector<int> rows = row_counts(question.data.k);
  for (LogicalTensor<float>* tensor : of_keys(question.data))
    *tensor = taken(
        *tensor, rows, question.problem.h_q, tensor->width(),
        [group](RowAt at) {
          at.head /= group;
          return at;
        },
        [](int column) { return column; });
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  for (const WantedTensor& output : said->allowed.outputs)
    if (follows_queries(output.role))
      trial.found.rows(output.role, *said, trial.own(), [](TensorRole, RowAt at) { return at; });
    else
      compare_sums(trial, output.role, *said);
  return {};
}

}  // namespace

Relation kv_heads_repeated() {
  return {"kv-heads-repeated",
          "K and V repeated for each query head give the same O and dQ, and dK and dV that add up",
          {Pass::forward, Pass::backward},
          "query heads that share a K/V head",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
