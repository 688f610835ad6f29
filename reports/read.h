#pragma once
#include <filesystem>
#include <span>

#include "harness/outcome/outcome.h"
#include "reports/summarise.h"

namespace flashdiff {

/// Reads stores in the order given, and summarises them case by case. A second store's ids are counted on
/// from the first's largest, so that an id names one case; with one store they are its own. Errors: bad_input
/// for no store at all, and what opening one says.
[[nodiscard]] Outcome<Report> read_stores(std::span<const std::filesystem::path> stores,
                                          ReportOptions options = {});

/// The runs of `flashdiff bench` that stores keep (`bench --store`, `nightly`). Errors: what opening a store
/// says, bad_input for one that keeps something else under that name.
[[nodiscard]] Outcome<std::vector<BenchRun>> read_benchmarks(std::span<const std::filesystem::path> stores);

}  // namespace flashdiff
