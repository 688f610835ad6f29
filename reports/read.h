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

}  // namespace flashdiff
