#include "harness/compare/times.h"

#include <algorithm>
#include <cmath>

namespace flashdiff::compare {
namespace {

/// Every other repetition against the rest: what drifts with time is in both.
Ratio of_halves(const std::vector<double>& seconds) {
  std::vector<double> even, odd;
  for (std::size_t i = 0; i < seconds.size(); ++i) (i % 2 == 0 ? even : odd).push_back(seconds[i]);
  return ratio_of_medians(even, odd);
}

TimeVerdict verdict_of(const TimeChange& change, const TimeOptions& options) {
  const Ratio& ratio = change.ratio;
  const double same = std::max(change.again.value, 1 / change.again.value);
  const double floor = std::max(1 + options.effect, same);
  const bool other = change.rate <= options.rate;
  if (other && ratio.low > 1 && ratio.value >= floor) return TimeVerdict::slower;
  if (other && ratio.high < 1 && ratio.value <= 1 / floor) return TimeVerdict::faster;
  const bool within = ratio.low > 1 / (1 + options.effect) && ratio.high < 1 + options.effect;
  return within ? TimeVerdict::same : TimeVerdict::uncertain;
}

}  // namespace

const char* name_of(TimeVerdict verdict) {
  switch (verdict) {
    case TimeVerdict::slower: return "slower";
    case TimeVerdict::faster: return "faster";
    case TimeVerdict::uncertain: return "uncertain";
    case TimeVerdict::same: return "same";
  }
  return "?";
}

double TimeChange::smallest_seen() const { return std::max(again.high, 1 / again.low) - 1; }

std::int64_t TimeChanges::count(TimeVerdict verdict) const {
  return std::ranges::count(changes, verdict, &TimeChange::verdict);
}

double TimeChanges::geometric_mean() const {
  double logs = 0;
  for (const TimeChange& change : changes) logs += std::log(change.ratio.value);
  return changes.empty() ? 1 : std::exp(logs / static_cast<double>(changes.size()));
}

TimeChanges compare_times(const SecondsByBenchmark& base, const SecondsByBenchmark& next,
                          const SecondsByBenchmark& again, const TimeOptions& options) {
  TimeChanges told;
  told.options = options;
  std::vector<double> p;
  for (const auto& [name, is] : next) {
    const auto was = base.find(name);
    if (was == base.end()) continue;
    if (std::min(was->second.size(), is.size()) < kFewest || median(was->second) <= 0 || median(is) <= 0) {
      ++told.too_few;
      continue;
    }
    TimeChange change{name, median(was->second), median(is), ratio_of_medians(was->second, is), 1, {}, {}};
    const auto second = again.find(name);
    const bool halves = second == again.end() || second->second.empty();
    told.of_halves = told.of_halves || halves;
    change.again = halves ? of_halves(was->second) : ratio_of_medians(was->second, second->second);
    p.push_back(mann_whitney_p(was->second, is));
    told.changes.push_back(std::move(change));
  }
  const std::vector<double> rates = benjamini_hochberg(p);
  for (std::size_t i = 0; i < rates.size(); ++i) {
    told.changes[i].rate = rates[i];
    told.changes[i].verdict = verdict_of(told.changes[i], options);
  }
  std::ranges::stable_sort(told.changes, {},
                           [](const TimeChange& c) { return std::pair(c.verdict, -c.ratio.value); });
  return told;
}

}  // namespace flashdiff::compare
