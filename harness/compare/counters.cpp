#include "harness/compare/counters.h"

#include <algorithm>
#include <cmath>

namespace flashdiff::compare {
namespace {

bool more_is_better(const std::string& counter) {
  return counter.starts_with("bound_tflops_") || counter == "blocks_a_multiprocessor";
}

void compare_entry(const std::string& benchmark, const Counters& was, const Counters& is, double threshold,
                   CounterChanges& changes) {
  for (const auto& [name, value] : is) {
    const auto before = was.find(name);
    if (before == was.end()) continue;
    ++changes.compared;
    if (value == before->second) {
      ++changes.equal;
      continue;
    }
    const double rise = more_is_better(name) ? before->second - value : value - before->second;
    changes.changed.push_back(
        {benchmark, name, before->second, value, rise > threshold * std::abs(before->second)});
  }
}

}  // namespace

std::int64_t CounterChanges::worse() const { return std::ranges::count_if(changed, &ChangedCounter::worse); }

CounterChanges compare_counters(const CountersByBenchmark& base, const CountersByBenchmark& next,
                                double threshold) {
  CounterChanges changes;
  for (const auto& [name, counters] : next) {
    const auto before = base.find(name);
    if (before == base.end())
      changes.only_next.push_back(name);
    else
      compare_entry(name, before->second, counters, threshold, changes);
  }
  for (const auto& [name, counters] : base)
    if (!next.contains(name)) changes.only_base.push_back(name);
  std::ranges::stable_sort(changes.changed, std::ranges::greater(), &ChangedCounter::worse);
  return changes;
}

}  // namespace flashdiff::compare
