#include "harness/timing/sensors.h"

#include <array>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include <dlfcn.h>
#include <fmt/format.h>

namespace flashdiff::timing {
namespace {

/// Never closed: as with a driver, its threads outlive any use of it.
Outcome<nvml::Api> load() {
  const char* said = std::getenv("FLASHDIFF_NVML");
  const std::string library = said != nullptr && *said != '\0' ? said : "libnvidia-ml.so.1";
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return unsupported(fmt::format("{}: {}", library, dlerror()));
  nvml::Api api;
  const auto find = [&](auto& function, const char* symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, symbol));
    return function != nullptr;
  };
#define FLASHDIFF_LOOK_UP(name, type) \
  if (!find(api.name, #name)) return unsupported(fmt::format("{}: has no {}", library, #name));
  FLASHDIFF_NVML_API(FLASHDIFF_LOOK_UP)
#undef FLASHDIFF_LOOK_UP
  if (!find(api.reasons, "nvmlDeviceGetCurrentClocksEventReasons") &&
      !find(api.reasons, "nvmlDeviceGetCurrentClocksThrottleReasons"))
    return unsupported(fmt::format("{}: has no nvmlDeviceGetCurrentClocksThrottleReasons", library));
  return api;
}

std::string words_of(const nvml::Api& api, const char* call, int result) {
  const char* const text = api.nvmlErrorString(result);
  return fmt::format("{}: {}", call, text != nullptr ? text : "an error without a name");
}

}  // namespace

std::string throttling_in_words(std::uint64_t reasons) {
  constexpr std::array kNames{std::pair{nvml::kPowerCap, "power cap"}, std::pair{nvml::kSlowdown, "slowdown"},
                              std::pair{nvml::kThermal, "temperature limit"},
                              std::pair{nvml::kHotChip, "hot chip"},
                              std::pair{nvml::kPowerBrake, "power brake"}};
  std::string words;
  for (const auto& [bit, name] : kNames)
    if ((reasons & bit) != 0) words += (words.empty() ? "" : ", ") + std::string(name);
  return words;
}

Outcome<Sensors> Sensors::open(const driver::Driver& driver, int ordinal) {
  const Outcome<nvml::Api> api = load();
  if (!api) return tl::unexpected<Error>(api.error());
  CUdevice cuda = 0;
  std::array<char, 32> bus{};  // "0000:9b:00.0"
  Outcome<void> found = driver.check(driver.api().cuDeviceGet(&cuda, ordinal), "cuDeviceGet");
  if (found)
    found = driver.check(driver.api().cuDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), cuda),
                         "cuDeviceGetPCIBusId");
  if (!found) return unsupported(std::move(found.error().what));
  if (const int result = api->nvmlInit_v2(); result != 0)
    return unsupported(words_of(*api, "nvmlInit_v2", result));
  nvml::Device device = nullptr;
  if (const int result = api->nvmlDeviceGetHandleByPciBusId_v2(bus.data(), &device); result != 0)
    return unsupported(
        fmt::format("{} ({})", words_of(*api, "nvmlDeviceGetHandleByPciBusId_v2", result), bus.data()));
  return Sensors(*api, device);
}

Outcome<Reading> Sensors::read() const {
  Reading reading;
  unsigned milliwatts = 0;
  unsigned long long reasons = 0;
  if (const int result = api_.nvmlDeviceGetClockInfo(device_, nvml::kClockSm, &reading.sm_megahertz);
      result != 0)
    return harness_error(words_of(api_, "nvmlDeviceGetClockInfo", result));
  if (const int result = api_.nvmlDeviceGetPowerUsage(device_, &milliwatts); result != 0)
    return harness_error(words_of(api_, "nvmlDeviceGetPowerUsage", result));
  if (const int result = api_.reasons(device_, &reasons); result != 0)
    return harness_error(words_of(api_, "nvmlDeviceGetCurrentClocksEventReasons", result));
  constexpr double kMilli = 1e-3;
  reading.watts = kMilli * milliwatts;
  reading.reasons = reasons;
  return reading;
}

}  // namespace flashdiff::timing
