#include "reports/performance.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace flashdiff {

void add_bench(Report& report, std::vector<BenchRun> runs) {
  const auto which = [](const BenchRun& run) { return std::tie(run.date, run.host, run.commit); };
  std::ranges::stable_sort(runs, {}, which);
  // A file beside the store that keeps it; two files of one second on one machine are a test's, and differ.
  const auto same = [&](const BenchRun& a, const BenchRun& b) {
    return which(a) == which(b) && a.entries.size() == b.entries.size() && !a.entries.empty() &&
           a.entries.front().name == b.entries.front().name;
  };
  runs.erase(std::ranges::unique(runs, same).begin(), runs.end());
  report.charts = charts_of(runs);
  report.bench_runs = newest_of(std::move(runs));
  for (const BenchRun& run : report.bench_runs)
    std::ranges::move(bench_tables(run), std::back_inserter(report.bench));
}

}  // namespace flashdiff
