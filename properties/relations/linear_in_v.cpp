#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case&, const Numerics&) { return ""; }

Outcome<void> hold(Trial& trial) {
  Question question = trial.question();
  auto [one, less] = parts_of(trial.data().v, trial.bits(0));
  question.data.v = std::move(one);
  const Outcome<Answered> a = trial.answer(question);
  if (!a) return tl::unexpected<Error>(a.error());
  question.data.v = std::move(less);
  const Outcome<Answered> b = trial.answer(question);
  if (!b) return tl::unexpected<Error>(b.error());
  trial.found.difference(TensorRole::o, *a, *b, trial.own());
  return {};
}

}  // namespace

Relation linear_in_v() {
  return {"linear-in-v", "O of V = A - B is O of A less O of B", {Pass::forward}, "", why_not, hold};
}

}  // namespace flashdiff::relations
