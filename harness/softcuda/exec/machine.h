#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include <tl/expected.hpp>

#include "harness/softcuda/check/fault.h"
#include "harness/softcuda/check/report.h"
#include "harness/softcuda/count/counters.h"
#include "harness/softcuda/count/kernel_counters.h"
#include "harness/softcuda/exec/device_memory.h"
#include "harness/softcuda/exec/footprint.h"
#include "harness/softcuda/exec/image.h"
#include "harness/softcuda/exec/ledger.h"
#include "harness/softcuda/exec/settings.h"

/// The software GPU: device memory, loaded modules, launches. This header is all that api/ needs.
namespace softcuda::exec {

struct Workers;

struct Dim3 {
  std::uint32_t x = 1, y = 1, z = 1;
};

/// What can be told of a launch before it starts: wrong arguments. A fault is what stops it while it runs.
enum class LaunchError : std::uint8_t {
  none,
  empty_grid,            ///< a grid or block dimension is 0
  block_too_large,       ///< more than 1024 threads, or than the kernel's .maxntid, or z > 64
  grid_too_large,        ///< y or z above 65535, x above 2^31 - 1
  wrong_block,           ///< .reqntid names another block
  too_much_shared,       ///< static + dynamic above DeviceProfile::shared_bytes_per_block
  wrong_parameter_size,  ///< fewer parameter bytes than the kernel's layout has
  too_much_local,        ///< local memory of the blocks that run at once above Settings::local_limit
  too_much_shadow,       ///< what detectors would keep above Settings::shadow_limit
  too_many_resident,     ///< a cooperative launch of more blocks than the device holds at once
  no_workspace,          ///< a cooperative launch without device memory left for its grid barrier
};
[[nodiscard]] const char* name_of(LaunchError);

/// How a launch ended badly: refused, or stopped by a fault.
struct LaunchFailure {
  LaunchError refused = LaunchError::none;
  check::Fault fault;  ///< where refused == none; of too_much_* a sentence with the limit and its setting
};

enum class LaunchKind : std::uint8_t { ordinary, cooperative };

class Machine {
 public:
  /// `memory_limit`: bytes of global memory.
  explicit Machine(std::uint64_t memory_limit = std::uint64_t{16} << 30);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  [[nodiscard]] DeviceMemory& memory() { return memory_; }
  /// Which GPU it passes for, by its settings.
  [[nodiscard]] const DeviceProfile& device() const { return *settings().device; }

  /// Decodes every kernel, places and initialises the module's variables. Thread-safe.
  [[nodiscard]] tl::expected<std::unique_ptr<Image>, LoadError> load(ptx::Module module);

  /// Runs the kernel to its end, or to its first fault (the one in the lowest block, whatever the number of
  /// host threads). `parameters`: laid out as Kernel::parameters says, at least parameter_bytes. Launches
  /// from several threads run one after the other. After a fault the memory holds what had been written by
  /// then.
  /// Cooperative: blocks may wait for each other ("CUDA C++ Programming Guide", Grid Synchronization), so
  /// that all of them have to be resident at once.
  [[nodiscard]] tl::expected<void, LaunchFailure> launch(const Kernel& kernel, Dim3 grid, Dim3 block,
                                                         std::uint32_t dynamic_shared_bytes,
                                                         std::span<const std::byte> parameters,
                                                         LaunchKind kind = LaunchKind::ordinary);

  /// Blocks that a multiprocessor holds at once, by threads, shared memory and their number; registers bound
  /// nothing, since an sm_80's allocation of them is not ours. `threads` is at least 1.
  [[nodiscard]] std::uint32_t resident_blocks(const Kernel& kernel, std::uint32_t threads,
                                              std::uint64_t dynamic_shared_bytes) const;

  /// Count from the next launch on.
  [[nodiscard]] Settings settings() const;
  void set(const Settings&);
  /// `change` is given the settings as they are, and nobody else changes them meanwhile; it calls nothing of
  /// this machine's.
  void change(const std::function<void(Settings&)>& change);

  /// Takes what kernels print, at the end of each launch; nobody: it is dropped.
  void set_printer(std::function<void(const std::string&)> printer);

  /// Sums over all launches since the last reset, faulted ones included (of these, blocks of instructions
  /// that lanes have come to the end of).
  [[nodiscard]] count::Counters counters() const;
  /// The same by kernel, each with all that is counted, in the order of names.
  [[nodiscard]] std::vector<count::KernelCounters> kernel_counters() const;
  void reset_counters();
  /// Of the last launch that ran.
  [[nodiscard]] Footprint footprint() const;

  /// What detectors found in all launches since the last reset, in the order of launches; the fault that
  /// stopped one included.
  [[nodiscard]] std::vector<check::Report> reports() const;
  void reset_reports();
  /// A mistake that a call of the host made, told beside what launches did.
  void report(check::Report report);
  /// With check `leaks`: an allocation that its context has left behind.
  void report_leak(std::uint64_t address);

 private:
  DeviceMemory memory_;
  std::mutex launch_mutex_;
  std::unique_ptr<Workers> workers_;  ///< under launch_mutex_
  mutable std::mutex settings_mutex_;
  Settings settings_;
  Ledger ledger_;
  Footprint footprint_;
  std::vector<check::Report> reports_;
  std::function<void(const std::string&)> printer_;
};

}  // namespace softcuda::exec
