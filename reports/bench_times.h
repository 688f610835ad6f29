#pragma once
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "reports/bench.h"

namespace flashdiff::detail {

/// Of a whole file: a table a kernel of its entries `gpu/KERNEL/SHAPE`, a row a shape. A time is the median
/// of the repetitions; what has none says why. Throws json::exception where an entry is not as Google
/// Benchmark writes it.
[[nodiscard]] std::vector<BenchTable> tables_of_times(const nlohmann::json& file);

}  // namespace flashdiff::detail
