#include <algorithm>
#include <cmath>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

/// How many keys may go into the second part; below 1: none.
int most_keys(const Problem& problem) {
  int most = 0;
  for (const SequenceLengths& one : problem.sequences) most = std::max(most, one.kv_len - 1);
  const Mask& mask = problem.mask;
  // The first part's window has to be shifted to the left by as many.
  const bool narrow = mask.kind == MaskKind::window && mask.left != Mask::unbounded;
  return narrow ? std::min(most, mask.left) : most;
}

std::string why_not(const Case& c, const Numerics& numerics) {
  if (!numerics.gives_lse) return "there is no LSE to merge by";
  if (c.problem.sink) return "a sink would count twice";
  if (c.problem.alibi) return "ALiBi's distances are counted from the last key";
  if (c.problem.mask.kind == MaskKind::causal_top_left) return "masks are cut from the bottom right";
  return most_keys(c.problem) < 1 ? "there is nothing to split" : "";
}

/// Of the keys before the last `less`: what the mask shows of them, counted from their own end.
Mask of_the_first(Mask mask, int less) {
  if (mask.kind == MaskKind::none) return mask;
  if (mask.kind == MaskKind::causal_bottom_right) return {MaskKind::window, Mask::unbounded, less};
  if (mask.left != Mask::unbounded) mask.left -= less;
  if (mask.right != Mask::unbounded) mask.right += less;
  return mask;
}

/// A row of a part: its O, LSE and their budgets.
struct Part {
  const float* o;
  const double* o_budget;
  double lse, lse_budget;
};
Part part_of(const Answered& said, RowAt at) {
  const auto row = [at](const auto& tensor) { return tensor.row(at.sequence, at.head, at.row); };
  return {row(said.answer.o), row(said.allowed.of(TensorRole::o).budget),
          static_cast<double>(*row(said.answer.lse)), *row(said.allowed.of(TensorRole::lse).budget)};
}

/// With a = e^(lse1 - lse), b = e^(lse2 - lse) and a + b = 1 a merged row is a O1 + b O2. Where the two LSE
/// are off by d1 and d2, D = |d1| + |d2|, a is off by at most a b (e^D - 1), and LSE by max(|d1|, |d2|),
/// since no softmax weighs more than 1; so O by (a + da) B1 + (b + da) B2 + da |O1 - O2|, for the erring
/// parts.
void compare_row(Trial& trial, RowAt at, const Part& one, const Part& two) {
  const Answered& own = trial.own();
  const double most = std::max(one.lse, two.lse);
  const bool none = std::isinf(most);  // no key is seen: O = 0, as each part has it
  const double lse = none ? most : most + std::log(std::exp(one.lse - most) + std::exp(two.lse - most));
  const double a = none ? 1 : std::exp(one.lse - lse), b = none ? 0 : std::exp(two.lse - lse);
  const double off = a * b == 0 ? 0 : a * b * std::expm1(one.lse_budget + two.lse_budget);
  const auto row = [at](const auto& tensor) { return tensor.row(at.sequence, at.head, at.row); };
  const double* const budget = row(own.allowed.of(TensorRole::o).budget);
  for (int column = 0; column < trial.problem().d_v; ++column)
    trial.found.element({TensorRole::o, at.sequence, at.head, at.row, column},
                        a * one.o[column] + b * two.o[column], row(own.answer.o)[column],
                        budget[column] + (a + off) * one.o_budget[column] + (b + off) * two.o_budget[column] +
                            off * std::fabs(static_cast<double>(one.o[column]) - two.o[column]));
  trial.found.element(
      {TensorRole::lse, at.sequence, at.head, at.row, 0}, lse, *row(own.answer.lse),
      *row(own.allowed.of(TensorRole::lse).budget) + std::max(one.lse_budget, two.lse_budget));
}

Outcome<void> hold(Trial& trial) {
  const Problem& problem = trial.problem();
  const int last = 1 + trial.choice(0, most_keys(problem));
  std::vector<Piece> first, second;
  for (int s = 0; s < problem.batch(); ++s) {
    const Piece all = whole(problem, s);
    const int behind = std::min(last, all.keys.count), before = all.keys.count - behind;
    first.push_back({s, all.queries, {0, before}});
    second.push_back({s, all.queries, {before, behind}});
  }
  Question question = batch_of(trial.question(), first);
  question.problem.mask = of_the_first(problem.mask, last);
  const Outcome<Answered> one = trial.answer(question);
  if (!one) return tl::unexpected<Error>(one.error());
  const Outcome<Answered> two = trial.answer(batch_of(trial.question(), second));
  if (!two) return tl::unexpected<Error>(two.error());
  for_each_row(trial.own().answer.lse,
               [&](RowAt at) { compare_row(trial, at, part_of(*one, at), part_of(*two, at)); });
  return {};
}

}  // namespace

Relation split_keys() {
  return {"split-keys",    "two parts of the keys, merged through their LSE, are the whole",
          {Pass::forward}, "LSE; no sink, no ALiBi, no mask from the top left",
          why_not,         hold};
}

}  // namespace flashdiff::relations
