#include <algorithm>

#include <fmt/format.h>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {
namespace {

/// The first query of a row for which a window over columns does not hold the keys that a window over tokens
/// holds: its column; -1 where there is none. A row that ends early has its queries behind its tokens.
int column_with_other_keys(const Step& step, int row, int window) {
  const RowFacts& facts = step.rows[static_cast<std::size_t>(row)];
  if (facts.empty()) return -1;
  const auto differs = [&](int column, int last_token, int rank) {
    return step.mask.count(row, std::max(0, column - window), last_token + 1) != std::min(rank, window + 1);
  };
  const int last = step.kv_len() - 1;
  if (step.behind_a_cache() && facts.right_padding > 0)
    return differs(last, facts.last, facts.tokens) ? last : -1;
  if (facts.holes == 0) return -1;
  int rank = step.mask.count(row, 0, step.cache_len());
  for (int column = step.mask.next_token(row, step.cache_len()); column <= last;
       column = step.mask.next_token(row, column + 1))
    if (differs(column, column, ++rank)) return column;
  return -1;
}

std::optional<Found> find_distances(const Seen& seen) {
  const Step& step = seen.step;
  if (!seen.settings.window && !seen.settings.alibi) return std::nullopt;
  std::vector<int> rows;
  std::string message;
  for (int row = 0; row < step.batch(); ++row) {
    const RowFacts& facts = step.rows[static_cast<std::size_t>(row)];
    const int column = seen.settings.window ? column_with_other_keys(step, row, *seen.settings.window) : -1;
    const bool biased = seen.settings.alibi && facts.holes > 0;
    if (column < 0 && !biased) continue;
    rows.push_back(row);
    if (!message.empty()) continue;
    if (column >= 0)
      message = fmt::format(
          "a window of {} over columns shows row {}'s query at column {} other keys than one over tokens",
          *seen.settings.window, row, column);
    else
      message = fmt::format(
          "ALiBi over columns puts row {}'s keys in front of column {} {} further away than they are", row,
          facts.hole_begin, facts.hole_end - facts.hole_begin);
  }
  if (rows.empty()) return std::nullopt;
  return Found{std::move(message), std::move(rows)};
}

}  // namespace

const Rule distances_count_padding{
    "FD008",
    "distances-count-padding",
    Level::error,
    "a window or ALiBi measured in columns counts padding",
    "Measure distances between tokens: compact the rows first, or hand over first rows and lengths.",
    R"(Asked for with --window or --alibi, since a mask does not say what the model has. A sliding window
and ALiBi depend on how far key and query are apart. Between columns that is the same as between
tokens while a row's tokens are contiguous and its last one is the last column. A hole adds to the
distance of what lies in front of it; and behind a cache, a bottom-right diagonal drawn for the
padded kv_len puts the queries of a row that ends early behind its padding. A window then drops keys
that the query should see. ALiBi forgives a shift that all keys share, not a hole.

Example (--phase decode --window 2):  1 1 1 1 1
                                      1 1 0 0 1)",
    find_distances};

}  // namespace flashdiff::lint
