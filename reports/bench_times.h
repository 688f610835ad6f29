#pragma once
#include <vector>

#include "reports/bench.h"

namespace flashdiff::detail {

/// A table a kernel of a run's entries `gpu/KERNEL/SHAPE`, a row a shape, and one of what was timed on a
/// processor and has a rate. A time is the median of the repetitions; what has none says why.
[[nodiscard]] std::vector<BenchTable> tables_of_times(const BenchRun& run);

}  // namespace flashdiff::detail
