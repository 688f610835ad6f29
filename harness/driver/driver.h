#pragma once
#include <memory>
#include <string>

#include "harness/driver/choice.h"
#include "harness/driver/functions.h"
#include "harness/outcome/outcome.h"
#include "harness/softcuda/softcuda.h"

namespace flashdiff {

/// What only softcuda has (harness/softcuda/softcuda.h); all null for a system's driver.
struct SoftcudaFunctions {
  decltype(&softcudaCounters) counters = nullptr;
  decltype(&softcudaCountersReset) counters_reset = nullptr;
  decltype(&softcudaLastFault) last_fault = nullptr;
  decltype(&softcudaSetThreads) set_threads = nullptr;
  decltype(&softcudaSetInstructionLimit) set_instruction_limit = nullptr;
};

/// A loaded and initialised driver that has at least one device: the one table through which flashdiff
/// reaches a GPU or softcuda. Immutable, usable from any thread; the library stays loaded for the life of the
/// process.
class Driver {
 public:
  /// Names as in cuda.h, so `driver.cuMemAlloc(&address, bytes)`; each call answers Outcome<void>.
#define FLASHDIFF_MEMBER(name, version) DriverFunction<PFN_##name##_v##version> name;
  FLASHDIFF_DRIVER_FUNCTIONS(FLASHDIFF_MEMBER)
#undef FLASHDIFF_MEMBER
  SoftcudaFunctions soft;

  [[nodiscard]] bool is_soft() const { return soft.counters != nullptr; }
  /// File that the library was loaded from.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Version of the API that the driver offers: 13000 is 13.0.
  [[nodiscard]] int version() const { return version_; }

  /// Opens the library at `path` (a name without '/' is searched for as the dynamic linker does), fills the
  /// table, calls cuInit, and asks for devices. Error, in one line: which of these failed, and how.
  /// `want_soft`: whether the library must, or must not, be softcuda.
  [[nodiscard]] static Outcome<std::shared_ptr<const Driver>> open(const std::string& path, bool want_soft);

  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

 private:
  Driver() = default;
  [[nodiscard]] Outcome<void> fill(void* library);
  [[nodiscard]] Outcome<void> initialise();
  std::string path_;
  int version_ = 0;
};

using DriverPtr = std::shared_ptr<const Driver>;

/// Where drivers are looked for.
struct DriverPlaces {
  std::string system = "libcuda.so.1";
  /// softcuda's file; empty: FLASHDIFF_SOFTCUDA of the environment, else softcuda/libcuda.so.1 beside the
  /// running executable, else the build folder's.
  std::string soft;
};

/// The driver of `choice`. Error (unsupported) where it cannot be used: the library that is missing, cuInit's
/// error by name, or that there is no device.
[[nodiscard]] Outcome<DriverPtr> load_driver(DeviceChoice choice, const DriverPlaces& places = {});

}  // namespace flashdiff
