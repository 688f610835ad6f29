#include "reports/bench_charts.h"

#include <algorithm>

namespace flashdiff {

std::vector<ChartGroup> charts_of(const std::vector<BenchRun>& runs) {
  std::vector<BenchRun> in_order = runs;
  std::ranges::stable_sort(in_order, {}, &BenchRun::date);
  const std::vector<BenchRun> newest = newest_of(runs);
  std::vector<ChartGroup> groups{detail::curves_of_times(newest), detail::padding_efficiency(newest),
                                 detail::curves_of_counters(newest), detail::rooflines(newest),
                                 detail::over_runs(in_order)};
  std::erase_if(groups, [](const ChartGroup& group) { return group.charts.empty(); });
  return groups;
}

}  // namespace flashdiff
