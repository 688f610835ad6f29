#include <fmt/format.h>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {
namespace {

/// The position that a row's first token of this step should have: 0 for the row's first one, else what
/// follows the step before, else how many tokens stand in front of it. Nothing where nobody can know.
std::optional<std::int64_t> expected_first(const Seen& seen, int row) {
  const Positions& positions = seen.step.positions;
  const PositionRow& facts = positions.rows[static_cast<std::size_t>(row)];
  const int rank = seen.step.mask.count(row, 0, facts.first_column);
  if (rank == 0) return 0;
  if (seen.before != nullptr && seen.before->positions.given()) {
    const PositionRow& before = seen.before->positions.rows[static_cast<std::size_t>(row)];
    if (before.tokens > 0) return before.last + 1;
  }
  if (positions.axes > 1) return std::nullopt;  // an image takes fewer positions than it has tokens
  return rank;
}

enum class Kind { as_expected, counts_padding, elsewhere };
Kind kind_of(const Seen& seen, int row) {
  const PositionRow& facts = seen.step.positions.rows[static_cast<std::size_t>(row)];
  const auto expected = facts.tokens == 0 ? std::nullopt : expected_first(seen, row);
  if (!expected || facts.first == *expected) return Kind::as_expected;
  return facts.first == facts.first_column ? Kind::counts_padding : Kind::elsewhere;
}

/// Jumps over a hole as columns do.
bool counts_a_hole(const Seen& seen, int row) {
  const PositionRow& facts = seen.step.positions.rows[static_cast<std::size_t>(row)];
  return facts.breaks > 0 && facts.like_columns && seen.step.rows[static_cast<std::size_t>(row)].holes > 0;
}

template <class Holds>
std::vector<int> rows_where(const Seen& seen, Holds holds) {
  std::vector<int> rows;
  if (!seen.step.positions.given()) return rows;
  for (int row = 0; row < seen.step.batch(); ++row)
    if (holds(row)) rows.push_back(row);
  return rows;
}

const PositionRow& facts_of(const Seen& seen, int row) {
  return seen.step.positions.rows[static_cast<std::size_t>(row)];
}

std::optional<Found> find_counted_padding(const Seen& seen) {
  auto rows = rows_where(
      seen, [&](int row) { return kind_of(seen, row) == Kind::counts_padding || counts_a_hole(seen, row); });
  if (rows.empty()) return std::nullopt;
  // In front of all tokens: their distances stay what they are. Anywhere else they do not.
  Level level = Level::warning;
  for (const int row : rows)
    if (counts_a_hole(seen, row) || expected_first(seen, row) != 0) level = Level::error;
  const int row = rows[0];
  const PositionRow& facts = facts_of(seen, row);
  std::string message = counts_a_hole(seen, row)
                            ? fmt::format("row {} goes from position {} to {} over a hole", row,
                                          facts.break_from, facts.break_to)
                            : fmt::format("row {}'s token at column {} has position {}, expected {}", row,
                                          facts.first_column, facts.first, *expected_first(seen, row));
  return Found{std::move(message), std::move(rows), level};
}

std::optional<Found> find_discontinued(const Seen& seen) {
  auto rows = rows_where(seen, [&](int row) { return kind_of(seen, row) == Kind::elsewhere; });
  if (rows.empty()) return std::nullopt;
  const PositionRow& facts = facts_of(seen, rows[0]);
  return Found{
      fmt::format("row {}'s token at column {} has position {}, expected {}{}", rows[0], facts.first_column,
                  facts.first, *expected_first(seen, rows[0]), facts.first == 0 ? ": they restart" : ""),
      std::move(rows)};
}

std::optional<Found> find_irregular(const Seen& seen) {
  auto rows =
      rows_where(seen, [&](int row) { return facts_of(seen, row).breaks > 0 && !counts_a_hole(seen, row); });
  if (rows.empty()) return std::nullopt;
  const PositionRow& facts = facts_of(seen, rows[0]);
  return Found{fmt::format("row {} goes from position {} to {} at column {}", rows[0], facts.break_from,
                           facts.break_to, facts.break_column),
               std::move(rows)};
}

std::optional<Found> find_packed(const Seen& seen) {
  auto rows = rows_where(seen, [&](int row) { return facts_of(seen, row).restarts > 0; });
  if (rows.empty()) return std::nullopt;
  return Found{fmt::format("row {}'s positions restart at 0, so it holds {} sequences; the mask shows one",
                           rows[0], facts_of(seen, rows[0]).restarts + 1),
               std::move(rows)};
}

}  // namespace

const Rule positions_count_padding{
    "FD009",
    "positions-count-padding",
    Level::error,
    "position ids count padding",
    "Count tokens: position_ids = mask.cumsum(-1) - 1, whose last columns are the new tokens' in every later "
    "step.",
    R"(A position that is its column (arange) is right for a row that begins in column 0 and has no hole.
In a left-padded row every position is too large by the padding: rotary embeddings see differences
alone and forgive it (a warning), learned positions and lengths that switch a scaling on do not.
Behind a right-padded prompt the new token's position is too large by the hole, and no embedding
forgives that: prompt and answer are further apart than they were in training (an error).

Example, --positions:  mask 0 0 1 1 1    positions 0 1 2 3 4
                       mask 1 1 0 0 1    positions 0 1 2 3 4)",
    find_counted_padding};

const Rule positions_do_not_continue{
    "FD010",
    "positions-do-not-continue",
    Level::error,
    "position ids do not continue where the step before ended",
    "Carry each row's next position from step to step: the largest one so far, of all axes, plus 1.",
    R"(Keys in the cache were rotated by the positions they had. A chunk or a decode step that starts at 0
again, or at another row's length, puts the new tokens among the old ones. With three axes (time,
height, width) the next text position is the largest so far plus 1, and not the number of tokens: an
image takes fewer positions than tokens, and what a prefill computed (rope_deltas) has to be kept
for each row.

Example:  step 1  positions 0 1 2 3
          step 2  positions         0)",
    find_discontinued};

const Rule positions_irregular{
    "FD011",
    "positions-irregular",
    Level::warning,
    "position ids skip or repeat within a row",
    "Make them from the mask (mask.cumsum(-1) - 1); where they jump over an image, say where it is (--spans, "
    "or "
    "--ids and --image-token).",
    R"(Neighbouring tokens of a row should be one position apart. A jump or a repetition that is no hole of
the mask, no restart at 0 and no image is mostly an array of another batch, a mask that was edited
behind the positions' back, or a truncation that cut one of the two.

Example:  mask 1 1 1 1    positions 0 1 1 2)",
    find_irregular};

const Rule packed_sequences{
    "FD012",
    "packed-sequences",
    Level::warning,
    "several sequences in a row, which a mask of 0 and 1 does not show",
    "Take cu_seqlens from the positions that are 0, or hand over a mask for each pair of query and key.",
    R"(Packed samples stand one behind the other in a row, and their position ids restart at 0. The mask is
all ones: whoever makes lengths from it lets each sample attend to those in front of it. The loss
looks well, a little too well. Some frameworks recover the boundaries from position_ids, and only
where no mask, or batch 1, is given.

Example:  mask 1 1 1 1 1    positions 0 1 2 0 1)",
    find_packed};

}  // namespace flashdiff::lint
