#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "harness/cli/bench_files.h"
#include "harness/cli/kept_counters.h"
#include "harness/cli/terminal.h"
#include "harness/outcome/outcome.h"
#include "properties/power/images.h"

namespace flashdiff::cli {

/// `flashdiff bench`, as the user's words.
struct BenchOptions {
  std::string filter, out, device, l2 = "flush";
  double min_seconds = 0;
  int repetitions = 0;
  std::vector<std::string> images;
  bool list = false, check_golden = false, update_golden = false;
  BenchFiles files;
  std::filesystem::path store;    ///< to keep the JSON in as well; empty: nowhere
  std::filesystem::path against;  ///< see bench_against.h
  std::filesystem::path golden = power::workshop_of_this_build().sources / "kernels" / "golden";
  TerminalWords terminal;
  /// Times are of no use to golden counters.
  [[nodiscard]] bool times() const {
    return device.empty() ? !check_golden && !update_golden : device == "auto";
  }
  [[nodiscard]] bool on_gpu() const { return device == "gpu"; }
};

/// Runs what they name, once a process; the number of benchmarks. Errors: bad_input for an image or a file
/// that cannot be, no software driver.
[[nodiscard]] Outcome<std::size_t> run_benchmarks(const BenchOptions& options, KeptCounters& kept);

}  // namespace flashdiff::cli
