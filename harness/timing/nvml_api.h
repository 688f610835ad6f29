#pragma once
#include <type_traits>

/// NVML, NVIDIA's management library, as a table of functions. Its header comes with few toolkits, so what is
/// used of it is declared here: names, types and values as in the "NVML API Reference Guide" (Device Queries,
/// Clocks Event Reasons). A return value of 0 is success; nvmlErrorString says the others in words.
namespace flashdiff::timing::nvml {

struct DeviceHandle;
using Device = DeviceHandle*;

constexpr int kClockSm = 1;  ///< nvmlClockType_t, NVML_CLOCK_SM

// clang-format off
#define FLASHDIFF_NVML_API(X)                                                   \
  X(nvmlInit_v2, int())                                                         \
  X(nvmlErrorString, const char*(int))                                          \
  X(nvmlDeviceGetHandleByPciBusId_v2, int(const char* bus, Device* device))     \
  X(nvmlDeviceGetClockInfo, int(Device device, int clock, unsigned* megahertz)) \
  X(nvmlDeviceGetPowerUsage, int(Device device, unsigned* milliwatts))
// clang-format on

struct Api {
#define FLASHDIFF_MEMBER(name, type) std::add_pointer_t<type> name = nullptr;
  FLASHDIFF_NVML_API(FLASHDIFF_MEMBER)
#undef FLASHDIFF_MEMBER
  /// nvmlDeviceGetCurrentClocksEventReasons, by drivers before 535 ...ThrottleReasons.
  int (*reasons)(Device device, unsigned long long* bits) = nullptr;
};

/// Bits of `reasons` that hold a clock down for the sake of power or temperature. The others say that a GPU
/// idles, or runs at clocks that somebody has chosen.
constexpr unsigned long long kPowerCap = 0x4;     ///< nvmlClocksEventReasonSwPowerCap
constexpr unsigned long long kSlowdown = 0x8;     ///< nvmlClocksThrottleReasonHwSlowdown
constexpr unsigned long long kThermal = 0x20;     ///< nvmlClocksEventReasonSwThermalSlowdown
constexpr unsigned long long kHotChip = 0x40;     ///< nvmlClocksThrottleReasonHwThermalSlowdown
constexpr unsigned long long kPowerBrake = 0x80;  ///< nvmlClocksThrottleReasonHwPowerBrakeSlowdown
constexpr unsigned long long kThrottled = kPowerCap | kSlowdown | kThermal | kHotChip | kPowerBrake;

}  // namespace flashdiff::timing::nvml
