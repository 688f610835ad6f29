#pragma once
#include <string>
#include <vector>

#include "reports/bench_run.h"
#include "reports/chart.h"

namespace flashdiff {

/// Charts of one subject, under one heading.
struct ChartGroup {
  std::string id, title;
  std::string words;  ///< what is drawn, in a sentence or two
  std::vector<Chart> charts;
};

/// What runs of `flashdiff bench` draw, of each benchmark the newest figure: times over a sweep's coordinate,
/// with intervals; counters over the same; the share of work that is useful over the fill ratio, by padding
/// side; bounds under the roofs of published GPUs; and, of several runs, figures over runs. Groups without a
/// chart are left out.
[[nodiscard]] std::vector<ChartGroup> charts_of(const std::vector<BenchRun>& runs);

namespace detail {

[[nodiscard]] ChartGroup curves_of_times(const std::vector<BenchRun>& newest);
[[nodiscard]] ChartGroup curves_of_counters(const std::vector<BenchRun>& newest);
[[nodiscard]] ChartGroup padding_efficiency(const std::vector<BenchRun>& newest);
[[nodiscard]] ChartGroup rooflines(const std::vector<BenchRun>& newest);
/// The oldest first.
[[nodiscard]] ChartGroup over_runs(const std::vector<BenchRun>& runs);

/// "no mask", "causal".
[[nodiscard]] std::string mask_words(const std::string& variant);

}  // namespace detail
}  // namespace flashdiff
