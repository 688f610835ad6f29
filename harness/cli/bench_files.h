#pragma once
#include <filesystem>

#include "harness/outcome/outcome.h"

namespace flashdiff::cli {

/// Where a bench's exports go; empty: nowhere.
struct BenchFiles {
  std::filesystem::path csv, markdown, action;
  [[nodiscard]] bool any() const { return !csv.empty() || !markdown.empty() || !action.empty(); }
};

/// Writes them, of the JSON that was written just now. Errors (bad_input): a file that cannot be written.
[[nodiscard]] Outcome<void> write_bench_files(const std::filesystem::path& json, const BenchFiles& files);

}  // namespace flashdiff::cli
