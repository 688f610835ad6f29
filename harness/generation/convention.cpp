#include "harness/generation/convention.h"

namespace flashdiff::generation {
namespace {

constexpr Layout kPacked{Padding::packed, Order::bshd, false, 0, 0};
constexpr Layout kFromFirstRow{Padding::right, Order::bshd, false, 2, 0};
constexpr Layout kToLastRow{Padding::left, Order::bshd, false, 2, 0};
constexpr Layout kPages{Padding::packed, Order::bshd, false, 0, 16};

}  // namespace

std::string_view name_of(Side side) {
  switch (side) {
    case Side::left: return "left";
    case Side::right: return "right";
    case Side::both: return "both";
  }
  return "?";
}

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::prefill: return "prefill";
    case Stage::chunked: return "chunked";
    case Stage::decode: return "decode";
  }
  return "?";
}

const std::vector<Convention>& conventions() {
  static const std::vector<Convention> all{
      {.name = "unpadded by the mask",
       .who = "variable-length kernels behind a padded batch: tokens are picked by the whole mask "
              "(cu_seqlens), the cache grows by a column",
       .layout = kPacked,
       .instead = "nothing: it is safe"},
      {.name = "packed, pages",
       .who = "serving engines: tokens one behind the other, a page table, lengths by row",
       .slots = Slots::next_free,
       .layout = kPages,
       .instead = "nothing: it is safe"},
      {.name = "lengths, slots by row",
       .who = "cache_seqlens with each row's tokens written behind its own",
       .slots = Slots::next_free,
       .keys = Keys::first,
       .layout = kFromFirstRow,
       .instead = "nothing: it is safe"},
      {.name = "lengths, slots by column",
       .who = "cache_seqlens = mask.sum(1) over a cache that grows by a column for every row",
       .keys = Keys::first,
       .layout = kFromFirstRow,
       .instead = "write new keys at each row's own length (slots by row), or hand over first rows "
                  "(cache_leftpad) with left padding"},
      {.name = "lengths and first rows",
       .who = "cache_leftpad = width - mask.sum(1), as for left padding",
       .keys = Keys::last,
       .layout = kToLastRow,
       .instead = "pad on the left, or pick tokens by the whole mask"},
      {.name = "mask not handed on",
       .who = "a wrapper that drops attention_mask; is_causal alone",
       .keys = Keys::all,
       .queries = Queries::all,
       .layout = kPacked,
       .instead = "hand the mask on, or lengths"},
      {.name = "query mask sliced, slots by column",
       .who = "mask[:, -q_len:] picks the queries, over a cache that grows by a column",
       .queries = Queries::sliced_mask,
       .layout = kPacked,
       .instead = "nothing: the mask's last columns are the new ones"},
      {.name = "query mask sliced, slots by row",
       .who = "mask[:, -q_len:] picks the queries, over a cache whose rows end early",
       .slots = Slots::next_free,
       .queries = Queries::sliced_mask,
       .layout = kPacked,
       .instead = "keep the new columns' own mask beside the cache's"},
      {.name = "positions by column",
       .who = "position_ids = arange(width), all along",
       .positions = Positions::of_column,
       .layout = kPacked,
       .instead =
           "pad on the left, where all positions are shifted alike, which rotary embeddings do not see "
           "(learned positions do); else mask.cumsum(-1) - 1"},
      {.name = "positions by column, then by token",
       .who = "arange(width) in the prefill, lengths in the decode steps",
       .positions = Positions::column_then_token,
       .layout = kPacked,
       .instead = "count in tokens in both: mask.cumsum(-1) - 1"},
      {.name = "positions by token, then by column",
       .who = "mask.cumsum(-1) - 1 in the prefill, cache_position in the decode steps",
       .positions = Positions::token_then_column,
       .layout = kPacked,
       .instead = "go on from the row's last position, not from the cache's width"},
      {.name = "logits of the last column",
       .who = "logits[:, -1] of a padded batch",
       .reads = Reads::last_column,
       .layout = kPacked,
       .instead = "read at each row's last token, or pad on the left"},
  };
  return all;
}

}  // namespace flashdiff::generation
