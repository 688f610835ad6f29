#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff {

/// One benchmark of Google Benchmark's JSON, all its repetitions.
struct BenchEntry {
  std::string name;         ///< "figures/flash_forward/d64/seq2048", without what Google Benchmark adds
  std::string line;         ///< its case's repro line; empty: it has none, or the file is an older one
  std::string label;        ///< "bound by A100: tensor cores"
  std::string unit = "ns";  ///< of its times
  std::string failed;       ///< why it has no figures; empty: it has
  std::vector<std::map<std::string, double>> repetitions{};  ///< what each measured, by name

  /// Of a metric that not every repetition need have, in order.
  [[nodiscard]] std::vector<double> sorted(const std::string& metric) const;
  /// Of the first repetition, for what is counted; 0 where it is not there.
  [[nodiscard]] double counted(const std::string& metric) const;
  [[nodiscard]] bool has(const std::string& metric) const;
  /// Of one of its times.
  [[nodiscard]] double seconds(double time) const;
  /// The words between the slashes: {"figures", "flash_forward", "d64", "seq2048"}.
  [[nodiscard]] std::vector<std::string> words() const;
};

/// Published peaks of a GPU, a second.
struct BenchGpu {
  std::string name;
  double tensor_flops = 0, f32_flops = 0, memory_bytes = 0;
};

/// What a line of a kernel's source executed.
struct BenchLine {
  std::string file, text;
  int line = 0;
  std::int64_t warp_instructions = 0;
  std::int64_t sectors = 0, ideal_sectors = 0, wavefronts = 0, ideal_wavefronts = 0;
};
/// The hottest lines of a kernel on one shape.
struct BenchLines {
  std::string kernel, shape;
  std::int64_t warp_instructions = 0, lines_in_all = 0;
  std::vector<BenchLine> lines;
};

/// What `flashdiff bench -o FILE` wrote: Google Benchmark's JSON, and what flashdiff has put into its
/// context.
struct BenchRun {
  std::string date, commit, nvcc, host;  ///< empty: not said
  std::string gpu, l2;                   ///< of entries `gpu/...`: its name; "keep" or "flush"
  std::vector<BenchEntry> entries;
  std::vector<BenchGpu> gpus;  ///< whose peaks the bounds are of
  std::vector<BenchLines> lines;
};

/// Under which a store keeps such JSON, as it was written; the name of each is its date and host.
inline constexpr const char* kept_benchmarks = "benchmark";

/// `called`: what an error names the text by. Errors: bad_input for what is no JSON of Google Benchmark.
[[nodiscard]] Outcome<BenchRun> bench_run_of(const std::string& text, const std::string& called);
/// Of a file. Errors: bad_input besides for one that cannot be read.
[[nodiscard]] Outcome<BenchRun> read_bench_run(const std::filesystem::path& file);

/// Of several runs, the oldest first by their dates, what the newest says of each benchmark: entries that a
/// later run has as well are taken out, and so is a run of which nothing is left.
[[nodiscard]] std::vector<BenchRun> newest_of(std::vector<BenchRun> runs);

/// The middle of values in order, and where it can be with a given confidence.
struct Median {
  double value = 0, low = 0, high = 0;
  /// That the interval holds the median of what the values are drawn from; 0 below two values.
  double confidence = 0;
};
/// By order statistics, which need no model of how times are spread: the interval between the k-th of either
/// end holds the median unless fewer than k of n values lie on one of its sides, that is with 1 - 2 P(B < k),
/// B binomial of n and 1/2 (David and Nagaraja, Order Statistics, 7.1). The narrowest of at least 95 %; all
/// of the range where so few values cannot give that. `sorted` has one at least.
[[nodiscard]] Median median_of(const std::vector<double>& sorted);

}  // namespace flashdiff
