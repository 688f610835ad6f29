#include <algorithm>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  const Mask& mask = c.problem.mask;
  if (mask.kind == MaskKind::causal_top_left) return "windows are aligned to the bottom right";
  const bool bounded =
      mask.kind == MaskKind::window && mask.left != Mask::unbounded && mask.right != Mask::unbounded;
  return bounded ? "the window ends on both sides" : "";
}

Outcome<void> hold(Trial& trial) {
  Question question = trial.question();
  int longest = 1;
  for (const SequenceLengths& one : trial.problem().sequences)
    longest = std::max({longest, one.q_len, one.kv_len});
  Mask& mask = question.problem.mask;
  if (mask.kind == MaskKind::causal_bottom_right) mask.right = 0;
  mask.kind = MaskKind::window;
  // Query i of q is at most max(q, kv) - 1 away from any key.
  for (int* bound : {&mask.left, &mask.right})
    if (*bound == Mask::unbounded) *bound = longest - 1;
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  trial.found.all_rows(*said, trial.own());
  return {};
}

}  // namespace

Relation wide_window() {
  return {"wide-window",
          "a window of as many keys as there are is none",
          {Pass::forward, Pass::backward},
          "windows; a side without a bound",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
