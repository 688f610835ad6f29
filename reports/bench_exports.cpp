#include "reports/bench_exports.h"

#include <cmath>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/bench_run.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

using nlohmann::json;
using Metrics = std::map<std::string, double>;

bool is_counted(const BenchEntry& entry) { return entry.name.starts_with("figures/"); }
bool is_time(const std::string& metric) { return metric == "real_time" || metric == "cpu_time"; }
/// Of a clock, of an entry that is only counted.
bool is_noise(const BenchEntry& entry, const std::string& metric) {
  return is_counted(entry) && is_time(metric);
}
bool less_is_better(const BenchEntry& entry, const std::string& metric) {
  if (!is_counted(entry)) return metric == "real_time";
  return !is_time(metric) && !metric.starts_with("bound_") && metric != "useful_flops" &&
         metric != "products" && metric != "blocks_a_multiprocessor" && metric != "dense_over_needed" &&
         metric != "compulsory_bytes";
}

/// RFC 4180.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string csv_of(const BenchRun& run) {
  std::string text = "benchmark,repetition,metric,value,unit,case,commit,nvcc,host,date\n";
  std::string tail;
  for (const std::string& said : {run.commit, run.nvcc, run.host, run.date}) tail += ',' + cell(said);
  for (const BenchEntry& entry : run.entries)
    for (std::size_t i = 0; i < entry.repetitions.size(); ++i)
      for (const auto& [metric, value] : entry.repetitions[i]) {
        if (is_noise(entry, metric)) continue;
        text += fmt::format("{},{},{},{},{},{}{}\n", cell(entry.name), i, cell(metric), value,
                            is_time(metric) ? entry.unit : "", cell(entry.line), tail);
      }
  return text;
}

std::string action_of(const BenchRun& run) {
  json told = json::array();
  for (const BenchEntry& entry : run.entries) {
    if (entry.repetitions.empty()) continue;
    for (const auto& [metric, first] : entry.repetitions.front()) {
      if (!less_is_better(entry, metric)) continue;
      const std::vector<double> values = entry.sorted(metric);
      json one{
          {"name", is_time(metric) ? entry.name : entry.name + ' ' + metric},
          {"unit", is_time(metric) ? entry.unit : ""},
          {"value", median_of(values).value},
          {"extra", fmt::format("{}{}commit {}", entry.line, entry.line.empty() ? "" : "\n", run.commit)}};
      if (values.size() > 1)
        one["range"] = fmt::format("{} to {}", brief(values.front()), brief(values.back()));
      told.push_back(std::move(one));
    }
  }
  return told.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

std::string said(const std::string& text, const char* otherwise) { return text.empty() ? otherwise : text; }

std::string timed_row(const BenchEntry& entry) {
  const std::vector<double> times = entry.sorted("real_time"), rates = entry.sorted("items_per_second");
  if (times.empty()) return "";
  const auto told = [&](double time) { return duration(1e3 * entry.seconds(time)); };
  return fmt::format("| {} | {} | {} to {} | {} | {} | {} |\n", markdown_escaped(entry.name),
                     told(median_of(times).value), told(times.front()), told(times.back()), times.size(),
                     rates.empty() ? "" : brief(median_of(rates).value),
                     entry.line.empty() ? "" : '`' + entry.line + '`');
}

/// Whole ones whole: counters are exact.
std::string number(double value) {
  return value == std::round(value) && std::abs(value) < 1e15 ? grouped(std::llround(value)) : brief(value);
}

std::string counted_row(const BenchEntry& entry) {
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

std::string markdown_of(const BenchRun& run) {
  std::string timed, counted, failed;
  for (const BenchEntry& entry : run.entries) {
    (is_counted(entry) ? counted : timed) += is_counted(entry) ? counted_row(entry) : timed_row(entry);
    if (!entry.failed.empty())
      failed += fmt::format("- {}: {}\n", markdown_escaped(entry.name), markdown_escaped(entry.failed));
  }
  std::string text =
      fmt::format("flashdiff {}, nvcc {}, on {}, {}\n", said(run.commit, "of an unknown commit"),
                  said(run.nvcc, "unknown"), said(run.host, "an unknown host"), run.date);
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
  return read_bench_run(file).map([&](BenchRun run) {
    for (BenchEntry& entry : run.entries)
      if (entry.line.empty()) entry.line = case_of(entry.name);
    return BenchExports{csv_of(run), markdown_of(run), action_of(run)};
  });
}

}  // namespace flashdiff
