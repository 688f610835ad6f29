#pragma once
#include <filesystem>

#include "harness/outcome/outcome.h"
#include "reports/model.h"

namespace flashdiff {

/// Writes what every writer makes of the report into `out_dir`, which is made if it is not there. A file is
/// replaced as a whole or not at all. Errors: bad_input for a folder that cannot be made or written.
[[nodiscard]] Outcome<ReportFiles> write_files(const Report& report, const std::filesystem::path& out_dir);

}  // namespace flashdiff
