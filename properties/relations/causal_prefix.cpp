#include <algorithm>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  const Mask& mask = c.problem.mask;
  if (mask.kind == MaskKind::none || (mask.kind == MaskKind::window && mask.right == Mask::unbounded))
    return "queries see keys behind their own";
  const bool any = std::ranges::any_of(c.problem.sequences,
                                       [](const auto& one) { return std::min(one.q_len, one.kv_len) > 1; });
  return any ? "" : "no sequence is longer than one row";
}

// As many queries as keys go at the end, so that masks and ALiBi's distances stay where they are.
Outcome<void> hold(Trial& trial) {
  const Problem& problem = trial.problem();
  std::vector<Piece> pieces;
  for (int s = 0; s < problem.batch(); ++s) {
    Piece piece = whole(problem, s);
    if (const int most = std::min(piece.queries.count, piece.keys.count); most > 1) {
      const int gone = 1 + trial.choice(static_cast<std::uint64_t>(s), most - 1);
      piece.queries.count -= gone;
      piece.keys.count -= gone;
    }
    pieces.push_back(piece);
  }
  const Question prefix = batch_of(trial.question(), pieces);
  const Outcome<Answered> said = trial.answer(prefix);
  if (!said) return tl::unexpected<Error>(said.error());
  // Of keys' gradients it says nothing: the queries that are gone had their part in them.
  trial.found.all_rows(*said, trial.own(), [&](TensorRole output, RowAt at) -> std::optional<RowAt> {
    const auto s = static_cast<std::size_t>(at.sequence);
    if (!follows_queries(output) || visible_keys(problem.mask, problem.sequences[s], at.row) !=
                                        visible_keys(problem.mask, prefix.problem.sequences[s], at.row))
      return std::nullopt;
    return at;
  });
  return {};
}

}  // namespace

Relation causal_prefix() {
  return {"causal-prefix",
          "under a causal mask the first rows know nothing of what comes after them",
          {Pass::forward, Pass::backward},
          "a causal mask, or a window that ends",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
