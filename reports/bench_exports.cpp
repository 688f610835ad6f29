#include "reports/bench_exports.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

using nlohmann::json;
using Metrics = std::map<std::string, double>;

/// One benchmark, all its repetitions.
struct Entry {
  std::string name, line, unit, failed;
  std::vector<Metrics> repetitions;
  [[nodiscard]] bool is_counted() const { return name.starts_with("figures/"); }
  /// Of a metric that every repetition has.
  [[nodiscard]] std::vector<double> all(const std::string& metric) const {
    std::vector<double> values;
    for (const Metrics& metrics : repetitions)
      if (const auto found = metrics.find(metric); found != metrics.end()) values.push_back(found->second);
    std::ranges::sort(values);
    return values;
  }
};

/// What Google Benchmark says of an entry besides what was measured.
bool is_metric(const std::string& key) {
  static const std::set<std::string> others{"family_index", "per_family_instance_index",
                                            "repetitions",  "repetition_index",
                                            "threads",      "iterations"};
  return !others.contains(key);
}
bool is_time(const std::string& metric) { return metric == "real_time" || metric == "cpu_time"; }
/// Of a clock, of an entry that is only counted.
bool is_noise(const Entry& entry, const std::string& metric) { return entry.is_counted() && is_time(metric); }
bool less_is_better(const Entry& entry, const std::string& metric) {
  if (!entry.is_counted()) return metric == "real_time";
  return !is_time(metric) && !metric.starts_with("bound_") && metric != "useful_flops" &&
         metric != "products" && metric != "blocks_a_multiprocessor" && metric != "dense_over_needed";
}

std::string plain_name(std::string name) {
  for (const char* tail : {"/iterations:", "/repeats:"})
    if (const auto at = name.find(tail); at != std::string::npos)
      name.erase(at, std::min(name.find('/', at + 1), name.size()) - at);
  return name;
}

std::vector<Entry> entries_of(const json& all, const CaseOfBenchmark& case_of) {
  std::vector<Entry> entries;
  std::map<std::string, std::size_t> place;
  for (const json& one : all.at("benchmarks")) {
    if (one.value("run_type", "iteration") != "iteration") continue;
    const std::string name = plain_name(one.at("name").get<std::string>());
    const auto [at, is_new] = place.try_emplace(name, entries.size());
    if (is_new) entries.push_back({name, case_of(name), one.value("time_unit", "ns"), "", {}});
    Entry& entry = entries[at->second];
    if (one.value("error_occurred", false)) {
      entry.failed = one.value("error_message", "failed");
      continue;
    }
    Metrics& metrics = entry.repetitions.emplace_back();
    for (const auto& [key, value] : one.items())
      if (value.is_number() && is_metric(key)) metrics[key] = value.get<double>();
  }
  return entries;
}

double median(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/// RFC 4180.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string csv_of(const std::vector<Entry>& entries, const json& context) {
  std::string text = "benchmark,repetition,metric,value,unit,case,commit,nvcc,host,date\n";
  std::string tail;
  for (const char* key : {"flashdiff_commit", "nvcc", "host_name", "date"})
    tail += ',' + cell(context.value(key, ""));
  for (const Entry& entry : entries)
    for (std::size_t i = 0; i < entry.repetitions.size(); ++i)
      for (const auto& [metric, value] : entry.repetitions[i]) {
        if (is_noise(entry, metric)) continue;
        text += fmt::format("{},{},{},{},{},{}{}\n", cell(entry.name), i, cell(metric), value,
                            is_time(metric) ? entry.unit : "", cell(entry.line), tail);
      }
  return text;
}

std::string action_of(const std::vector<Entry>& entries, const json& context) {
  json told = json::array();
  const std::string commit = context.value("flashdiff_commit", "");
  for (const Entry& entry : entries) {
    if (entry.repetitions.empty()) continue;
    for (const auto& [metric, first] : entry.repetitions.front()) {
      if (!less_is_better(entry, metric)) continue;
      const std::vector<double> values = entry.all(metric);
      json one{{"name", is_time(metric) ? entry.name : entry.name + ' ' + metric},
               {"unit", is_time(metric) ? entry.unit : ""},
               {"value", median(values)},
               {"extra", fmt::format("{}{}commit {}", entry.line, entry.line.empty() ? "" : "\n", commit)}};
      if (values.size() > 1)
        one["range"] = fmt::format("{} to {}", brief(values.front()), brief(values.back()));
      told.push_back(std::move(one));
    }
  }
  return told.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

double milliseconds(double time, const std::string& unit) {
  return time * (unit == "s" ? 1e3 : unit == "ms" ? 1 : unit == "us" ? 1e-3 : 1e-6);
}

std::string timed_row(const Entry& entry) {
  const std::vector<double> times = entry.all("real_time"), rates = entry.all("items_per_second");
  if (times.empty()) return "";
  const auto told = [&](double time) { return duration(milliseconds(time, entry.unit)); };
  return fmt::format("| {} | {} | {} to {} | {} | {} | {} |\n", markdown_escaped(entry.name),
                     told(median(times)), told(times.front()), told(times.back()), times.size(),
                     rates.empty() ? "" : brief(median(rates)),
                     entry.line.empty() ? "" : '`' + entry.line + '`');
}

/// Whole ones whole: counters are exact.
std::string number(double value) {
  return value == std::round(value) && std::abs(value) < 1e15 ? grouped(std::llround(value)) : brief(value);
}

std::string counted_row(const Entry& entry) {
  if (entry.repetitions.empty()) return "";
  const Metrics& metrics = entry.repetitions.front();
  std::string row = fmt::format("| {} |", markdown_escaped(entry.name.substr(entry.name.find('/') + 1)));
  for (const char* key : {"warp_instructions", "issued_over_needed", "wavefronts_over_ideal",
                          "read_sectors_over_ideal", "local_sectors", "registers", "spill_bytes"}) {
    const auto found = metrics.find(key);
    row += found == metrics.end() ? " |" : fmt::format(" {} |", number(found->second));
  }
  return row + '\n';
}

std::string markdown_of(const std::vector<Entry>& entries, const json& context) {
  std::string timed, counted, failed;
  for (const Entry& entry : entries) {
    (entry.is_counted() ? counted : timed) += entry.is_counted() ? counted_row(entry) : timed_row(entry);
    if (!entry.failed.empty())
      failed += fmt::format("- {}: {}\n", markdown_escaped(entry.name), markdown_escaped(entry.failed));
  }
  std::string text =
      fmt::format("flashdiff {}, nvcc {}, on {}, {}\n",
                  context.value("flashdiff_commit", "of an unknown commit"), context.value("nvcc", "unknown"),
                  context.value("host_name", "an unknown host"), context.value("date", ""));
  if (!timed.empty())
    text +=
        "\n| timed | median | from, to | repetitions | items a second | case |\n|---|---|---|---|---|---|\n" +
        timed;
  if (!counted.empty())
    text +=
        "\n| counted | warp instructions | products / needed | wavefronts / ideal | sectors read / ideal | "
        "local sectors | "
        "registers | spilled bytes |\n|---|---|---|---|---|---|---|---|\n" +
        counted;
  if (!failed.empty()) text += "\nFailed, and without figures:\n\n" + failed;
  return text;
}

}  // namespace

Outcome<BenchExports> export_bench(const std::filesystem::path& file, const CaseOfBenchmark& case_of) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return bad_input(file.string() + ": cannot be read, expected what `flashdiff bench -o FILE` wrote");
  std::stringstream text;
  text << in.rdbuf();
  try {
    const json all = json::parse(text.str());
    const json context = all.value("context", json::object());
    const std::vector<Entry> entries = entries_of(all, case_of);
    return BenchExports{csv_of(entries, context), markdown_of(entries, context), action_of(entries, context)};
  } catch (const json::exception& e) {
    return bad_input(
        fmt::format("{}: no JSON of Google Benchmark ({}), expected what `flashdiff bench -o FILE` wrote",
                    file.string(), e.what()));
  }
}

}  // namespace flashdiff
