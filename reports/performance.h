#pragma once
#include <vector>

#include "reports/model.h"

namespace flashdiff {

/// Adds to a report what runs of `flashdiff bench` have to tell, in any order, the same run twice or not: of
/// each benchmark the newest figures as tables and charts, and lines over runs where there are several.
void add_bench(Report& report, std::vector<BenchRun> runs);

}  // namespace flashdiff
