#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff::compare {

/// A counter of a benchmark that is another number than before.
struct ChangedCounter {
  std::string benchmark, counter;  ///< "figures/flash_forward/d64/seq2048", "wavefronts_over_ideal"
  double was = 0, is = 0;
  bool worse = false;  ///< beyond the threshold, in the direction that costs something
};

struct CounterChanges {
  std::int64_t compared = 0, equal = 0;
  std::vector<ChangedCounter> changed;            ///< worse ones first
  std::vector<std::string> only_base, only_next;  ///< benchmarks
  [[nodiscard]] std::int64_t worse() const;
};

/// The counters of two files that `flashdiff bench -o FILE` wrote (Google Benchmark's JSON), benchmark by
/// benchmark, by name: what the software driver counts is exact and the same on every machine, so it may be
/// held to the last one; times are passed over. More is worse but of bounds and of blocks a multiprocessor.
/// `threshold`: a share, 0.01 lets a counter be 1 % worse. Errors: bad_input for a file that cannot be read
/// or is none of Google Benchmark.
[[nodiscard]] Outcome<CounterChanges> compare_counters(const std::filesystem::path& base,
                                                       const std::filesystem::path& next, double threshold);

}  // namespace flashdiff::compare
