#include "harness/lint/catalogue.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace flashdiff::lint {
namespace {

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::span<const Rule* const> all_rules() {
  static constexpr std::array rules{&empty_row,
                                    &padding_between_tokens,
                                    &side_check_false_alarm,
                                    &side_check_true_alarm,
                                    &side_check_miss,
                                    &last_column_is_padding,
                                    &mask_sliced_to_queries,
                                    &distances_count_padding,
                                    &positions_count_padding,
                                    &positions_do_not_continue,
                                    &positions_irregular,
                                    &packed_sequences,
                                    &cache_lengths_disagree,
                                    &cache_slots_disagree,
                                    &past_changed,
                                    &mixed_sides,
                                    &sides_differ,
                                    &tokens_differ,
                                    &images_not_expanded,
                                    &images_masked};
  return rules;
}

const Rule* rule_named(std::string_view word) {
  const auto rules = all_rules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const Rule* rule) {
    return same_letters(rule->code, word) || same_letters(rule->name, word);
  });
  return found == rules.end() ? nullptr : *found;
}

const char* name_of(Level level) {
  switch (level) {
    case Level::note: return "note";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "?";
}

std::string in_words(const std::vector<int>& rows) {
  constexpr std::size_t most = 6;
  if (rows.size() == 1) return fmt::format("row {}", rows[0]);
  std::string words = "rows ";
  const std::size_t shown = rows.size() <= most + 1 ? rows.size() : most;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == shown && shown == rows.size();
    words += fmt::format("{}{}", i == 0 ? "" : last ? " and " : ", ", rows[i]);
  }
  return shown == rows.size() ? words : fmt::format("{} and {} more", words, rows.size() - shown);
}

}  // namespace flashdiff::lint
