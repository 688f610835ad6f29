#pragma once
#include <filesystem>
#include <string>

#include "harness/compare/counters.h"

namespace flashdiff::compare {

/// What the kernels executed when somebody last looked: one TOML file a kernel, committed, which a pull
/// request is held to on any machine. Counters depend on the compiler, so the file names it.
struct Golden {
  std::string nvcc;              ///< "13.0.88"
  CountersByBenchmark counters;  ///< names as in bench_file.h
};

/// Of a bench's counters those that are kept: not what follows from others, from a shape, or from a GPU's
/// peaks.
[[nodiscard]] CountersByBenchmark golden_of(const CountersByBenchmark& counters);

/// Every FOLDER/KERNEL.toml. Errors (bad_input): no folder or none in it, no TOML, an unknown key, files of
/// several compilers.
[[nodiscard]] Outcome<Golden> read_golden(const std::filesystem::path& folder);

/// Why counters of kernels that `nvcc` compiled are not held to golden ones: empty where it is the same
/// compiler. Another one makes other code, whose counters say nothing of a change.
[[nodiscard]] std::string why_not_held(const Golden& golden, const std::string& nvcc);

/// Writes the file of every kernel that is in it; others stay. Errors (bad_input): cannot be written.
[[nodiscard]] Outcome<void> write_golden(const std::filesystem::path& folder, const Golden& golden);

}  // namespace flashdiff::compare
