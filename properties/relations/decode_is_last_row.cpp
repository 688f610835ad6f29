#include <algorithm>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  if (c.problem.mask.kind == MaskKind::causal_top_left)
    return "a mask from the top left shows a single query other keys than the last";
  const bool any = std::ranges::any_of(c.problem.sequences, [](const auto& one) { return one.q_len > 1; });
  return any ? "" : "no sequence has two queries";
}

Outcome<void> hold(Trial& trial) {
  const Problem& problem = trial.problem();
  std::vector<Piece> pieces;
  for (int s = 0; s < problem.batch(); ++s) {
    Piece piece = whole(problem, s);
    if (piece.queries.count > 0) piece.queries = {piece.queries.count - 1, 1};
    pieces.push_back(piece);
  }
  const Outcome<Answered> said = trial.answer(batch_of(trial.question(), pieces));
  if (!said) return tl::unexpected<Error>(said.error());
  trial.found.all_rows(*said, trial.own(), [&](TensorRole, RowAt at) {
    at.row += pieces[static_cast<std::size_t>(at.sequence)].queries.first;
    return at;
  });
  return {};
}

}  // namespace

Relation decode_is_last_row() {
  return {"decode-is-last-row",
          "the last query alone, over the same keys, gets the last row",
          {Pass::forward},
          "two queries, no mask from the top left",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
