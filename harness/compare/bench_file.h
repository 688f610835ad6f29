#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff::compare {

using Counters = std::map<std::string, double>;  ///< of a benchmark, by name
using CountersByBenchmark = std::map<std::string, Counters>;

/// What is compared of a file that `flashdiff bench -o FILE` wrote (Google Benchmark's JSON). A benchmark
/// that failed is missing.
struct BenchFile {
  std::string nvcc;              ///< compiler of the kernels, "13.0.88"; empty: the file does not say
  CountersByBenchmark counters;  ///< of `figures/...`: exact, and the same on every machine
  std::map<std::string, std::vector<double>>
      seconds;  ///< of the others: each repetition, real time, in order
};

/// `clock`: Google Benchmark's real_time or cpu_time. Errors: bad_input for a file that cannot be read or is
/// none of Google Benchmark.
[[nodiscard]] Outcome<BenchFile> read_bench_file(const std::filesystem::path& file,
                                                 const char* clock = "real_time");

/// The name without what Google Benchmark puts behind it: "figures/k/d64/seq2048/iterations:1".
[[nodiscard]] std::string plain_name(std::string name);
/// Whether a benchmark's counters are counted, and not timed.
[[nodiscard]] bool is_counted(const std::string& benchmark);

}  // namespace flashdiff::compare
