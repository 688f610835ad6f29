#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "harness/driver/driver.h"
#include "harness/outcome/outcome.h"
#include "harness/timing/nvml_api.h"

namespace flashdiff::timing {

/// What a GPU does at one moment.
struct Reading {
  unsigned sm_megahertz = 0;
  double watts = 0;           ///< of the whole board; an average over a second since Ampere (NVML)
  std::uint64_t reasons = 0;  ///< what keeps the clock from rising, as NVML's bits
  [[nodiscard]] bool throttled() const { return (reasons & nvml::kThrottled) != 0; }
};

/// "power cap, hot chip": those of the bits that throttle.
[[nodiscard]] std::string throttling_in_words(std::uint64_t reasons);

/// Clock and power of one GPU, read through NVML, which is opened at run time and need not be there.
class Sensors {
 public:
  /// Those of a driver's device, found by its PCI address: NVML counts devices in an order of its own.
  /// FLASHDIFF_NVML names another library than libnvidia-ml.so.1. Errors (unsupported): a library or one of
  /// its functions that is missing, by name; a device that NVML does not know.
  [[nodiscard]] static Outcome<Sensors> open(const driver::Driver& driver, int ordinal = 0);
  /// Errors (harness): the call, and NVML's word for its result.
  [[nodiscard]] Outcome<Reading> read() const;

 private:
  Sensors(const nvml::Api& api, nvml::Device device) : api_(api), device_(device) {}
  nvml::Api api_;
  nvml::Device device_;
};

}  // namespace flashdiff::timing
