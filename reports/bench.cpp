#include "reports/bench.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "reports/bench_place.h"
#include "reports/bench_times.h"
#include "reports/numbers.h"

namespace flashdiff {
namespace {

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
/// Of who moves bytes and multiplies next to nothing.
constexpr Column kAppendColumns[] = {{"moved_bytes_over_rows", "bytes moved / rows", 3},
                                     {"read_sectors_over_ideal", "sectors read / ideal", 3},
                                     {"written_sectors_over_ideal", "sectors written / ideal", 3, kRounding},
                                     {"wavefronts_over_ideal", "wavefronts / ideal", 3},
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

class Tables {
 public:
  /// `name`: of the row; `note`: the entry's label, where it tells of these columns.
  template <std::size_t kCount>
  void add(const BenchEntry& entry, const std::string& name, const std::string& note, const char* title,
           const Column (&columns)[kCount]) {
    BenchTable& table = table_of(entry.words()[1], title);
    if (table.columns.empty())
      for (const Column& column : columns) table.columns.emplace_back(column.name);
    BenchTable::Row row{name, {}, false, note, anchor_of(entry)};
    for (const Column& column : columns) {
      const double value = entry.counted(column.counter);
      row.cells.push_back(entry.has(column.counter) ? number(value, column.decimals) : "");
      row.off = row.off || value > column.most;
    }
    table.rows.push_back(std::move(row));
  }

  void add_bounds(const BenchEntry& entry, const std::string& name) {
    BenchTable::Row row{name, {}, false, entry.label, anchor_of(entry)};
    std::vector<std::string> columns;
    for (const auto& [counter, value] : entry.repetitions.front()) {
      if (!counter.starts_with(kBound)) continue;
      columns.push_back(counter.substr(kBound.size()));
      row.cells.push_back(number(value, 0));
    }
    if (columns.empty()) return;  // what appends has no FLOPs
    BenchTable& table =
        table_of(entry.words()[1], "At most so many TFLOP/s, by published peaks: bounds, not times");
    if (table.columns.empty()) table.columns = std::move(columns);
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

std::vector<BenchTable> bench_tables(const BenchRun& run) {
  Tables tables;
  for (const BenchEntry& entry : run.entries) {
    const auto words = entry.words();
    if (words.size() < 3 || words[0] != "figures" || entry.repetitions.empty()) continue;
    const std::string name = shape_of(entry);
    if (words[2] == "ptxas") {
      tables.add(entry, name.substr(6), entry.label, "Registers and spills, as ptxas gives them",
                 kPtxasColumns);
    } else if (words.back() == "main_loop") {
      tables.add(entry, name, entry.label, "Main loop, full tiles", kLoopColumns);
    } else {
      if (entry.has(kOfCache))
        tables.add(entry, name, "", "One new token, by cache", kDecodeColumns);
      else if (words.back().starts_with("append"))
        tables.add(entry, name, "", "Appended to the cache", kAppendColumns);
      else
        tables.add(entry, name, "", "Work, by shape", kWorkColumns);
      tables.add_bounds(entry, name);
    }
  }
  std::vector<BenchTable> all = detail::tables_of_times(run);
  std::ranges::move(tables.take(), std::back_inserter(all));
  return all;
}

Outcome<BenchRun> read_bench(const std::filesystem::path& file) {
  Outcome<BenchRun> run = read_bench_run(file);
  if (run && bench_tables(*run).empty())
    return bad_input(
        file.string() +
        ": has no entry `figures/...` or `gpu/...`, expected what `flashdiff bench -o FILE` wrote "
        "with --device soft or gpu");
  return run;
}

}  // namespace flashdiff
