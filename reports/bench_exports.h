#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "harness/outcome/outcome.h"

namespace flashdiff {

/// Benchmarks in the forms that other programs read.
struct BenchExports {
  /// Tidy: one observation a row. benchmark, repetition, metric, value, unit, case (the repro line, or
  /// nothing), commit, nvcc, host, date.
  std::string csv;
  std::string markdown;  ///< a table of what was timed, and one of what was counted
  /// What github-action-benchmark takes as customSmallerIsBetter: median times and counters of which less is
  /// better.
  std::string action;
};

/// Repro line of a benchmark, by its name; empty where it has none.
using CaseOfBenchmark = std::function<std::string(const std::string& benchmark)>;

/// Of a file that `flashdiff bench -o FILE` wrote (Google Benchmark's JSON). Entries that failed are missing,
/// and told by the Markdown. Errors (bad_input): it cannot be read, or is none.
[[nodiscard]] Outcome<BenchExports> export_bench(const std::filesystem::path& file,
                                                 const CaseOfBenchmark& case_of);

}  // namespace flashdiff
