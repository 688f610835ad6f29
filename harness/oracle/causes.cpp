#include "harness/oracle/causes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "harness/oracle/append_causes.h"
#include "harness/oracle/gradient_causes.h"
#include "harness/oracle/other_masks.h"
#include "harness/oracle/refit.h"
#include "harness/oracle/votes.h"

namespace flashdiff::detail {
namespace {

constexpr int kLongestRow = 16384;  ///< a hint is not worth minutes

/// Another mask than the one asked for.
void other_masks(const Suspect& row, Words& words) {
  for (const MaskInstead& other : masks_instead_of(row.problem().mask)) {
    const KeyRange keys = visible_keys(other.mask, row.lengths, row.at.row);
    if (!(keys == row.seen) && row.is(row.attend(keys, row.kv_head()))) words.push_back(other.words);
  }
}

void name_end(const Suspect& row, int end, Words& words) {
  const int want = row.seen.end, tile = row.kv_tile;
  if (end == want - 1) words.push_back("the last visible key were not seen");
  if (end == want + 1) words.push_back("one key behind the last visible one were seen");
  if (end < want && end == (want - 1) / tile * tile)
    words.push_back(fmt::format("the last kv tile of {} were not seen", tile));
  if (end < want && end % tile == 0)
    words.push_back(fmt::format("kv tiles from {} on were not seen", end / tile));
  if (end < want) words.push_back(fmt::format("keys from {} on were not seen", end));
  if (end > want) words.push_back(fmt::format("hidden keys up to {} were seen", end - 1));
}

void name_begin(const Suspect& row, int begin, Words& words) {
  const int want = row.seen.begin;
  if (begin == want + 1) words.push_back("the first visible key were not seen");
  if (begin == want - 1) words.push_back("one key before the first visible one were seen");
  if (begin > want) words.push_back(fmt::format("keys before {} were not seen", begin));
  if (begin < want) words.push_back(fmt::format("hidden keys from {} on were seen", begin));
}

/// All ranges that keep one of the two ends, a pass each.
void other_ranges(const Suspect& row, Words& words) {
  const int kv_head = row.kv_head();
  const std::vector<double> scores = row.scores(kv_head);
  RowState forward = row.start(), backward = forward;
  for (int key = row.seen.begin; key < row.lengths.kv_len; ++key) {
    forward.see(scores[static_cast<std::size_t>(key)], row.v(kv_head, key));
    if (key + 1 != row.seen.end && row.is(forward)) name_end(row, key + 1, words);
  }
  for (int key = row.seen.end - 1; key >= 0; --key) {
    backward.see(scores[static_cast<std::size_t>(key)], row.v(kv_head, key));
    if (key != row.seen.begin && row.is(backward)) name_begin(row, key, words);
  }
}

/// A kv tile left out in the middle, or a single key. Prefix and suffix states make each O(d).
void holes_in_the_range(const Suspect& row, Words& words) {
  const int kv_head = row.kv_head();
  const std::vector<double> scores = row.scores(kv_head);
  std::vector<RowState> behind{RowState(row.problem().d_v)};  // behind[n]: the last n visible keys
  for (int key = row.seen.end - 1; key >= row.seen.begin; --key) {
    behind.push_back(behind.back());
    behind.back().see(scores[static_cast<std::size_t>(key)], row.v(kv_head, key));
  }
  const auto rest_from = [&](int key) {
    return behind[static_cast<std::size_t>(std::max(0, row.seen.end - std::max(key, row.seen.begin)))];
  };
  RowState before = row.start();
  for (int key = row.seen.begin; key < row.seen.end; ++key) {
    if (key % row.kv_tile == 0) {
      RowState without_tile = before;
      without_tile.merge(rest_from(key + row.kv_tile));
      if (row.is(without_tile)) words.push_back(fmt::format("kv tile {} were not seen", key / row.kv_tile));
    }
    RowState without_key = before;
    without_key.merge(rest_from(key + 1));
    if (row.is(without_key))
      words.push_back(fmt::format("key {}, column {} of kv tile {}, were not seen", key, key % row.kv_tile,
                                  key / row.kv_tile));
    before.see(scores[static_cast<std::size_t>(key)], row.v(kv_head, key));
  }
}

/// Slots of the tile behind the last key that count as keys of score 0 and V = 0.
void slots_scored_zero(const Suspect& row, Words& words) {
  const RowState seen = row.attend(row.seen, row.kv_head());
  for (int slots = 1; slots < row.kv_tile; ++slots) {
    RowState with_slots = seen;
    const std::vector<float> zeros(static_cast<std::size_t>(row.problem().d_v), 0.0f);
    for (int slot = 0; slot < slots; ++slot) with_slots.see(0, zeros.data());
    if (!row.is(with_slots)) continue;
    if ((row.lengths.kv_len + slots) % row.kv_tile == 0)
      words.push_back(fmt::format("the slots from kv_len to the end of its tile of {} were keys of score 0",
                                  row.kv_tile));
    words.push_back(fmt::format("{} more keys of score 0 and V = 0 were seen", slots));
  }
}

/// The right arithmetic on other rows.
void other_rows(const Suspect& row, Words& words) {
  for (int kv_head = 0; kv_head < row.problem().h_kv; ++kv_head)
    if (kv_head != row.kv_head() && row.is(row.attend(row.seen, kv_head)))
      words.push_back(fmt::format("K and V of kv-head {} were read for kv-head {}", kv_head, row.kv_head()));
  for (int head = 0; head < row.problem().h_q; ++head)
    if (head != row.at.head && row.is_row({row.at.sequence, head, row.at.row}))
      words.push_back(fmt::format("head {} held the answer of head {}", row.at.head, head));
  for (int other = 0; other < row.lengths.q_len; ++other) {
    const int by = other - row.at.row;
    if (by != 0 && row.is_row({row.at.sequence, row.at.head, other}))
      words.push_back(fmt::format("each row held the answer of the row {} {}", std::abs(by),
                                  by > 0 ? "further on" : "before it"));
  }
}

/// Scale and units.
void other_units(const Suspect& row, Words& words) {
  const double scale = row.problem().softmax_scale();
  const std::pair<double, const char*> factors[] = {
      {1 / scale, "the scores were not scaled"},
      {scale, "the scores were scaled twice"},
      {std::numbers::ln2, "exp2 were taken without log2(e)"},
      {std::numbers::log2e, "log2(e) were applied twice"},
  };
  for (const auto& [factor, name] : factors)
    if (factor != 1 && row.is(row.attend(row.seen, row.kv_head(), row.rule(), factor)))
      words.emplace_back(name);
  const RowState right = row.attend(row.seen, row.kv_head());
  if (row.is(right.lse() * std::numbers::log2e, [&right](int c) { return right.o(c); }))
    words.emplace_back("LSE were in base 2");
}

/// Softcap, ALiBi and the sink: forgotten, or taken otherwise than asked.
void other_modifiers(const Suspect& row, Words& words) {
  const auto with = [&row, &words](const std::string& name, auto change) {
    ScoreRule rule = row.rule();
    change(rule);
    if (row.is(row.attend(row.seen, row.kv_head(), rule))) words.push_back(name);
  };
  const Problem& problem = row.problem();
  if (problem.softcap) with("the softcap were forgotten", [](ScoreRule& rule) { rule.softcap = 0; });
  if (problem.sink) {
    with("the sink were forgotten", [](ScoreRule& rule) { rule.sink.reset(); });
    with("the sink were multiplied with the softmax scale",
         [](ScoreRule& rule) { *rule.sink *= rule.scale; });
    for (int times : {2, 3, 4})
      with(fmt::format("the sink were counted {} times", times),
           [times](ScoreRule& rule) { *rule.sink += std::log(times); });
  }
  if (!problem.alibi) return;
  with("ALiBi were forgotten", [](ScoreRule& rule) { rule.slope = 0; });
  with("ALiBi's bias had the other sign", [](ScoreRule& rule) { rule.slope = -rule.slope; });
  with("ALiBi's slopes were counted from 2^0, not from 2^(-8 / heads)",
       [&](ScoreRule& rule) { rule.slope *= std::exp2(8.0 / problem.h_q); });
  if (row.lengths.kv_len != row.lengths.q_len)
    with("ALiBi counted distances from key i, not from key i + kv_len - q_len",
         [&row](ScoreRule& rule) { rule.diagonal = row.at.row; });
  for (int head = 0; head < problem.h_q; ++head)
    if (head != row.at.head)
      with(fmt::format("head {} had ALiBi's slope of head {}", row.at.head, head),
           [&](ScoreRule& rule) { rule.slope = row.rule(head).slope; });
}

Words hypotheses_of(const Suspect& row) {
  Words words;
  // Modifiers before slots: with a sink of 0, the same numbers, and a case keeps a sink only if it matters.
  for (auto* ask : {other_masks, other_modifiers, slots_scored_zero, other_ranges, holes_in_the_range,
                    other_rows, other_units})
    ask(row, words);
  return words;
}

/// A few rows spread over the wrong ones; rows without finite numbers answer to no hypothesis.
std::vector<RowAt> sample(const Deviations& found, const Answer& answer, bool has_lse) {
  std::vector<RowAt> finite;
  for (const RowAt& at : wrong_rows(found, Side::queries).only_wrong()) {
    const float* o = answer.o.row(at.sequence, at.head, at.row);
    const bool numbers = std::all_of(o, o + answer.o.width(), [](float x) { return std::isfinite(x); });
    if (numbers && !(has_lse && std::isnan(*answer.lse.row(at.sequence, at.head, at.row))))
      finite.push_back(at);
  }
  return spread(finite, kRowsAsked);
}

}  // namespace

std::string likely_cause(const Case& c, const LogicalData& data, const Wanted& wanted, const Answer& answer,
                         const Deviations& found, int kv_tile) {
  const Problem& problem = c.problem;
  switch (problem.pass) {
    case Pass::forward: break;
    case Pass::backward: return likely_gradient_cause(problem, data, wanted, answer, found, kv_tile);
    case Pass::append: return likely_append_cause(c, data, wanted, answer, found);
  }
  std::vector<Words> said;
  for (const RowAt& at : sample(found, answer, wanted.has(TensorRole::lse))) {
    const Suspect row(problem, data, wanted, answer, at, kv_tile);
    if (row.lengths.kv_len <= kLongestRow) said.push_back(hypotheses_of(row));
  }
  return most_said(said);
}

}  // namespace flashdiff::detail
