#pragma once
#include <filesystem>
#include <span>

#include "harness/outcome/outcome.h"
#include "reports/summarise.h"

namespace flashdiff {

/// Reads stores in the order given. A second store's ids are counted on from the first's largest, so that an
/// id names one case; with one store they are its own. Errors: bad_input for no store at all, and what
/// opening one says.
[[nodiscard]] Outcome<Told> read_stores(std::span<const std::filesystem::path> stores);

}  // namespace flashdiff
