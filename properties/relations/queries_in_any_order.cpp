#include <algorithm>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  if (c.problem.mask.kind != MaskKind::none) return "a mask knows the order of queries";
  if (c.problem.alibi) return "ALiBi knows the order of queries";
  const bool two = std::ranges::any_of(c.problem.sequences, [](const auto& one) { return one.q_len > 1; });
  return two ? "" : "no sequence has two queries";
}

Outcome<void> hold(Trial& trial) {
  std::vector<std::vector<int>> orders;
  orders.reserve(trial.problem().sequences.size());
  for (int s = 0; s < trial.problem().batch(); ++s)
    orders.push_back(permutation(trial.problem().sequences[static_cast<std::size_t>(s)].q_len,
                                 trial.bits(static_cast<std::uint64_t>(s))));
  const auto where = [&orders](RowAt at) {
    at.row = orders[static_cast<std::size_t>(at.sequence)][static_cast<std::size_t>(at.row)];
    return at;
  };
  Question question = trial.question();
  for (LogicalTensor<float>* tensor : of_queries(question.data)) *tensor = with_rows(*tensor, where);
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  trial.found.all_rows(*said, trial.own(), [&where](TensorRole output, RowAt at) {
    return follows_queries(output) ? where(at) : at;
  });
  return {};
}

}  // namespace

Relation queries_in_any_order() {
  return {"queries-in-any-order",
          "without a mask the order of queries is none: O and dQ follow, dK and dV stay",
          {Pass::forward, Pass::backward},
          "no mask, no ALiBi",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
