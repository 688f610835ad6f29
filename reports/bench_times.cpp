#include "reports/bench_times.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/numbers.h"

namespace flashdiff::detail {
namespace {

using nlohmann::json;

/// The repetitions of one entry.
struct Timed {
  std::string kernel, shape, why_not;
  std::vector<const json*> repetitions;
};

/// "gpu/KERNEL/SHAPE/iterations:1/repeats:5/manual_time": kernel and shape.
std::pair<std::string, std::string> split(std::string name) {
  name.erase(0, name.find('/') + 1);
  if (const std::size_t tail = name.find("/iterations:"); tail != std::string::npos) name.erase(tail);
  const std::size_t slash = name.find('/');
  return {name.substr(0, slash), slash == std::string::npos ? "" : name.substr(slash + 1)};
}

std::vector<Timed> timed_in(const json& file) {
  std::vector<Timed> all;
  for (const json& one : file.at("benchmarks")) {
    const std::string name = one.at("name").get<std::string>();
    if (!name.starts_with("gpu/") || one.value("run_type", "iteration") != "iteration") continue;
    auto [kernel, shape] = split(name);
    auto found = std::ranges::find_if(
        all, [&](const Timed& timed) { return timed.kernel == kernel && timed.shape == shape; });
    if (found == all.end()) {
      all.push_back({std::move(kernel), std::move(shape), {}, {}});
      found = std::prev(all.end());
    }
    if (one.value("error_occurred", false))
      found->why_not = one.value("error_message", "no time");
    else
      found->repetitions.push_back(&one);
  }
  return all;
}

/// Of a counter over the repetitions that have it, in order.
std::vector<double> sorted(const Timed& timed, const char* counter) {
  std::vector<double> values;
  for (const json* one : timed.repetitions)
    if (one->contains(counter)) values.push_back(one->at(counter).get<double>());
  std::ranges::sort(values);
  return values;
}

double median(const std::vector<double>& values) {
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string cell(const Timed& timed, const char* counter, double unit, int decimals) {
  const std::vector<double> values = sorted(timed, counter);
  return values.empty() ? "" : fmt::format("{:.{}f}", median(values) / unit, decimals);
}

/// Of whichever compute peak the entry has.
std::string of_compute(const Timed& timed) {
  const std::string tensor = cell(timed, "of_tensor_peak", 0.01, 1);
  return tensor.empty() ? cell(timed, "of_f32_peak", 0.01, 1) : tensor;
}

std::string discarded(const Timed& timed) {
  double all = 0;
  for (const double one : sorted(timed, "discarded")) all += one;
  return timed.repetitions.empty() ? "" : grouped(static_cast<std::int64_t>(all));
}

BenchTable::Row row_of(const Timed& timed) {
  BenchTable::Row row{timed.shape, {}, false, timed.why_not};
  if (timed.repetitions.empty()) {
    row.off = true;
    row.cells.resize(9);
    return row;
  }
  const std::vector<double> times = sorted(timed, "real_time");
  row.cells = {fmt::format("{:.1f}", median(times)),
               fmt::format("{:.1f} to {:.1f}", times.front(), times.back()),
               cell(timed, "items_per_second", 1e12, 1),
               of_compute(timed),
               cell(timed, "bytes_per_second", 1e9, 0),
               cell(timed, "of_memory_peak", 0.01, 1),
               cell(timed, "sm_megahertz", 1, 0),
               cell(timed, "watts", 1, 0),
               discarded(timed)};
  return row;
}

}  // namespace

std::vector<BenchTable> tables_of_times(const json& file) {
  const json context = file.value("context", json::object());
  const std::string title =
      fmt::format("Time on {}, L2 cache {}", context.value("gpu", "a GPU"),
                  context.value("gpu_l2", "") == "keep" ? "kept" : "flushed before each launch");
  std::vector<BenchTable> tables;
  for (const Timed& timed : timed_in(file)) {
    if (tables.empty() || tables.back().kernel != timed.kernel)
      tables.push_back({timed.kernel,
                        title,
                        {"us, median", "of repetitions", "useful TFLOP/s", "% of compute peak", "GB/s",
                         "% of memory peak", "SM clock MHz", "board W", "throttled samples"},
                        {}});
    tables.back().rows.push_back(row_of(timed));
  }
  return tables;
}

}  // namespace flashdiff::detail
