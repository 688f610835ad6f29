#include "harness/compare/counters.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff::compare {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// What Google Benchmark itself says of an entry, and what follows from the clock (its user guide, "Reporting
/// the mean, median and standard deviation", and benchmark/src/json_reporter.cc).
const std::set<std::string>& not_counted() {
  static const std::set<std::string> names{"family_index",     "per_family_instance_index",
                                           "repetitions",      "repetition_index",
                                           "threads",          "iterations",
                                           "real_time",        "cpu_time",
                                           "items_per_second", "bytes_per_second",
                                           "total_iterations", "processor_time"};
  return names;
}

bool more_is_better(const std::string& counter) {
  return counter.starts_with("bound_tflops_") || counter == "blocks_a_multiprocessor";
}

using Counters = std::map<std::string, double>;

Outcome<std::map<std::string, Counters>> read(const fs::path& file) {
  constexpr const char* kExpected = "expected what `flashdiff bench -o FILE` wrote";
  std::ifstream in(file, std::ios::binary);
  if (!in) return bad_input(fmt::format("{}: cannot be read, {}", file.string(), kExpected));
  std::stringstream text;
  text << in.rdbuf();
  const json all = json::parse(text.str(), nullptr, false);
  if (!all.is_object() || !all.contains("benchmarks") || !all["benchmarks"].is_array())
    return bad_input(fmt::format("{}: no JSON of Google Benchmark, {}", file.string(), kExpected));
  std::map<std::string, Counters> benchmarks;
  for (const json& one : all["benchmarks"]) {
    if (!one.is_object() || !one.contains("name") || !one["name"].is_string())
      return bad_input(fmt::format("{}: a benchmark without a name, {}", file.string(), kExpected));
    // A benchmark that failed has no counters, and is missing.
    if (one.value("error_occurred", false) || one.value("run_type", "iteration") != "iteration") continue;
    Counters& counters = benchmarks[one["name"].get<std::string>()];
    for (const auto& [name, value] : one.items())
      if (value.is_number() && !not_counted().contains(name)) counters[name] = value.get<double>();
  }
  return benchmarks;
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

Outcome<CounterChanges> compare_counters(const fs::path& base, const fs::path& next, double threshold) {
  const auto was = read(base), is = read(next);
  for (const auto* one : {&was, &is})
    if (!*one) return tl::unexpected<Error>(one->error());
  CounterChanges changes;
  for (const auto& [name, counters] : *is) {
    const auto before = was->find(name);
    if (before == was->end())
      changes.only_next.push_back(name);
    else
      compare_entry(name, before->second, counters, threshold, changes);
  }
  for (const auto& [name, counters] : *was)
    if (!is->contains(name)) changes.only_base.push_back(name);
  std::ranges::stable_sort(changes.changed, std::ranges::greater(), &ChangedCounter::worse);
  return changes;
}

}  // namespace flashdiff::compare
