#include "harness/lint/phases.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace flashdiff::lint {
namespace {

/// What was said of step `i`, if anything was.
template <class T>
std::optional<T> said(const std::vector<T>& words, std::size_t i) {
  if (words.empty()) return std::nullopt;
  return words.size() == 1 ? words[0] : words[i];
}

template <class T>
Outcome<void> check_count(const std::vector<T>& words, const char* option, std::size_t steps) {
  if (words.size() <= 1 || words.size() == steps) return {};
  return bad_input(fmt::format("{}: {} values, expected one, or one for each of the {} steps", option,
                               words.size(), steps));
}

/// Columns that any row uses.
int used_columns(const BitMask& mask) {
  int used = 0;
  for (int row = 0; row < mask.rows(); ++row) used = std::max(used, mask.last_token(row) + 1);
  return used;
}

void cut(Step& step, int kv_len) {
  step.free_slots = step.kv_len() - kv_len;
  if (step.free_slots > 0) step.mask = step.mask.first_columns(kv_len);
}

Outcome<void> cut_where_free(Step& step, int kv_len) {
  for (int row = 0; row < step.batch(); ++row)
    if (step.mask.last_token(row) >= kv_len)
      return bad_input(
          fmt::format("{}: row {} has a token at column {}, behind a cache and new tokens of {} columns",
                      step.name, row, step.mask.last_token(row), kv_len));
  cut(step, kv_len);
  return {};
}

Outcome<void> settle_lengths(Step& step, const Step* before, std::optional<int> q_len,
                             std::optional<int> cache_len, std::optional<Phase> phase) {
  const int columns = step.kv_len();
  if (phase == Phase::decode && !q_len) q_len = 1;
  if (cache_len && !q_len) q_len = columns - *cache_len;
  if (cache_len && *cache_len + *q_len < columns)
    if (auto ok = cut_where_free(step, *cache_len + *q_len); !ok) return ok;
  if (!q_len && before != nullptr && phase != Phase::train && columns > before->kv_len())
    q_len = columns - before->kv_len();
  step.q_len = q_len.value_or(columns);
  if (step.q_len < 1 || step.q_len > columns || (cache_len && *cache_len + step.q_len != step.kv_len()))
    return bad_input(fmt::format("{}: {} columns do not hold a cache of {} and {} new tokens", step.name,
                                 columns, cache_len.value_or(columns - step.q_len), step.q_len));
  return {};
}

Outcome<void> settle_phase(Step& step, const Step* before, std::optional<Phase> phase) {
  const Phase by_lengths = !step.behind_a_cache() ? Phase::prefill
                           : step.q_len == 1      ? Phase::decode
                                                  : Phase::chunked;
  step.phase = phase.value_or(by_lengths);
  step.phase_assumed = !phase && before == nullptr && by_lengths == Phase::prefill;
  const bool first = step.phase == Phase::train || step.phase == Phase::prefill;
  if (first != (by_lengths == Phase::prefill))
    return bad_input(fmt::format("{}: phase {} with {} new tokens of {} columns, expected {}", step.name,
                                 name_of(step.phase), step.q_len, step.kv_len(),
                                 first ? "all of them new" : "fewer new ones (--q-len or --cache-len)"));
  return {};
}

}  // namespace

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::train: return "train";
    case Phase::prefill: return "prefill";
    case Phase::chunked: return "chunked";
    case Phase::decode: return "decode";
  }
  return "?";
}

std::optional<Phase> phase_named(const std::string& name) {
  for (const Phase phase : {Phase::train, Phase::prefill, Phase::chunked, Phase::decode})
    if (name == name_of(phase)) return phase;
  return std::nullopt;
}

Outcome<void> settle_phases(std::vector<Step>& steps, const StepWords& words) {
  const std::size_t count = steps.size();
  for (auto ok :
       {check_count(words.q_len, "--q-len", count), check_count(words.cache_len, "--cache-len", count),
        check_count(words.phase, "--phase", count)})
    if (!ok) return tl::unexpected(ok.error());

  // A static cache: all masks as wide as the cache, of which more and more is used.
  const bool same_width = count > 1 && std::all_of(steps.begin(), steps.end(), [&](const Step& step) {
                            return step.kv_len() == steps[0].kv_len();
                          });
  if (same_width && words.phase.empty() && words.q_len.empty() && words.cache_len.empty() &&
      used_columns(steps.front().mask) < used_columns(steps.back().mask))
    for (Step& step : steps) cut(step, std::max(1, used_columns(step.mask)));

  for (std::size_t i = 0; i < count; ++i) {
    Step& step = steps[i];
    const Step* before = i == 0 ? nullptr : &steps[i - 1];
    if (before != nullptr && step.batch() != before->batch())
      return bad_input(fmt::format("{}: {} rows, expected {} as in {}", step.name, step.batch(),
                                   before->batch(), before->name));
    if (auto ok = settle_lengths(step, before, said(words.q_len, i), said(words.cache_len, i),
                                 said(words.phase, i));
        !ok)
      return ok;
    if (auto ok = settle_phase(step, before, said(words.phase, i)); !ok) return ok;
    step.rows = facts_of(step.mask);
  }
  return {};
}

}  // namespace flashdiff::lint
