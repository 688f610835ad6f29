#include "properties/power/hunt.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "properties/power/cases.h"
#include "properties/power/other_rules.h"

namespace flashdiff::power {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool is_judged(const Verdict& verdict) {
  return !std::holds_alternative<verdict::Unsupported>(verdict) &&
         !std::holds_alternative<verdict::NotExecuted>(verdict);
}
bool is_silent(const Verdict& verdict) {
  return std::holds_alternative<verdict::Fault>(verdict) || std::holds_alternative<verdict::Crash>(verdict) ||
         std::holds_alternative<verdict::Timeout>(verdict);
}

/// What is not as the mutant's file says of its smallest case.
std::vector<std::string> unlike_the_file(const Mutant& mutant, const Hunted& hunted) {
  std::vector<std::string> unlike;
  if (!hunted.smallest) return unlike;
  const Smallest& smallest = *hunted.smallest;
  if (smallest.verdict != mutant.expected)
    unlike.push_back(fmt::format("{}, expected {}", smallest.verdict, mutant.expected));
  if (smallest.explanation.find(mutant.says) == std::string::npos)
    unlike.push_back(fmt::format("the explanation does not say '{}'", mutant.says));
  const Problem p = parse_case(smallest.line).value().problem;
  int rows = 0;
  for (const SequenceLengths& one : p.sequences) rows = std::max(rows, one.q_len + one.kv_len);
  if (p.batch() > mutant.sequences)
    unlike.push_back(fmt::format("{} sequences, expected at most {}", p.batch(), mutant.sequences));
  if (p.h_q > mutant.heads)
    unlike.push_back(fmt::format("{} heads, expected at most {}", p.h_q, mutant.heads));
  if (p.d_qk + p.d_v > mutant.columns)
    unlike.push_back(fmt::format("{} columns, expected at most {}", p.d_qk + p.d_v, mutant.columns));
  if (rows > mutant.rows) unlike.push_back(fmt::format("{} rows, expected at most {}", rows, mutant.rows));
  return unlike;
}

}  // namespace

bool Hunt::done(const Hunted& hunted) const {
  if (!hunted.kill || !hunted.expected_at) return false;
  if (!other_rules || hunted.silent >= most_silent) return true;
  // Of an append they say nothing: there is no rule then, though there were answers.
  if (hunted.rules.empty()) return hunted.judged > hunted.silent;
  return std::ranges::all_of(hunted.rules, [](const RuleCount& rule) { return rule.killed.has_value(); });
}

Outcome<void> Hunt::run(Hunted& hunted) const {
  const Outcome<CasesOf> cases = cases_for(mutant, without);
  if (!cases) return tl::unexpected<Error>(cases.error());
  while (hunted.cases < hunted.most && !done(hunted)) {
    if (stop) return {};
    const std::uint64_t index = hunted.cases;
    const auto start = Clock::now();
    const Case c = draw(hunted.seed, index, *cases).value();
    const Outcome<Seen> seen = wrong(c);
    if (!seen) return tl::unexpected<Error>(seen.error());
    hunted.seconds += seconds_since(start);
    ++hunted.cases;
    if (is_judged(seen->verdict)) ++hunted.judged;
    if (is_failure(seen->verdict)) {
      ++hunted.failed;
      const std::string kind = name_of(seen->verdict);
      if (!hunted.kill) hunted.kill = Kill{index, hunted.seconds, kind, part_of(seen->verdict), print(c)};
      if (!hunted.expected_at && kind == mutant.expected) hunted.expected_at = index;
    }
    if (is_silent(seen->verdict)) ++hunted.silent;
    if (!seen->broken.empty()) hunted.relations.try_emplace(seen->broken, index);
    if (auto counted = count_rules(hunted, seen->rules, index, c); !counted) return counted;
    if (auto saved = save(hunted); !saved) return saved;
  }
  if (hunted.kill)
    if (auto shrunk = shrink(hunted, hunted.expected_at.value_or(hunted.kill->index)); !shrunk || stop)
      return shrunk;
  if (hunted.judged == 0)
    hunted.unlike.push_back(fmt::format("none of {} cases could be asked of its image", hunted.cases));
  hunted.ended = true;
  return save(hunted);
}

Outcome<void> Hunt::count_rules(Hunted& hunted, const std::string& said, std::uint64_t index,
                                const Case& c) const {
  add_to(hunted.rules, said);
  std::string of_the_right;
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (said[i] != '-' || hunted.rules[i].killed) continue;
    if (of_the_right.empty()) {
      Outcome<Seen> sound = right(c);
      if (!sound) return tl::unexpected<Error>(std::move(sound.error()));
      of_the_right = std::move(sound->rules);
    }
    if (i < of_the_right.size() && of_the_right[i] == '+') hunted.rules[i].killed = index;
  }
  return {};
}

/// Greedy, as the runner's: the first smaller case that fails in the same way is the next to be made smaller.
Outcome<void> Hunt::shrink(Hunted& hunted, std::uint64_t index) const {
  rc::Shrinkable<Case> at = draw(hunted.seed, index, cases_for(mutant, without).value());
  Outcome<Seen> failure = wrong(at.value());
  if (!failure) return tl::unexpected<Error>(failure.error());
  const std::string kind = name_of(failure->verdict);
  if (!is_failure(failure->verdict)) {
    hunted.unlike.push_back(fmt::format("case {} failed once, and is {} when asked again", index, kind));
    return {};
  }
  const Ask ask = alike ? alike(*failure) : wrong;
  const auto start = Clock::now();
  int executions = 0;
  auto shrinks = at.shrinks();
  while (auto next = shrinks.next()) {
    if (stop) return {};
    if (executions == most_executions || seconds_since(start) > most_shrink_seconds) break;
    ++executions;
    Outcome<Seen> tried = ask(next->value());
    if (!tried) return tl::unexpected<Error>(tried.error());
    if (name_of(tried->verdict) != kind) continue;
    failure = std::move(tried);
    at = *next;
    shrinks = at.shrinks();
  }
  hunted.smallest = Smallest{print(at.value()), kind, explanation_of(failure->verdict), executions};
  hunted.unlike = unlike_the_file(mutant, hunted);
  const Outcome<Seen> sound = right(at.value());
  if (!sound) return tl::unexpected<Error>(sound.error());
  if (is_failure(sound->verdict)) hunted.alarm = explain(sound->verdict);
  return {};
}

}  // namespace flashdiff::power
