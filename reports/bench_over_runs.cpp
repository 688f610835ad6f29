#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "reports/bench_charts.h"
#include "reports/bench_place.h"
#include "reports/chart_book.h"

/// The same benchmark in several runs: what has changed since when.
namespace flashdiff::detail {
namespace {

/// What of an entry is followed from run to run: one figure a kernel, which its speed hangs on.
struct Followed {
  std::string chart, axis, metric;
  double scale = 1;
  bool timed = false;
};

std::optional<Followed> followed(const BenchEntry& entry) {
  const auto words = entry.words();
  if (words.size() < 3 || entry.repetitions.empty()) return std::nullopt;
  const std::string &how = words[0], &kernel = words[1], &shape = words.back();
  if (how == "figures" && shape == "main_loop")
    return Followed{kernel + ", main loop", "warp instructions an m16n8k16", "warp_instructions_a_product"};
  if (how == "figures" && shape.starts_with("full_"))
    return Followed{kernel + ", one new token", "bytes read / K and V", "read_bytes_over_cache"};
  if (how == "figures" && shape.starts_with("append"))
    return Followed{kernel, "bytes moved / bytes of the rows", "moved_bytes_over_rows"};
  if (how == "gpu" && shape.starts_with("seq2048") && entry.has("items_per_second"))
    return Followed{kernel + " on a GPU", "useful TFLOP/s", "items_per_second", 1e-12, true};
  if ((how == "reference" || how == "softcuda") && entry.has("items_per_second") && shape != "judged" &&
      shape != "backward_judged" && shape != "with_budget" && shape != "all_checks")
    return Followed{how + ", one thread", "useful GFLOP/s", "items_per_second", 1e-9, true};
  return std::nullopt;
}

/// "11-29 14:05" of "2026-11-29T14:05:06+00:00".
std::string short_date(const std::string& date) {
  return date.size() < 16 ? date : date.substr(5, 5) + ' ' + date.substr(11, 5);
}

}  // namespace

ChartGroup over_runs(const std::vector<BenchRun>& runs) {
  ChartBook book;
  std::vector<std::string> names;
  for (const BenchRun& run : runs) names.push_back(short_date(run.date));
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (const BenchEntry& entry : runs[i].entries) {
      const auto what = followed(entry);
      if (!what || !entry.has(what->metric)) continue;
      Chart chart;
      chart.title = what->chart;
      chart.x = {"run", false, false, names};
      chart.y = {what->axis};
      const Median median = median_of(entry.sorted(what->metric));
      ChartPoint point{
          static_cast<double>(i), what->scale * median.value, {}, runs[i].commit, '#' + anchor_of(entry)};
      if (what->timed && median.confidence > 0)
        point.interval = ChartInterval{what->scale * median.low, what->scale * median.high};
      book.add(chart, shape_of(entry), std::move(point));
    }
  return {"over-runs", "Over runs",
          fmt::format(
              "{} runs of `flashdiff bench`, the oldest on the left. Counters that rise were made worse by a "
              "commit between two points; times stand with their intervals.",
              runs.size()),
          book.take()};
}

}  // namespace flashdiff::detail
