#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/compare/bench_file.h"

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

/// What the software driver counts is exact and the same on every machine, so it may be held to the last one.
/// More is worse but of bounds and of blocks a multiprocessor. `threshold`: a share, 0.01 lets a counter be 1
/// % worse.
[[nodiscard]] CounterChanges compare_counters(const CountersByBenchmark& base,
                                              const CountersByBenchmark& next, double threshold);

}  // namespace flashdiff::compare
