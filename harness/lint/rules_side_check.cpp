#include <fmt/format.h>

#include "harness/lint/catalogue.h"
#include "harness/lint/side_check.h"

namespace flashdiff::lint {
namespace {

using Judgement = SideCheck::Judgement;

constexpr const char* message_of_the_check =
    "\"You are attempting to perform batched generation with padding_side='right' this may lead to "
    "unexpected behaviour "
    "for Flash Attention version of ...\"";

/// "mask[:, -1].sum() is 1, batch 2".
std::string sum_of(const SideCheck& check, const Step& step) {
  return fmt::format("mask[:, -1].sum() is {} in a batch of {}", check.last_column, step.batch());
}

std::string why_false(const Step& step) {
  if (step.phase == Phase::train)
    return "every token's logits are read at the token's own column, and the kernel is handed the mask";
  if (step.free_slots > 0) return "the last columns are free slots of a static cache, not padding";
  return "the rows that end in no token are empty, which no padding side mends (FD001)";
}

std::optional<Found> find_false_alarm(const Seen& seen) {
  const SideCheck check = side_check(seen.step);
  if (check.judgement != Judgement::false_alarm) return std::nullopt;
  return Found{fmt::format("{}: with a cache passed (use_cache) the check stops with {}, wrongly: {}",
                           sum_of(check, seen.step), message_of_the_check, why_false(seen.step)),
               {}};
}

std::optional<Found> find_true_alarm(const Seen& seen) {
  const SideCheck check = side_check(seen.step);
  if (check.judgement != Judgement::true_alarm) return std::nullopt;
  return Found{fmt::format("{}: with a cache passed the check stops with {}, rightly: {}",
                           sum_of(check, seen.step), message_of_the_check,
                           seen.step.phase == Phase::prefill
                               ? "the next token would be read from padding, and the cache would get a hole"
                               : "what is new in these rows does not end in the last column"),
               check.rows};
}

std::optional<Found> find_miss(const Seen& seen) {
  const SideCheck check = side_check(seen.step);
  if (check.judgement != Judgement::miss) return std::nullopt;
  return Found{
      fmt::format(
          "{}: the check for {} passes, and misses padding between the cached tokens and the new ones",
          sum_of(check, seen.step), message_of_the_check),
      check.rows};
}

/// One text for the three: what differs is the answer for the batch at hand.
constexpr const char* about_the_check =
    R"(Several frameworks had this check in front of FlashAttention, wherever a cache is passed (which is
the default):

  if attention_mask is not None and past_key_values is not None:
      is_padding_right = attention_mask[:, -1].sum().item() != batch_size
      if is_padding_right:
          raise ValueError("You are attempting to perform batched generation with"
                           " padding_side='right' this may lead to unexpected behaviour for Flash"
                           " Attention version of ...")

It looks at one column, and so it is wrong both ways:
- false alarm (FD003): training, or an evaluation that reads every token's logits, with use_cache
  left on. Padded rows are gathered by the mask before the kernel runs; each side gives the same
  result. Also: a row that is empty, and the free slots of a static cache.
- true alarm (FD004): the first step of a generation. logits[:, -1] are a padding token's, and the
  next step's key goes behind the padding.
- miss (FD005): one decode step later the same row is 1 1 0 0 1. The last column is all ones, the
  check passes, and the hole is there: whatever addresses the cache by lengths, or counts positions
  by column, is wrong from here on.

Examples:  --phase train     --phase prefill     --phase decode
           1 1 1 1           1 1 1 1             1 1 1 1 1
           1 1 0 0           1 1 0 0             1 1 0 0 1
           false alarm       true alarm          miss)";

}  // namespace

const Rule side_check_false_alarm{
    "FD003",
    "side-check-false-alarm",
    Level::note,
    "the padding_side='right' check would stop this batch, wrongly",
    "Leave the padding as it is; where nothing is generated, pass use_cache=False.",
    about_the_check,
    find_false_alarm};

const Rule side_check_true_alarm{"FD004",
                                 "side-check-true-alarm",
                                 Level::error,
                                 "the padding_side='right' check would stop this batch, rightly",
                                 "Pad prompts on the left to generate, or read each row's logits at its last "
                                 "token and keep its cache compact.",
                                 about_the_check,
                                 find_true_alarm};

const Rule side_check_miss{"FD005",
                           "side-check-miss",
                           Level::error,
                           "the padding_side='right' check passes this batch, and should not",
                           "Pad prompts on the left to generate; a batch that was padded on the right has to "
                           "be compacted before the first decode "
                           "step.",
                           about_the_check,
                           find_miss};

}  // namespace flashdiff::lint
