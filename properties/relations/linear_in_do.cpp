#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case&, const Numerics&) { return ""; }

// O and LSE stay what they are: D = dO.O and dP = dO.V are linear in dO, and so is all that follows.
Outcome<void> hold(Trial& trial) {
  Question question = trial.question();
  auto [one, less] = parts_of(trial.data().d_o, trial.bits(0));
  question.data.d_o = std::move(one);
  const Outcome<Answered> a = trial.answer(question);
  if (!a) return tl::unexpected<Error>(a.error());
  question.data.d_o = std::move(less);
  const Outcome<Answered> b = trial.answer(question);
  if (!b) return tl::unexpected<Error>(b.error());
  for (const TensorRole output : outputs_of(Pass::backward))
    trial.found.difference(output, *a, *b, trial.own());
  return {};
}

}  // namespace

Relation linear_in_do() {
  return {"linear-in-do",   "gradients of dO = A - B are those of A less those of B",
          {Pass::backward}, "",
          why_not,          hold};
}

}  // namespace flashdiff::relations
