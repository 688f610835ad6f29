#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "reports/bench_charts.h"
#include "reports/bench_place.h"
#include "reports/chart_book.h"

/// What keeps a kernel from more on a published GPU: bounds under its roofs.
namespace flashdiff::detail {
namespace {

constexpr double kTera = 1e12;

/// "bound by A100: tensor cores; H100: shared memory" -> by GPU.
std::map<std::string, std::string> bounds_in(const std::string& label) {
  std::map<std::string, std::string> by_gpu;
  constexpr std::string_view kStart = "bound by ";
  if (!label.starts_with(kStart)) return by_gpu;
  for (std::size_t from = kStart.size(); from < label.size();) {
    const std::size_t to = std::min(label.find("; ", from), label.size()), colon = label.find(": ", from);
    if (colon < to) by_gpu[label.substr(from, colon - from)] = label.substr(colon + 2, to - colon - 2);
    from = to + 2;
  }
  return by_gpu;
}

/// A roof: the memory's slope up to a peak, and the peak.
ChartLine roof(const char* name, double peak, double memory_bytes, double from, double to) {
  ChartLine line{name, {}, ChartLine::Look::edge};
  const double ridge = std::clamp(peak / memory_bytes, from, to);
  for (const double x : {from, ridge, to})
    line.points.push_back({x, std::min(peak, x * memory_bytes) / kTera});
  return line;
}

/// Of a kernel on a GPU; without lines where no shape has what it takes.
Chart roofline_of(const std::vector<const BenchEntry*>& shapes, const std::string& kernel,
                  const BenchGpu& gpu) {
  Chart chart;
  chart.title = fmt::format("{} on {}", kernel, gpu.name);
  chart.x = {"useful FLOP a byte of the rows", true};
  chart.y = {"useful TFLOP/s at most", true};
  std::map<std::string, ChartLine> by_bound;
  bool tensor_cores = false;
  for (const BenchEntry* const entry : shapes) {
    const double bytes = entry->counted("compulsory_bytes"), flops = entry->counted("useful_flops");
    const std::string counter = "bound_tflops_" + gpu.name;
    if (!(bytes > 0) || !entry->has(counter)) continue;
    const auto bounds = bounds_in(entry->label);
    const auto by = bounds.find(gpu.name);
    ChartLine& line = by_bound[by == bounds.end() ? "not said" : by->second];
    line.points.push_back(
        {flops / bytes, entry->counted(counter), {}, shape_of(*entry), '#' + anchor_of(*entry)});
    tensor_cores = tensor_cores || entry->counted("products") > 0;
  }
  double least = 1e300, most = 0;
  for (auto& [by, line] : by_bound) {
    line.name = "bound by " + by;
    line.look = ChartLine::Look::points;
    for (const ChartPoint& point : line.points) {
      least = std::min(least, point.x);
      most = std::max(most, point.x);
    }
  }
  if (by_bound.empty()) return chart;
  const double peak = tensor_cores ? gpu.tensor_flops : gpu.f32_flops, ridge = peak / gpu.memory_bytes;
  const double from = std::min(least, ridge) / 2, to = std::max(most, ridge) * 2;
  // The points first, each bound with the same look in every chart.
  constexpr std::array kBounds{"tensor cores",      "shared memory", "device memory", "issue slots",
                               "special functions", "f32 units",     "not said"};
  std::string summary = fmt::format("Bounds of {} shapes:", kernel);
  for (std::size_t i = 0; i < kBounds.size(); ++i)
    if (const auto found = by_bound.find(kBounds[i]); found != by_bound.end()) {
      summary += fmt::format(" {} {};", found->second.points.size(), found->second.name);
      found->second.face = static_cast<int>(i);
      chart.lines.push_back(std::move(found->second));
    }
  summary.back() = '.';
  chart.lines.push_back(roof(tensor_cores ? "tensor cores, device memory" : "f32 units, device memory", peak,
                             gpu.memory_bytes, from, to));
  chart.summary = summary;
  return chart;
}

}  // namespace

ChartGroup rooflines(const std::vector<BenchRun>& newest) {
  std::vector<std::pair<std::string, std::vector<const BenchEntry*>>> kernels;
  const std::vector<BenchGpu>* gpus = nullptr;
  for (const BenchRun& run : newest) {
    if (!run.gpus.empty()) gpus = &run.gpus;
    for (const BenchEntry& entry : run.entries) {
      const auto words = entry.words();
      if (words.size() < 3 || words[0] != "figures" || !entry.has("useful_flops")) continue;
      auto found = std::ranges::find(kernels, words[1], [](const auto& one) { return one.first; });
      if (found == kernels.end()) found = kernels.insert(kernels.end(), {words[1], {}});
      found->second.push_back(&entry);
    }
  }
  ChartGroup group{
      "rooflines",
      "Rooflines: bounds, not times",
      "How many useful FLOPs a second each shape could come to at most on a GPU of published peaks, over the "
      "FLOPs that there are for each byte of its rows. The dotted roof is that of device memory and of "
      "the arithmetic alone; a shape stays below it where what was counted (shared memory, instructions, "
      "exponentials, products of masked rows) takes longer. Nothing was timed: no kernel is as fast.",
      {}};
  if (gpus == nullptr) return group;
  for (const auto& [kernel, shapes] : kernels)
    for (const BenchGpu& gpu : *gpus)
      if (Chart chart = roofline_of(shapes, kernel, gpu); !chart.lines.empty())
        group.charts.push_back(std::move(chart));
  return group;
}

}  // namespace flashdiff::detail
