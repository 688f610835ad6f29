#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/problem/layout.h"

namespace flashdiff::generation {

/// On which side of a batch's rectangle the prompts' padding lies.
enum class Side : std::uint8_t { left, right, both };
[[nodiscard]] std::string_view name_of(Side);

/// A prompt at once, the same in chunks of columns, or one token behind a cache.
enum class Stage : std::uint8_t { prefill, chunked, decode };
[[nodiscard]] std::string_view name_of(Stage);

/// Where a new column's K and V go. `appended`: as a new column of every row, padding too (a cache that
/// concatenates, or a static one that is written at cache_position). `next_free`: each row's tokens behind
/// its own tokens, padding nowhere (static slots by length, pages).
enum class Slots : std::uint8_t { appended, next_free };

/// Which slots of its row a query may see, before the causal mask.
enum class Keys : std::uint8_t {
  by_mask,  ///< those that hold tokens (the mask, all of it: K and V compacted)
  first,    ///< the first n, n tokens so far: lengths without first rows (cache_seqlens)
  last,     ///< the last n: lengths and first rows that assume left padding (cache_leftpad = width - n)
  all,      ///< every one: no mask, no lengths
};

/// Which of the new columns are queries.
enum class Queries : std::uint8_t {
  by_mask,      ///< those that hold tokens
  sliced_mask,  ///< behind a cache, those where the last q_len columns of its mask are 1; else by_mask
  all,
};

/// The rotary position of a column.
enum class Positions : std::uint8_t {
  of_token,           ///< counted in tokens: mask.cumsum(-1) - 1, padding 1
  of_column,          ///< counted in columns, padding too
  column_then_token,  ///< the prompt's in columns, those behind it in tokens
  token_then_column,  ///< the other way round
};

/// Whose logits are the next token's.
enum class Reads : std::uint8_t { last_token, last_column };

/// How a family of callers hands a step to attention: a row of the table below, and nothing else.
struct Convention {
  std::string_view name;  ///< short, for a table
  std::string_view who;   ///< which callers do so
  Slots slots = Slots::appended;
  Keys keys = Keys::by_mask;
  Queries queries = Queries::by_mask;
  Positions positions = Positions::of_token;
  Reads reads = Reads::last_token;
  Layout layout;             ///< of what the kernel is handed
  std::string_view instead;  ///< what to do where it is not safe
};

/// All of them. To add one: a row in convention.cpp.
[[nodiscard]] const std::vector<Convention>& conventions();

}  // namespace flashdiff::generation
