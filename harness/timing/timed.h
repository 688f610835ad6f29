#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace flashdiff::timing {

/// What the L2 cache holds when a timed launch begins: other bytes (a cold cache, as between two layers of a
/// network), or what the launch before it left there.
enum class L2 : std::uint8_t { flush, keep };
[[nodiscard]] const char* name_of(L2);

/// How often something is launched.
struct TimingPlan {
  L2 l2 = L2::flush;
  int warm_ups = 3;          ///< launches before the first timed one
  int at_least = 20;         ///< samples that are kept
  int at_most = 1000;        ///< the same
  double seconds = 0.2;      ///< and until so much time has passed
  int most_discarded = 200;  ///< so many throttled samples end it without a time
};

/// Times of one kernel, or of the few launches that make one answer.
struct Timed {
  std::vector<double> seconds;  ///< of each sample, in the order of time; throttled ones are not among them
  int discarded = 0;            ///< throttled samples
  std::string throttled_by;     ///< what held the clock down, in words
  /// Why there is no clock and no power: NVML is not there. Empty: there are.
  std::string without_sensors;
  double sm_megahertz = 0;  ///< median over the samples
  double watts = 0;         ///< median, of the whole board
  std::string note;         ///< what else a reader must know of what was timed
  [[nodiscard]] double median() const;
};

}  // namespace flashdiff::timing
