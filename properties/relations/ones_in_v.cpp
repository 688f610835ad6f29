#include <algorithm>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  return c.problem.sink ? "a sink takes its part of every row's sum" : "";
}

Outcome<void> hold(Trial& trial) {
  Question ones = trial.question();
  std::ranges::fill(ones.data.v.values(), 1.0f);
  const Outcome<Answered> said = trial.answer(ones);
  if (!said) return tl::unexpected<Error>(said.error());
  const Problem& problem = trial.problem();
  const WantedTensor& o = said->allowed.of(TensorRole::o);
  for_each_row(said->answer.o, [&](RowAt at) {
    const auto& lengths = problem.sequences[static_cast<std::size_t>(at.sequence)];
    const double sum = visible_keys(problem.mask, lengths, at.row).empty() ? 0 : 1;
    for (int column = 0; column < problem.d_v; ++column)
      trial.found.element({TensorRole::o, at.sequence, at.head, at.row, column},
                          said->answer.o.row(at.sequence, at.head, at.row)[column], sum,
                          o.budget.row(at.sequence, at.head, at.row)[column]);
  });
  // Scores know nothing of V.
  if (said->allowed.has(TensorRole::lse))
    trial.found.rows(TensorRole::lse, *said, trial.own(), [](TensorRole, RowAt at) { return at; });
  return {};
}

}  // namespace

Relation ones_in_v() { return {"ones-in-v", "V = 1 gives O = 1", {Pass::forward}, "no sink", why_not, hold}; }

}  // namespace flashdiff::relations
