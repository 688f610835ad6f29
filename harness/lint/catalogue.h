#pragma once
#include <span>
#include <string_view>

#include "harness/lint/rule.h"

namespace flashdiff::lint {

// Each beside its function, in rules_*.cpp.
extern const Rule empty_row;
extern const Rule padding_between_tokens;
extern const Rule side_check_false_alarm;
extern const Rule side_check_true_alarm;
extern const Rule side_check_miss;
extern const Rule last_column_is_padding;
extern const Rule mask_sliced_to_queries;
extern const Rule distances_count_padding;
extern const Rule positions_count_padding;
extern const Rule positions_do_not_continue;
extern const Rule positions_irregular;
extern const Rule packed_sequences;
extern const Rule cache_lengths_disagree;
extern const Rule cache_slots_disagree;
extern const Rule past_changed;
extern const Rule mixed_sides;
extern const Rule sides_differ;
extern const Rule tokens_differ;
extern const Rule images_not_expanded;
extern const Rule images_masked;

/// All rules, by code.
[[nodiscard]] std::span<const Rule* const> all_rules();
/// By code or name, whatever the case of its letters; nullptr where there is none.
[[nodiscard]] const Rule* rule_named(std::string_view word);

}  // namespace flashdiff::lint
