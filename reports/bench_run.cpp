#include "reports/bench_run.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff {
namespace {

using nlohmann::json;

/// What Google Benchmark says of an entry besides what was measured (benchmark/src/json_reporter.cc).
bool is_metric(const std::string& key) {
  static const std::set<std::string> others{
      "name",           "run_name",       "run_type",         "label",
      "time_unit",      "error_occurred", "error_message",    "threads",
      "iterations",     "family_index",   "repetitions",      "big_o",
      "aggregate_name", "aggregate_unit", "repetition_index", "per_family_instance_index"};
  return !others.contains(key);
}

/// Google Benchmark's words behind a name: "figures/k/d64/iterations:1/repeats:5/manual_time".
std::string plain_name(std::string name) {
  for (const char* tail : {"/iterations:", "/repeats:", "/manual_time", "/real_time", "/process_time"})
    if (const auto at = name.find(tail); at != std::string::npos)
      name.erase(at, std::min(name.find('/', at + 1), name.size()) - at);
  return name;
}

void add(BenchRun& run, std::map<std::string, std::size_t>& place, const json& one, const json& cases) {
  const std::string name = plain_name(one.at("name").get<std::string>());
  const auto [at, is_new] = place.try_emplace(name, run.entries.size());
  if (is_new) {
    const auto slash = name.find('/');  // cases are of shapes, whoever measures them
    const std::string shape = slash == std::string::npos ? "" : name.substr(slash + 1);
    run.entries.push_back(
        {name, cases.value(shape, ""), one.value("label", ""), one.value("time_unit", "ns"), "", {}});
  }
  BenchEntry& entry = run.entries[at->second];
  if (one.value("error_occurred", false)) {
    entry.failed = one.value("error_message", "failed");
    return;
  }
  auto& metrics = entry.repetitions.emplace_back();
  for (const auto& [key, value] : one.items())
    if (is_metric(key)) metrics[key] = value.get<double>();
}

BenchLines lines_of(const json& told) {
  BenchLines lines{
      told.at("kernel"), told.at("shape"), told.at("warp_instructions"), told.at("lines_in_all"), {}};
  for (const json& one : told.at("lines"))
    lines.lines.push_back({one.at("file"), one.at("text"), one.at("line"), one.at("warp_instructions"),
                           one.at("sectors"), one.at("ideal_sectors"), one.at("wavefronts"),
                           one.at("ideal_wavefronts")});
  return lines;
}

BenchRun run_of(const json& all) {
  BenchRun run;
  const json context = all.value("context", json::object());
  run.date = context.value("date", "");
  run.commit = context.value("flashdiff_commit", "");
  run.nvcc = context.value("nvcc", "");
  run.host = context.value("host_name", "");
  run.gpu = context.value("gpu", "");
  run.l2 = context.value("gpu_l2", "");
  for (const json& gpu : context.value("flashdiff_gpus", json::array()))
    run.gpus.push_back({gpu.at("name"), gpu.at("tensor_flops"), gpu.at("f32_flops"), gpu.at("memory_bytes")});
  for (const json& told : context.value("flashdiff_lines", json::array()))
    run.lines.push_back(lines_of(told));
  const json cases = context.value("flashdiff_cases", json::object());
  std::map<std::string, std::size_t> place;
  for (const json& one : all.at("benchmarks"))
    if (one.value("run_type", "iteration") == "iteration") add(run, place, one, cases);
  return run;
}

/// P(B < k), B binomial of n and 1/2.
double below(int k, int n) {
  double sum = 0, term = std::pow(0.5, n);
  for (int i = 0; i < k; ++i) {
    sum += term;
    term *= static_cast<double>(n - i) / (i + 1);
  }
  return sum;
}

}  // namespace

std::vector<double> BenchEntry::sorted(const std::string& metric) const {
  std::vector<double> values;
  for (const auto& metrics : repetitions)
    if (const auto found = metrics.find(metric); found != metrics.end()) values.push_back(found->second);
  std::ranges::sort(values);
  return values;
}

bool BenchEntry::has(const std::string& metric) const {
  return !repetitions.empty() && repetitions.front().contains(metric);
}

double BenchEntry::counted(const std::string& metric) const {
  return has(metric) ? repetitions.front().at(metric) : 0;
}

double BenchEntry::seconds(double time) const {
  return time * (unit == "s" ? 1 : unit == "ms" ? 1e-3 : unit == "us" ? 1e-6 : 1e-9);
}

std::vector<std::string> BenchEntry::words() const {
  std::vector<std::string> words;
  for (std::size_t from = 0; from <= name.size();) {
    const std::size_t to = std::min(name.find('/', from), name.size());
    words.push_back(name.substr(from, to - from));
    from = to + 1;
  }
  return words;
}

Outcome<BenchRun> bench_run_of(const std::string& text, const std::string& called) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object() || !all.contains("benchmarks") || !all["benchmarks"].is_array())
    return bad_input(called +
                     ": is no JSON of Google Benchmark, expected what `flashdiff bench -o FILE` wrote");
  try {
    return run_of(all);
  } catch (const json::exception& e) {
    return bad_input(
        fmt::format("{}: an entry is not as Google Benchmark writes it ({}), expected what `flashdiff bench "
                    "-o FILE` wrote",
                    called, e.what()));
  }
}

Outcome<BenchRun> read_bench_run(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return bad_input(file.string() + ": cannot be read, expected what `flashdiff bench -o FILE` wrote");
  return bench_run_of(std::string(std::istreambuf_iterator<char>(in), {}), file.string());
}

std::vector<BenchRun> newest_of(std::vector<BenchRun> runs) {
  std::ranges::stable_sort(runs, {}, &BenchRun::date);
  std::set<std::string> names, kernels;
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    std::erase_if(run->entries, [&](const BenchEntry& entry) { return !names.insert(entry.name).second; });
    std::erase_if(run->lines, [&](const BenchLines& of) {
      return !kernels.insert(of.kernel + of.shape.substr(0, of.shape.find('/'))).second;
    });
  }
  std::erase_if(runs, [](const BenchRun& run) { return run.entries.empty(); });
  return runs;
}

Median median_of(const std::vector<double>& sorted) {
  const int n = static_cast<int>(sorted.size());
  const std::size_t half = sorted.size() / 2;
  Median median{n % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2, sorted.front(),
                sorted.back(), 0};
  if (n < 2) return median;
  int k = 1;
  while (2 * (k + 1) <= n && 1 - 2 * below(k + 1, n) >= 0.95) ++k;
  median.low = sorted[static_cast<std::size_t>(k - 1)];
  median.high = sorted[static_cast<std::size_t>(n - k)];
  median.confidence = 1 - 2 * below(k, n);
  return median;
}

}  // namespace flashdiff
