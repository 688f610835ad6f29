#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/driver/api.h"
#include "harness/outcome/outcome.h"
#include "harness/softcuda/softcuda.h"

namespace flashdiff {

/// Which driver answers: the system's where it finds a device and else softcuda; only the system's; only
/// softcuda.
enum class DeviceChoice : std::uint8_t { automatic, gpu, soft };

namespace driver {

/// What softcuda offers beside the driver API; all null where the driver is a real one.
struct SoftExtension {
  decltype(&::softcudaCounters) counters = nullptr;
  decltype(&::softcudaCountersReset) reset_counters = nullptr;
  decltype(&::softcudaCountersJson) counters_json = nullptr;
  decltype(&::softcudaLastFootprint) last_footprint = nullptr;
  decltype(&::softcudaLastFault) last_fault = nullptr;
  decltype(&::softcudaSetThreads) set_threads = nullptr;
  decltype(&::softcudaSetInstructionLimit) set_instruction_limit = nullptr;
  decltype(&::softcudaReports) reports = nullptr;
  decltype(&::softcudaReportsReset) reset_reports = nullptr;
  decltype(&::softcudaSet) set = nullptr;
  decltype(&::softcudaAddExtent) add_extent = nullptr;
  decltype(&::softcudaForgetExtents) forget_extents = nullptr;
};

/// A loaded, initialised driver. Never unloaded: a driver's threads and exit handlers outlive any use of it.
class Driver {
 public:
  /// Errors (unsupported): which library was looked for, and what was wrong with it (not there, a symbol
  /// missing, cuInit's word, no device). `gpu` refuses a libcuda.so.1 that is softcuda under another name.
  [[nodiscard]] static Outcome<std::shared_ptr<const Driver>> load(DeviceChoice choice);

  [[nodiscard]] const Api& api() const { return api_; }
  /// The same driver by another table: functions of a caller's in front of its own, to count calls by.
  [[nodiscard]] std::shared_ptr<const Driver> through(const Api& table) const;
  [[nodiscard]] const SoftExtension& soft() const { return soft_; }
  [[nodiscard]] bool is_soft() const { return soft_.counters != nullptr; }
  [[nodiscard]] const std::string& library() const { return library_; }
  /// CUDA version that the driver speaks, "13.0".
  [[nodiscard]] std::string version() const;
  [[nodiscard]] int device_count() const { return device_count_; }

  /// Nothing, or an error that names the call: `cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY: out of memory`. A
  /// result that a kernel's fault left behind (illegal address, misaligned, assert, ...) is a device_fault,
  /// with softcuda's report as detail.
  [[nodiscard]] Outcome<void> check(CUresult result, const char* call) const;
  /// Nothing, or what softcuda's detectors have found since the last call, as a device_fault; a real driver
  /// has no detectors.
  [[nodiscard]] Outcome<void> findings() const;
  /// How softcuda runs launches (softcuda.h, softcudaSet). Errors: bad_input, with what was expected; a real
  /// driver cannot be told.
  [[nodiscard]] Outcome<void> set_soft(const std::string& key, const std::string& value) const;

 private:
  Driver() = default;
  static Outcome<std::shared_ptr<const Driver>> open(const std::string& library, bool soft);
  Api api_;
  SoftExtension soft_;
  std::string library_;
  int device_count_ = 0;
};

/// One device that a driver offers, for `flashdiff devices` and a run's context.
struct DeviceInfo {
  int ordinal = 0;
  std::string name;
  int compute_major = 0, compute_minor = 0;
  int multiprocessors = 0;
  std::uint64_t memory_bytes = 0;
};
[[nodiscard]] Outcome<std::vector<DeviceInfo>> devices(const Driver& driver);

}  // namespace driver
}  // namespace flashdiff
