#include <algorithm>

#include <fmt/format.h>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {
namespace {

int cached_tokens(const Step& step, int row) { return step.mask.count(row, 0, step.cache_len()); }

/// Of a row that ends early nobody knows whether its cache is compact, and so its last tokens are the new
/// ones, or whether the new ones were padded on the right: either count is one.
bool may_be_cached(const Step& step, int row, std::int64_t said) {
  const RowFacts& facts = step.rows[static_cast<std::size_t>(row)];
  return said == cached_tokens(step, row) ||
         (facts.right_padding > 0 && said == std::max(0, facts.tokens - step.q_len));
}

std::optional<Found> find_wrong_lengths(const Seen& seen) {
  const Step& step = seen.step;
  if (step.cache_lengths.empty()) return std::nullopt;
  // Without the new tokens (FlashAttention's cache_seqlens) or with them (vLLM's seq_lens): one of the two,
  // for the whole batch.
  std::vector<int> without, with;
  for (int row = 0; row < step.batch(); ++row) {
    const std::int64_t said = step.cache_lengths[static_cast<std::size_t>(row)];
    if (!may_be_cached(step, row, said)) without.push_back(row);
    if (said != step.rows[static_cast<std::size_t>(row)].tokens) with.push_back(row);
  }
  if (without.empty() || with.empty()) return std::nullopt;
  const bool new_ones_in = with.size() < without.size();
  auto& rows = new_ones_in ? with : without;
  const int columns = new_ones_in ? step.kv_len() : step.cache_len();
  const bool leftpad = std::all_of(rows.begin(), rows.end(), [&](int row) {
    return step.rows[static_cast<std::size_t>(row)].cls == RowClass::left &&
           step.cache_lengths[static_cast<std::size_t>(row)] == columns;
  });
  const int row = rows[0];
  const std::int64_t said = step.cache_lengths[static_cast<std::size_t>(row)];
  std::string message =
      fmt::format("row {} is said to have {} keys, its mask has {}", row, said,
                  new_ones_in ? step.rows[static_cast<std::size_t>(row)].tokens : cached_tokens(step, row));
  if (said == columns)
    message += leftpad ? "; right only where first rows (leftpad_k) are handed over, too"
                       : ": the padding was counted";
  return Found{std::move(message), std::move(rows), leftpad ? Level::warning : Level::error};
}

/// What is wrong with a slot, in words; nothing where nothing is.
std::string wrong_with(const Seen& seen, int row, std::int64_t slot) {
  const Step& step = seen.step;
  if (slot == -1) return {};  // "do not write", as paged caches have it
  if (slot < 0 || slot >= step.kv_len() + step.free_slots)
    return fmt::format("lies outside of {} columns", step.kv_len() + step.free_slots);
  if (slot >= step.kv_len() || !step.mask.at(row, static_cast<int>(slot)))
    return "is padding by the mask: the new key is never seen";
  if (seen.before != nullptr && slot < seen.before->kv_len() &&
      seen.before->mask.at(row, static_cast<int>(slot)))
    return "held a token before: it is written over";
  return {};
}

std::optional<Found> find_wrong_slots(const Seen& seen) {
  const Step& step = seen.step;
  if (step.slots.empty()) return std::nullopt;
  const auto each = static_cast<std::size_t>(step.q_len);
  const bool shared = step.slots.size() == each;
  std::vector<int> rows;
  std::string message;
  for (int row = 0; row < step.batch(); ++row) {
    const std::size_t begin = shared ? 0 : static_cast<std::size_t>(row) * each;
    for (std::size_t i = begin; i < begin + each; ++i) {
      // A new column that is padding in this row goes to some slot as well, and nobody reads it.
      const bool new_token = step.mask.at(row, step.cache_len() + static_cast<int>(i - begin));
      const std::string wrong = new_token ? wrong_with(seen, row, step.slots[i]) : "";
      if (wrong.empty()) continue;
      if (message.empty()) message = fmt::format("slot {} of row {} {}", step.slots[i], row, wrong);
      rows.push_back(row);
      break;
    }
  }
  if (rows.empty()) return std::nullopt;
  return Found{std::move(message), std::move(rows)};
}

std::optional<Found> find_changed_past(const Seen& seen) {
  if (seen.before == nullptr) return std::nullopt;
  const Step &step = seen.step, &before = *seen.before;
  if (step.cache_len() != before.kv_len())
    return Found{fmt::format("the cache has {} columns, the step before ended with {}", step.cache_len(),
                             before.kv_len()),
                 {}};
  std::vector<int> rows;
  for (int row = 0; row < step.batch(); ++row)
    if (step.mask.first_difference(before.mask, row, before.kv_len()) < before.kv_len()) rows.push_back(row);
  if (rows.empty()) return std::nullopt;
  const int column = step.mask.first_difference(before.mask, rows[0], before.kv_len());
  return Found{fmt::format("column {} of row {} is {} now and was {} in the step before", column, rows[0],
                           step.mask.at(rows[0], column) ? "a token" : "padding",
                           step.mask.at(rows[0], column) ? "padding" : "a token"),
               std::move(rows)};
}

}  // namespace

const Rule cache_lengths_disagree{
    "FD013",
    "cache-lengths-disagree",
    Level::error,
    "the cache lengths are not those of the mask",
    "Make them from the mask, mask.sum(-1), before the new tokens or behind them as the kernel wants it, and "
    "hand over "
    "first rows where padding lies in front.",
    R"(A kernel with a cache is told how many keys each sequence has (cache_seqlens, seq_lens). Columns are
more than keys wherever there is padding: a length that counts padding behind the tokens makes the
kernel read it as keys, and one that counts padding in front is right only together with first rows
(leftpad_k), a warning. Lengths may leave the new tokens out or have them in, for all rows alike.

Example, --cache-lengths:  mask 1 1 0 0 1    length 4, expected 2)",
    find_wrong_lengths};

const Rule cache_slots_disagree{
    "FD014",
    "cache-slots-disagree",
    Level::error,
    "new keys are written to slots that the mask does not show, or that hold a token",
    "Write new keys to the columns where the mask has the new tokens, each once.",
    R"(A static cache is written at slots (cache_position, slot_mapping), and read by the mask. Where the
two disagree a new key is written and never seen, or an old one is lost. A slot for the whole batch
(the number of columns so far) fits rectangular caches; a compact cache has a slot for each row. -1
stands for "do not write".

Example, --slots:  step 1  mask 1 1 0 0
                   step 2  mask 1 1 1 0    slot 3, expected 2)",
    find_wrong_slots};

const Rule past_changed{
    "FD015",
    "past-changed",
    Level::error,
    "what the cache holds changed between two steps",
    "Only append columns: what a step marked as token or padding stays that in all later ones.",
    R"(The cache holds what earlier steps wrote. A column that becomes padding later hides a key that
earlier tokens saw; one that becomes a token shows a key that was computed from padding. Both come
up where a batch is re-padded, truncated or reordered (beams) between steps without the cache, and
where a mask is made anew for each step.

Example:  step 1  mask 1 1 0
          step 2  mask 1 1 1 1)",
    find_changed_past};

}  // namespace flashdiff::lint
