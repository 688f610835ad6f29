#include <algorithm>

#include <fmt/format.h>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {
namespace {

std::vector<int> rows_that_end_early(const Step& step) {
  std::vector<int> rows;
  for (int row = 0; row < step.batch(); ++row)
    if (const RowFacts& facts = step.rows[static_cast<std::size_t>(row)];
        !facts.empty() && facts.right_padding > 0)
      rows.push_back(row);
  return rows;
}

std::optional<Found> find_padding_read_as_last(const Seen& seen) {
  if (seen.step.phase == Phase::train) return std::nullopt;
  auto rows = rows_that_end_early(seen.step);
  if (rows.empty()) return std::nullopt;
  const RowFacts& first = seen.step.rows[static_cast<std::size_t>(rows[0])];
  // Of a chunk that is not the last one nobody reads the logits.
  const Level level = seen.step.phase == Phase::chunked ? Level::warning : Level::error;
  return Found{
      fmt::format("logits[:, -1] are those of padding; column {} predicts row {}'s next token, not column {}",
                  first.last, rows[0], seen.step.kv_len() - 1),
      std::move(rows), level};
}

/// Whether the slice is right for a row that ends early, by what else is known of it: its new tokens were
/// themselves padded on the right, and the cache in front of them is full.
bool slice_is_right(const Step& step, int row) {
  const auto each = static_cast<std::size_t>(step.q_len), at = static_cast<std::size_t>(row);
  const int in_slice = step.mask.count(row, step.cache_len(), step.kv_len());
  if (!step.cache_lengths.empty())
    return step.rows[at].tokens - step.cache_lengths[at] == in_slice && in_slice > 0;
  if (step.slots.empty()) return false;
  const auto begin =
      step.slots.begin() + static_cast<std::ptrdiff_t>(step.slots.size() == each ? 0 : at * each);
  return std::all_of(begin, begin + in_slice, [&](std::int64_t slot) { return slot >= step.cache_len(); }) &&
         in_slice > 0;
}

std::optional<Found> find_sliced_mask(const Seen& seen) {
  const Step& step = seen.step;
  if (!step.behind_a_cache()) return std::nullopt;
  auto rows = rows_that_end_early(step);
  std::erase_if(rows, [&](int row) { return slice_is_right(step, row); });
  if (rows.empty()) return std::nullopt;
  const int row = rows[0], tokens = step.mask.count(row, step.cache_len(), step.kv_len());
  return Found{
      fmt::format("mask[:, -{}:] says that {} of row {}'s {} new columns hold a token, since the row ends at "
                  "column {} of {}",
                  step.q_len, tokens, row, step.q_len, step.rows[static_cast<std::size_t>(row)].last,
                  step.kv_len() - 1),
      std::move(rows)};
}

}  // namespace

const Rule last_column_is_padding{
    "FD006",
    "last-column-is-padding",
    Level::error,
    "the last column, whose logits predict the next token, is padding",
    "Read the logits at each row's last token: logits[arange(batch), last], where last is mask.sum(1) - 1 "
    "for right "
    "padding; or pad on the left.",
    R"(Generation takes logits[:, -1]. In a right-padded row that column is padding: its query has whatever
the padding token embeds to, and what it sees depends on the kernel (all tokens of the row, under a
causal mask; nothing, where padded queries are dropped, which gives 0). The text that comes out is
fluent and wrong. A framework that warns "A decoder-only architecture is being used, but
right-padding was detected!" (it looks whether the last id is the padding token) is right here.

Example (--phase prefill):  1 1 1 1
                            1 1 0 0)",
    find_padding_read_as_last};

const Rule mask_sliced_to_queries{
    "FD007",
    "mask-sliced-to-queries",
    Level::error,
    "mask[:, -q_len:] does not say which queries are tokens",
    "Hand over cu_seqlens_q made from the new tokens themselves, not from the mask's last columns; or pad on "
    "the left.",
    R"(Behind a cache (1 <= q_len < kv_len) the mask has a column for every key, and the queries are fewer.
Code that unpads them by attention_mask[:, -q_len:] takes the last q_len columns for the new tokens.
That is right for left padding, where every row ends in the last column. A row that ends earlier has
its new tokens further left: the slice then drops queries that are tokens, or hands the kernel fewer
lengths than there are rows.

Example (--phase decode, the row's cache is compact):  1 1 1 1 1
                                                       1 1 1 0 0)",
    find_sliced_mask};

}  // namespace flashdiff::lint
