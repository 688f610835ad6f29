#include "reports/bench.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/bench_times.h"
#include "reports/numbers.h"

namespace flashdiff {
namespace {

using nlohmann::json;

/// How a counter is printed, and what it should be at most.
struct Column {
  const char *counter, *name;
  int decimals = 2;
  double most = INFINITY;
};

constexpr double kRounding = 1 + 1e-9;
constexpr const char* kOfCache = "read_bytes_over_cache";
constexpr Column kLoopColumns[] = {{"warp_instructions_a_product", "warp instructions an m16n8k16", 3},
                                   {"issued_over_needed", "products / needed", 3},
                                   {"issued_over_algorithm", "products / the algorithm's", 3, kRounding},
                                   {"wavefronts_over_ideal", "wavefronts / ideal", 3, kRounding},
                                   {"read_sectors_over_ideal", "sectors read / ideal", 3, kRounding},
                                   {"local_sectors", "local sectors", 0, 0}};
constexpr Column kWorkColumns[] = {{"issued_over_needed", "products / needed", 3},
                                   {"issued_over_tiles", "products / whole tiles", 3, kRounding},
                                   {"dense_over_needed", "padded rectangle / needed"},
                                   {"wavefronts_over_ideal", "wavefronts / ideal", 3},
                                   {"read_sectors_over_ideal", "sectors read / ideal", 3},
                                   {"local_sectors", "local sectors", 0, 0},
                                   {"warp_instructions", "warp instructions", 0}};
/// Of one new token a sequence: most rows of a tile are empty, and what counts is what is read.
constexpr Column kDecodeColumns[] = {{kOfCache, "bytes read / K and V", 3},
                                     {"wavefronts_over_ideal", "wavefronts / ideal", 3},
                                     {"read_sectors_over_ideal", "sectors read / ideal", 3},
                                     {"written_sectors_over_ideal", "sectors written / ideal", 3},
                                     {"local_sectors", "local sectors", 0, 0},
                                     {"warp_instructions", "warp instructions", 0}};
constexpr Column kPtxasColumns[] = {{"registers", "registers", 0},
                                    {"spill_bytes", "spilled bytes", 0, 0},
                                    {"shared_bytes", "shared bytes a block", 0},
                                    {"blocks_a_multiprocessor", "blocks a multiprocessor", 0}};
constexpr std::string_view kBound = "bound_tflops_";

std::string number(double value, int decimals) {
  return decimals == 0 ? grouped(std::llround(value)) : fmt::format("{:.{}f}", value, decimals);
}

/// One entry of the file: "figures/KERNEL/NAME/iterations:1".
struct Entry {
  std::string kernel, name, label;
  const json* counters;
};

Entry entry_of(const json& benchmark) {
  std::string name = benchmark.at("name").get<std::string>();
  Entry entry{{}, {}, benchmark.value("label", ""), &benchmark};
  constexpr std::string_view kStart = "figures/";
  if (!name.starts_with(kStart) || benchmark.value("error_occurred", false)) return entry;
  name.erase(0, kStart.size());
  if (const std::size_t tail = name.find("/iterations:"); tail != std::string::npos) name.erase(tail);
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) return entry;
  entry.kernel = name.substr(0, slash);
  entry.name = name.substr(slash + 1);
  return entry;
}

class Tables {
 public:
  template <std::size_t kCount>
  void add(const Entry& entry, const char* title, const Column (&columns)[kCount]) {
    BenchTable& table = table_of(entry.kernel, title);
    if (table.columns.empty())
      for (const Column& column : columns) table.columns.emplace_back(column.name);
    BenchTable::Row row{entry.name, {}, false, entry.label};
    for (const Column& column : columns) {
      const bool there = entry.counters->contains(column.counter);
      const double value = there ? entry.counters->at(column.counter).get<double>() : 0;
      row.cells.push_back(there ? number(value, column.decimals) : "");
      row.off = row.off || value > column.most;
    }
    table.rows.push_back(std::move(row));
  }

  void add_bounds(const Entry& entry) {
    BenchTable& table =
        table_of(entry.kernel, "At most so many TFLOP/s, by published peaks: bounds, not times");
    BenchTable::Row row{entry.name, {}, false, entry.label};
    const bool first = table.columns.empty();
    for (const auto& [counter, value] : entry.counters->items()) {
      if (!counter.starts_with(kBound)) continue;
      if (first) table.columns.push_back(counter.substr(kBound.size()));
      row.cells.push_back(number(value.get<double>(), 0));
    }
    table.rows.push_back(std::move(row));
  }

  [[nodiscard]] std::vector<BenchTable> take() { return std::move(tables_); }

 private:
  BenchTable& table_of(const std::string& kernel, const std::string& title) {
    const auto found = std::ranges::find_if(
        tables_, [&](const BenchTable& t) { return t.kernel == kernel && t.title == title; });
    if (found != tables_.end()) return *found;
    return tables_.emplace_back(BenchTable{kernel, title, {}, {}});
  }
  std::vector<BenchTable> tables_;
};

}  // namespace

Outcome<std::vector<BenchTable>> read_bench(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return bad_input(file.string() + ": cannot be read, expected what `flashdiff bench -o FILE` wrote");
  std::stringstream text;
  text << in.rdbuf();
  const json all = json::parse(text.str(), nullptr, false);
  if (!all.is_object() || !all.contains("benchmarks") || !all["benchmarks"].is_array())
    return bad_input(file.string() +
                     ": is no JSON of Google Benchmark, expected what `flashdiff bench -o FILE` wrote");
  Tables tables;
  std::vector<BenchTable> found;
  try {
    found = detail::tables_of_times(all);
    for (const json& benchmark : all["benchmarks"]) {
      const Entry entry = entry_of(benchmark);
      if (entry.kernel.empty()) continue;
      if (entry.name.starts_with("ptxas/")) {
        Entry short_named = entry;
        short_named.name.erase(0, 6);
        tables.add(short_named, "Registers and spills, as ptxas gives them", kPtxasColumns);
      } else if (entry.name.ends_with("/main_loop")) {
        tables.add(entry, "Main loop, full tiles", kLoopColumns);
      } else {
        const Entry without_label{entry.kernel, entry.name, {}, entry.counters};
        if (entry.counters->contains(kOfCache))
          tables.add(without_label, "One new token, by cache", kDecodeColumns);
        else
          tables.add(without_label, "Work, by shape", kWorkColumns);
        tables.add_bounds(entry);
      }
    }
    std::ranges::move(tables.take(), std::back_inserter(found));
  } catch (const json::exception& e) {
    return bad_input(file.string() + ": an entry is not as Google Benchmark writes it: " + e.what());
  }
  if (found.empty())
    return bad_input(
        file.string() +
        ": has no entry `figures/...` or `gpu/...`, expected what `flashdiff bench -o FILE` wrote "
        "with --device soft or gpu");
  return found;
}

}  // namespace flashdiff
