#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/compare/statistics.h"

namespace flashdiff::compare {

using SecondsByBenchmark = std::map<std::string, std::vector<double>>;  ///< each repetition, in order

enum class TimeVerdict : std::uint8_t {
  slower,
  faster,
  uncertain,  ///< the interval reaches beyond the effect that is looked for, and nothing more can be said
  same,       ///< whatever changed is smaller than that effect
};
[[nodiscard]] const char* name_of(TimeVerdict verdict);

struct TimeChange {
  std::string benchmark;
  double was = 0, is = 0;  ///< medians, in seconds
  Ratio ratio;             ///< new over base
  double rate = 1;         ///< false discovery rate at which it is another time at all
  Ratio again;             ///< the base against itself: what is seen where nothing changed
  TimeVerdict verdict = TimeVerdict::uncertain;
  /// A smaller change would not have been told from none: the far end of `again`'s interval, 0.03 is 3 %.
  [[nodiscard]] double smallest_seen() const;
};

struct TimeOptions {
  double effect = 0.05;  ///< smaller changes are nobody's news, as a share
  double rate = 0.05;    ///< false discovery rate over all benchmarks
};

struct TimeChanges {
  std::vector<TimeChange> changes;  ///< slower ones first
  std::int64_t too_few = 0;         ///< benchmarks with less than kFewest repetitions, which are not compared
  bool of_halves = false;           ///< `again` is of every other repetition, for want of a second run
  TimeOptions options;
  [[nodiscard]] std::int64_t count(TimeVerdict verdict) const;
  [[nodiscard]] double geometric_mean() const;  ///< of ratios; 1 where there are none
};
/// Of which a rank test can say something: of 4 and 4 the smallest p is 0.029.
inline constexpr std::size_t kFewest = 4;

/// Benchmarks of both files. A time is slower where three things hold: ranks say so at the false discovery
/// rate (Benjamini-Hochberg over all benchmarks), the interval of the ratio is above 1, and the ratio is
/// above the effect and above what the base shows against itself. `again`: a second run of the base; where it
/// has no such benchmark, every other repetition of the base against the rest.
[[nodiscard]] TimeChanges compare_times(const SecondsByBenchmark& base, const SecondsByBenchmark& next,
                                        const SecondsByBenchmark& again, const TimeOptions& options);

}  // namespace flashdiff::compare
