#include "harness/score/score.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace flashdiff::power {
namespace {

Score::Rule& rule_of(Score& score, const std::string& name) {
  const auto found = std::ranges::find(score.rules, name, &Score::Rule::name);
  if (found != score.rules.end()) return *found;
  return score.rules.emplace_back(Score::Rule{name, 0, 0, 0, 0, {}, {}});
}

void add_rule(Score& score, const RuleCount& count, const Hunted& hunted) {
  Score::Rule& rule = rule_of(score, count.name);
  rule.asked += count.asked > 0 ? 1 : 0;
  if (!count.killed) return;
  ++rule.killed;
  if (!hunted.kill)
    rule.only_theirs.push_back(hunted.mutant);
  else if (*count.killed < hunted.kill->index)
    rule.sooner.push_back(hunted.mutant);
}

}  // namespace

void add_to(Sound& whole, const Sound& part) {
  if (whole.name.empty()) {
    whole = part;
    return;
  }
  // Threads bring the parts in any order; the whole is told as its first one is.
  if (part.first < whole.first) {
    whole.first = part.first;
    whole.key = part.key;
  }
  whole.cases += part.cases;
  whole.judged += part.judged;
  whole.alarms.insert(whole.alarms.end(), part.alarms.begin(), part.alarms.end());
  if (whole.rules.empty()) {
    whole.rules = part.rules;
    return;
  }
  for (std::size_t i = 0; i < whole.rules.size() && i < part.rules.size(); ++i) {
    whole.rules[i].asked += part.rules[i].asked;
    whole.rules[i].rejected += part.rules[i].rejected;
  }
}

std::string killer_of(const Hunted& hunted) {
  if (!hunted.kill) return hunted.equivalent.empty() ? "survived" : "survived, as argued";
  const Kill& kill = *hunted.kill;
  return kill.part.empty() ? kill.rule : kill.rule + ": " + kill.part;
}

std::string explained(const Hunted& hunted) {
  if (!hunted.kill && hunted.unlike.empty()) return "";
  return hunted.unlike.empty() ? "yes" : fmt::format("{}", fmt::join(hunted.unlike, "; "));
}

std::string killed_by_others(const Hunted& hunted) {
  std::vector<std::string> blind;
  std::size_t asked = 0;
  for (const RuleCount& rule : hunted.rules) {
    if (rule.asked == 0) continue;
    ++asked;
    if (!rule.killed) blind.push_back(rule.name);
  }
  if (asked == 0) return hunted.silent > 0 ? "no answer" : "";
  std::string words = fmt::format("{} of {}", asked - blind.size(), asked);
  if (!blind.empty() && blind.size() < asked) words += fmt::format(", not {}", fmt::join(blind, ", "));
  return words;
}

std::string words_of(const Score& score) {
  const auto plural = [](auto count) { return count == 1 ? "" : "s"; };
  std::string words =
      fmt::format("{} of {} mutant{} killed", score.killed, score.planted, plural(score.planted));
  if (score.planted > 0)
    words += fmt::format(" ({:.0f} %)",
                         100.0 * static_cast<double>(score.killed) / static_cast<double>(score.planted));
  if (score.killed > 0)
    words += fmt::format(", by {} case{} in the median, {} at most", score.median_cases,
                         plural(score.median_cases), score.most_cases);
  if (score.equivalent > 0) words += fmt::format("; {} argued to be equivalent", score.equivalent);
  if (score.unlike > 0) words += fmt::format("; {} not as told", score.unlike);
  return words + fmt::format("; {} false alarm{} in {} case{} of the kernels as they are", score.alarms,
                             plural(score.alarms), score.judged, plural(score.judged));
}

Score score_of(std::span<const Hunted> hunted, std::span<const Sound> sound) {
  Score score;
  std::vector<std::uint64_t> cases;
  for (const Hunted& one : hunted) {
    if (!one.ended) continue;
    if (!one.alarm.empty()) ++score.alarms;
    if (!one.equivalent.empty()) {
      ++score.equivalent;
      continue;
    }
    ++score.planted;
    if (one.kill) {
      ++score.killed;
      cases.push_back(one.kill->index + 1);
      if (!one.unlike.empty()) ++score.unlike;
    }
    for (const RuleCount& count : one.rules) add_rule(score, count, one);
  }
  std::ranges::sort(cases);
  if (!cases.empty()) {
    score.median_cases = cases[cases.size() / 2];
    score.most_cases = cases.back();
  }
  for (const Sound& one : sound) {
    score.alarms += static_cast<std::int64_t>(one.alarms.size());
    score.judged += one.judged;
    for (const RuleCount& count : one.rules) {
      Score::Rule& rule = rule_of(score, count.name);
      rule.alarms += count.rejected;
      rule.judged += count.asked;
    }
  }
  return score;
}

}  // namespace flashdiff::power
