#include "reports/bench_times.h"

#include <cmath>

#include <fmt/format.h>

#include "reports/bench_place.h"
#include "reports/numbers.h"

namespace flashdiff::detail {
namespace {

std::string cell(const BenchEntry& entry, const char* counter, double unit, int decimals) {
  const std::vector<double> values = entry.sorted(counter);
  return values.empty() ? "" : fmt::format("{:.{}f}", median_of(values).value / unit, decimals);
}

/// Of whichever compute peak the entry has.
std::string of_compute(const BenchEntry& entry) {
  const std::string tensor = cell(entry, "of_tensor_peak", 0.01, 1);
  return tensor.empty() ? cell(entry, "of_f32_peak", 0.01, 1) : tensor;
}

std::string discarded(const BenchEntry& entry) {
  double all = 0;
  for (const double one : entry.sorted("discarded")) all += one;
  return grouped(std::llround(all));
}

BenchTable::Row row_of(const BenchEntry& entry, const std::string& name) {
  BenchTable::Row row{name, {}, false, entry.failed, anchor_of(entry)};
  if (entry.repetitions.empty()) {
    row.off = true;
    row.cells.resize(9);
    return row;
  }
  const std::vector<double> times = entry.sorted("real_time");
  row.cells = {fmt::format("{:.1f}", median_of(times).value),
               fmt::format("{:.1f} to {:.1f}", times.front(), times.back()),
               cell(entry, "items_per_second", 1e12, 1),
               of_compute(entry),
               cell(entry, "bytes_per_second", 1e9, 0),
               cell(entry, "of_memory_peak", 0.01, 1),
               cell(entry, "sm_megahertz", 1, 0),
               cell(entry, "watts", 1, 0),
               discarded(entry)};
  return row;
}

std::string told(const BenchEntry& entry, double time) { return duration(1e3 * entry.seconds(time)); }

/// On the processor: no peaks, no sensors; of entries whose items are told.
BenchTable table_here(const BenchRun& run) {
  BenchTable table{"on a processor",
                   run.host.empty() ? "times" : "times on " + run.host,
                   {"median", "of repetitions", "useful GFLOP/s", "repetitions"},
                   {}};
  for (const BenchEntry& entry : run.entries) {
    const std::string how = entry.words().front();
    if (how != "reference" && how != "openvino" && how != "softcuda") continue;
    const std::vector<double> times = entry.sorted("real_time"), rates = entry.sorted("items_per_second");
    if (times.empty() || rates.empty()) continue;
    table.rows.push_back({entry.name,
                          {told(entry, median_of(times).value),
                           fmt::format("{} to {}", told(entry, times.front()), told(entry, times.back())),
                           fmt::format("{:.2f}", median_of(rates).value / 1e9), grouped(std::ssize(times))},
                          false,
                          entry.label,
                          anchor_of(entry)});
  }
  return table;
}

}  // namespace

std::vector<BenchTable> tables_of_times(const BenchRun& run) {
  const std::string title = fmt::format("Time on {}, L2 cache {}", run.gpu.empty() ? "a GPU" : run.gpu,
                                        run.l2 == "keep" ? "kept" : "flushed before each launch");
  std::vector<BenchTable> tables;
  for (const BenchEntry& entry : run.entries) {
    const auto words = entry.words();
    if (words.size() < 3 || words[0] != "gpu") continue;
    if (tables.empty() || tables.back().kernel != words[1])
      tables.push_back({words[1],
                        title,
                        {"us, median", "of repetitions", "useful TFLOP/s", "% of compute peak", "GB/s",
                         "% of memory peak", "SM clock MHz", "board W", "throttled samples"},
                        {}});
    tables.back().rows.push_back(row_of(entry, shape_of(entry)));
  }
  if (BenchTable here = table_here(run); !here.rows.empty()) tables.push_back(std::move(here));
  return tables;
}

}  // namespace flashdiff::detail
