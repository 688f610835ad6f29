#include "harness/compare/bench_file.h"

#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff::compare {
namespace {

using nlohmann::json;

/// What Google Benchmark itself says of an entry, and what follows from the clock (its user guide, "Reporting
/// the mean, median and standard deviation", and benchmark/src/json_reporter.cc).
const std::set<std::string>& not_counted() {
  static const std::set<std::string> names{"family_index",     "per_family_instance_index",
                                           "repetitions",      "repetition_index",
                                           "threads",          "iterations",
                                           "real_time",        "cpu_time",
                                           "items_per_second", "bytes_per_second"};
  return names;
}

double seconds_of(const json& entry, const char* clock) {
  const std::string unit = entry.value("time_unit", "ns");
  const double scale = unit == "s" ? 1 : unit == "ms" ? 1e-3 : unit == "us" ? 1e-6 : 1e-9;
  return scale * entry.value(clock, 0.0);
}

}  // namespace

std::string plain_name(std::string name) {
  for (const char* tail : {"/iterations:", "/repeats:"})
    if (const auto at = name.find(tail); at != std::string::npos) {
      const auto end = name.find('/', at + 1);
      name.erase(at, end == std::string::npos ? end : end - at);
    }
  return name;
}

bool is_counted(const std::string& benchmark) { return benchmark.starts_with("figures/"); }

Outcome<BenchFile> read_bench_file(const std::filesystem::path& file, const char* clock) {
  constexpr const char* kExpected = "expected what `flashdiff bench -o FILE` wrote";
  std::ifstream in(file, std::ios::binary);
  if (!in) return bad_input(fmt::format("{}: cannot be read, {}", file.string(), kExpected));
  std::stringstream text;
  text << in.rdbuf();
  const json all = json::parse(text.str(), nullptr, false);
  if (!all.is_object() || !all.contains("benchmarks") || !all["benchmarks"].is_array())
    return bad_input(fmt::format("{}: no JSON of Google Benchmark, {}", file.string(), kExpected));
  BenchFile found;
  try {
    if (const auto context = all.find("context"); context != all.end())
      found.nvcc = context->value("nvcc", "");
    for (const json& one : all["benchmarks"]) {
      if (one.value("error_occurred", false) || one.value("run_type", "iteration") != "iteration") continue;
      const std::string name = plain_name(one.at("name").get<std::string>());
      if (!is_counted(name)) {
        found.seconds[name].push_back(seconds_of(one, clock));
        continue;
      }
      Counters& counters = found.counters[name];
      for (const auto& [counter, value] : one.items())
        if (value.is_number() && !not_counted().contains(counter)) counters[counter] = value.get<double>();
    }
  } catch (const json::exception& e) {
    return bad_input(fmt::format("{}: an entry is not as Google Benchmark writes it ({}), {}", file.string(),
                                 e.what(), kExpected));
  }
  return found;
}

}  // namespace flashdiff::compare
