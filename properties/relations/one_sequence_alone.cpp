#include <algorithm>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::vector<int> with_queries(const Problem& problem) {
  std::vector<int> found;
  for (int s = 0; s < problem.batch(); ++s)
    if (problem.sequences[static_cast<std::size_t>(s)].q_len > 0) found.push_back(s);
  return found;
}

std::string why_not(const Case& c, const Numerics&) {
  if (c.problem.batch() == 1) return "the batch has one sequence";
  return with_queries(c.problem).empty() ? "no sequence has queries" : "";
}

Outcome<void> hold(Trial& trial) {
  const std::vector<int> which = with_queries(trial.problem());
  const int s = which[static_cast<std::size_t>(trial.choice(0, static_cast<int>(which.size())))];
  const Outcome<Answered> alone = trial.answer(batch_of(trial.question(), {whole(trial.problem(), s)}));
  if (!alone) return tl::unexpected<Error>(alone.error());
  trial.found.all_rows(*alone, trial.own(), [s](TensorRole, RowAt at) { return RowAt{s, at.head, at.row}; });
  return {};
}

}  // namespace

Relation one_sequence_alone() {
  return {"one-sequence-alone",
          "a sequence gets the same answer alone as among its neighbours",
          {Pass::forward, Pass::backward, Pass::append},
          "two sequences",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
