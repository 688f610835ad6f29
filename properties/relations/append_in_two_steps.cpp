#include <algorithm>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  const bool any = std::ranges::any_of(c.problem.sequences, [](const auto& one) { return one.q_len > 1; });
  return any ? "" : "no sequence has two new tokens";
}

Outcome<void> hold(Trial& trial) {
  const Problem& problem = trial.problem();
  std::vector<Piece> first, second;
  for (int s = 0; s < problem.batch(); ++s) {
    const Piece all = whole(problem, s);
    const int tokens = all.queries.count;
    const int now = tokens > 1 ? 1 + trial.choice(static_cast<std::uint64_t>(s), tokens - 1) : tokens;
    first.push_back({s, {0, now}, {0, all.keys.count - (tokens - now)}});
    second.push_back({s, {now, tokens - now}, all.keys});
  }
  for (const std::vector<Piece>& step : {first, second}) {
    const Outcome<Answered> said = trial.answer(batch_of(trial.question(), step));
    if (!said) return tl::unexpected<Error>(said.error());
    trial.found.all_rows(*said, trial.own(), [&step](TensorRole, RowAt at) {
      at.row += step[static_cast<std::size_t>(at.sequence)].queries.first;
      return at;
    });
  }
  return {};
}

}  // namespace

Relation append_in_two_steps() {
  return {"append-in-two-steps",
          "new tokens in two steps leave what one step leaves",
          {Pass::append},
          "two new tokens",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
