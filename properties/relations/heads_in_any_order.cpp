#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  if (c.problem.h_q == 1) return "there is one head";
  if (c.problem.alibi) return "ALiBi's slopes are of heads";
  return c.problem.sink && !c.problem.sink->logit ? "each head has a sink of its own" : "";
}

// K/V heads change places, and within each group query heads do.
Outcome<void> hold(Trial& trial) {
  const int group = trial.problem().group();
  const std::vector<int> kv_heads = permutation(trial.problem().h_kv, trial.bits(0));
  const std::vector<int> within = permutation(group, trial.bits(1));
  const auto kv_head = [&](RowAt at) {
    at.head = kv_heads[static_cast<std::size_t>(at.head)];
    return at;
  };
  const auto head = [&](RowAt at) {
    at.head = kv_heads[static_cast<std::size_t>(at.head / group)] * group +
              within[static_cast<std::size_t>(at.head % group)];
    return at;
  };
  Question question = trial.question();
  for (LogicalTensor<float>* tensor : of_queries(question.data)) *tensor = with_rows(*tensor, head);
  for (LogicalTensor<float>* tensor : of_keys(question.data)) *tensor = with_rows(*tensor, kv_head);
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  trial.found.all_rows(*said, trial.own(), [&](TensorRole output, RowAt at) {
    return follows_queries(output) ? head(at) : kv_head(at);
  });
  return {};
}

}  // namespace

Relation heads_in_any_order() {
  return {"heads-in-any-order",
          "the order of heads is none: every output follows it",
          {Pass::forward, Pass::backward, Pass::append},
          "two heads, no ALiBi, no sinks of single heads",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
