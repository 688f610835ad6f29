#pragma once
#include "reports/html.h"

/// Parts of the page of `flashdiff bench`.
namespace flashdiff::detail {

/// Tags of chart.mustache.
[[nodiscard]] View chart_view(const Chart& chart);
/// Tags of bench_lines.mustache: what lines of the kernels' sources execute, in the order of the source.
void fill_bench_lines(View& root, const Report& report);
/// Tags of bench_behind.mustache: how each figure is measured again, and the cases of who it is of.
void fill_bench_behind(View& root, const Report& report, const Shown& shown);

}  // namespace flashdiff::detail
