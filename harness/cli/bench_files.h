#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "harness/outcome/outcome.h"

namespace flashdiff::cli {

/// Where a bench's exports go; empty: nowhere.
struct BenchFiles {
  std::filesystem::path csv, markdown, action;
  [[nodiscard]] bool any() const { return !csv.empty() || !markdown.empty() || !action.empty(); }
};

/// The repro line of each shape that is published: "flash_forward/d64/seq2048" -> "fd1 ...".
[[nodiscard]] std::map<std::string, std::string> lines_by_shape();

/// Writes them, of the JSON that was written just now. Errors (bad_input): a file that cannot be written.
[[nodiscard]] Outcome<void> write_bench_files(const std::filesystem::path& json, const BenchFiles& files);

}  // namespace flashdiff::cli
