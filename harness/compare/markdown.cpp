#include <algorithm>

#include <fmt/format.h>

#include "harness/compare/writers.h"
#include "reports/facts.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::compare {
namespace {

/// "and 12 more", behind a table that was cut.
std::string rest(std::size_t all, std::size_t shown) {
  return all > shown ? fmt::format("\nand {} more\n", all - shown) : "";
}

std::string cases_told(const CaseChanges& changes, const std::string& program, std::size_t rows) {
  std::string text =
      fmt::format("\n### Cases\n\n{} in both, {} as before; {} in the base alone, {} in the new one alone\n",
                  counted(changes.both, "case", "cases"), grouped(changes.as_before),
                  grouped(changes.only_base), grouped(changes.only_next));
  if (!changes.changed.empty()) {
    text += "\n| | backend | was | is | why | show it |\n|---|---|---|---|---|---|\n";
    const std::size_t shown = std::min(rows, changes.changed.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const ChangedCase& one = changes.changed[i];
      CaseRecord record;
      record.line = one.line;
      record.repro_options = one.repro_options;
      text += fmt::format("| {}{} | {} | {} | {} | {} | `{}` |\n",
                          one.change <= Change::lost_pass ? "❌ " : "", name_of(one.change), one.backend,
                          one.was, one.is, markdown_escaped(shortened(one_line(one.why), 160)),
                          repro_command({{}, program}, record));
    }
    text += rest(changes.changed.size(), shown);
  }
  if (!changes.drift.empty()) {
    text += fmt::format(
        "\nShare of the error budget that passes use, at most ({} use more, {} less; equal bits use "
        "the same):\n\n| backend | output | was | is |\n|---|---|---|---|\n",
        counted(changes.use_rose, "case", "cases"), grouped(changes.use_fell));
    for (const UseDrift& drift : changes.drift)
      text += fmt::format("| {} | {} | {} | {} |\n", drift.backend, flashdiff::name_of(drift.tensor),
                          brief(drift.was), brief(drift.is));
  }
  return text;
}

std::string counters_told(const CounterChanges& changes, std::size_t rows) {
  std::string text = fmt::format("\n### Counters\n\n{} compared, {} equal, {} worse\n",
                                 counted(changes.compared, "counter", "counters"), grouped(changes.equal),
                                 grouped(changes.worse()));
  if (!changes.changed.empty()) {
    text += "\n| benchmark | counter | was | is | |\n|---|---|---|---|---|\n";
    const std::size_t shown = std::min(rows, changes.changed.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const ChangedCounter& one = changes.changed[i];
      const std::string by = one.was == 0 ? "" : fmt::format("{:+.2f} %", 100 * (one.is - one.was) / one.was);
      text += fmt::format("| {} | {}{} | {} | {} | {} |\n", one.benchmark, one.worse ? "❌ " : "", one.counter,
                          exact(one.was), exact(one.is), by);
    }
    text += rest(changes.changed.size(), shown);
  }
  for (const auto& [words, names] :
       {std::pair{"no longer there", &changes.only_base}, {"new", &changes.only_next}})
    if (!names->empty())
      text += fmt::format("\n{} {}: {}{}\n",
                          counted(static_cast<std::int64_t>(names->size()), "benchmark", "benchmarks"), words,
                          names->front(), names->size() > 1 ? ", ..." : "");
  return text;
}

/// "+7.1 %".
std::string by(double ratio) { return fmt::format("{:+.1f} %", 100 * (ratio - 1)); }
std::string interval(const Ratio& ratio) { return fmt::format("{} to {}", by(ratio.low), by(ratio.high)); }

/// What could have been seen: the A/A run, published beside the comparison.
std::string smallest_told(const TimeChanges& times) {
  std::vector<double> smallest;
  for (const TimeChange& one : times.changes) smallest.push_back(one.smallest_seen());
  const auto worst = std::ranges::max_element(times.changes, {}, &TimeChange::smallest_seen);
  return fmt::format(
      "The base against itself ({}): a change below {:.1f} % of the median benchmark, and below {:.1f} % of "
      "{}, would not have "
      "been told from none.\n",
      times.of_halves ? "every other repetition against the rest" : "a second run", 100 * median(smallest),
      100 * worst->smallest_seen(), worst->benchmark);
}

std::string times_told(const TimeChanges& times, std::size_t rows) {
  using enum TimeVerdict;
  std::string text = fmt::format(
      "\n### Times\n\n{} compared: {} slower, {} faster, {} uncertain, {} the same within {:.0f} %",
      counted(static_cast<std::int64_t>(times.changes.size()), "benchmark", "benchmarks"),
      times.count(slower), times.count(faster), times.count(uncertain), times.count(same),
      100 * times.options.effect);
  if (times.too_few > 0)
    text += fmt::format("; {} not, with fewer than {} repetitions", times.too_few, kFewest);
  text += '\n';
  if (times.changes.empty()) return text;
  text += fmt::format("\nGeometric mean of new over base: {}. {}", by(times.geometric_mean()),
                      smallest_told(times));
  text +=
      "\n| benchmark | | was | is | by | 95 % interval | false discovery rate | base against itself |\n"
      "|---|---|---|---|---|---|---|---|\n";
  const std::size_t shown = std::min(rows, times.changes.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const TimeChange& one = times.changes[i];
    text += fmt::format("| {} | {}{} | {} | {} | {} | {} | {:.2g} | {} |\n", one.benchmark,
                        one.verdict == slower ? "❌ " : "", name_of(one.verdict), duration(1000 * one.was),
                        duration(1000 * one.is), by(one.ratio.value), interval(one.ratio), one.rate,
                        interval(one.again));
  }
  return text + rest(times.changes.size(), shown);
}

}  // namespace

bool Comparison::clean() const {
  return (!cases || cases->worse() == 0) && (!times || times->count(TimeVerdict::slower) == 0) &&
         (!counters || !not_held.empty() || counters->worse() == 0);
}

std::string in_words(const Comparison& comparison) {
  std::string words;
  if (comparison.cases) {
    const CaseChanges& changes = *comparison.cases;
    const auto of = [&](Change change) {
      return std::ranges::count(changes.changed, change, &ChangedCase::change);
    };
    words = fmt::format("{}, {} in {}", counted(of(Change::new_failure), "new failure", "new failures"),
                        counted(of(Change::lost_pass), "lost pass", "lost passes"),
                        counted(changes.both, "case", "cases"));
    if (const auto mended = of(Change::mended); mended > 0) words += fmt::format(", {} mended", mended);
    if (const auto other = of(Change::other_kind); other > 0)
      words += fmt::format(", {} of another verdict", other);
  }
  if (comparison.counters)
    words += fmt::format("{}{} of {} worse", words.empty() ? "" : "; ", comparison.counters->worse(),
                         counted(comparison.counters->compared, "counter", "counters"));
  if (comparison.times)
    words +=
        fmt::format("{}{} of {} slower, {} uncertain", words.empty() ? "" : "; ",
                    comparison.times->count(TimeVerdict::slower),
                    counted(static_cast<std::int64_t>(comparison.times->changes.size()), "time", "times"),
                    comparison.times->count(TimeVerdict::uncertain));
  return words;
}

std::string as_markdown(const Comparison& comparison, const std::string& program, std::size_t rows) {
  std::string text = fmt::format("## {} {} against {}\n\n{}\n", comparison.clean() ? "✅" : "❌",
                                 comparison.next, comparison.base, in_words(comparison));
  if (comparison.cases) text += cases_told(*comparison.cases, program, rows);
  if (comparison.times) text += times_told(*comparison.times, rows);
  if (comparison.counters) text += counters_told(*comparison.counters, rows);
  if (!comparison.not_held.empty())
    text += fmt::format("\nCounters are no gate here: {}\n", comparison.not_held);
  return text;
}

}  // namespace flashdiff::compare
