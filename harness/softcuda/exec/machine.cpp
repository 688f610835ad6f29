#include "harness/softcuda/exec/machine.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>
#include <thread>

#include <fmt/core.h>

#include "harness/softcuda/exec/cooperative.h"
#include "harness/softcuda/exec/grid.h"
#include "harness/softcuda/exec/loader.h"
#include "harness/softcuda/exec/watcher.h"

namespace softcuda::exec {
namespace {

LaunchError refusal(const Kernel& kernel, Dim3 grid, Dim3 block, std::uint32_t dynamic_shared_bytes,
                    std::size_t parameter_bytes, const DeviceProfile& device) {
  const auto empty = [](Dim3 d) { return d.x == 0 || d.y == 0 || d.z == 0; };
  if (empty(grid) || empty(block)) return LaunchError::empty_grid;
  if (block.x > 1024 || block.y > 1024 || block.z > 64) return LaunchError::block_too_large;
  if (block.x * block.y * block.z > std::min(kernel.max_threads, kThreadsPerBlock))
    return LaunchError::block_too_large;
  if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) return LaunchError::grid_too_large;
  const auto& required = kernel.required_block;
  if (required[0] != 0 && (block.x != required[0] || block.y != required[1] || block.z != required[2]))
    return LaunchError::wrong_block;
  if (std::uint64_t{kernel.static_shared_bytes} + dynamic_shared_bytes > device.shared_bytes_per_block)
    return LaunchError::too_much_shared;
  return parameter_bytes < kernel.parameter_bytes ? LaunchError::wrong_parameter_size : LaunchError::none;
}

/// Local memory of a block, which each block that runs at once has: all that its threads may use.
std::uint64_t local_bytes(const Kernel& kernel, Dim3 block) {
  const std::uint64_t warps = (std::uint64_t{block.x} * block.y * block.z + isa::kLanes - 1) / isa::kLanes;
  return kernel.local_bytes * warps * isa::kLanes;
}
/// Of `used` bytes of global memory: GlobalRaces has 16 bytes a cell of 8, Written a bit a byte.
std::uint64_t shadow_bytes(std::uint64_t used, const Checks& checks) {
  return (checks.race ? 2 * used : 0) + (checks.init ? used / 8 : 0);
}

/// What would take more memory of the host than it may, in a sentence. `resident`: blocks that have to be
/// there at once.
std::optional<LaunchFailure> above_a_limit(const Kernel& kernel, Dim3 block, std::uint64_t resident,
                                           std::uint64_t used, const Settings& settings) {
  LaunchFailure failure;
  failure.fault.kind = check::FaultKind::memory_limit;
  if (const std::uint64_t local = resident * local_bytes(kernel, block); local > settings.local_limit) {
    failure.refused = LaunchError::too_much_local;
    failure.fault.what = fmt::format(
        "kernel `{}` wants {} bytes of local memory for {} ({} a thread), and local-limit is {}", kernel.name,
        local, resident == 1 ? "a block" : fmt::format("{} blocks at once", resident), kernel.local_bytes,
        settings.local_limit);
  } else if (const std::uint64_t shadow = shadow_bytes(used, settings.checks);
             shadow > settings.shadow_limit) {
    failure.refused = LaunchError::too_much_shadow;
    failure.fault.what = fmt::format(
        "kernel `{}`: detectors would keep {} bytes about {} bytes of global memory, and shadow-limit is {}",
        kernel.name, shadow, used, settings.shadow_limit);
  } else {
    return std::nullopt;
  }
  failure.fault.report = failure.fault.what + "\n";
  return failure;
}

/// What the grid barrier of a cooperative launch counts in; gone when the launch is.
class Workspace {
 public:
  explicit Workspace(DeviceMemory& memory)
      : memory_(memory),
        address_(memory.allocate(kWorkspaceBytes, "the grid barrier of a cooperative launch")) {
    if (address_) (void)memory_.fill(*address_, 0, 1, kWorkspaceBytes);
  }
  ~Workspace() {
    if (address_) (void)memory_.free(*address_);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  /// 0 where there was no memory left.
  [[nodiscard]] std::uint64_t address() const { return address_.value_or(0); }

 private:
  DeviceMemory& memory_;
  MemoryResult<std::uint64_t> address_;
};

constexpr std::size_t kMostReports = 10'000;  // between two resets

check::Report report_of(const check::Fault& fault, const Kernel& kernel) {
  check::Report report;
  report.kind = fault.kind;
  report.stopped = true;
  report.kernel = kernel.name;
  report.file = fault.file;
  report.line = fault.line;
  report.what = fault.what;
  report.text = fault.report;
  return report;
}

}  // namespace

const char* name_of(LaunchError error) {
  switch (error) {
    case LaunchError::none: return "none";
    case LaunchError::empty_grid: return "a grid or block dimension is 0";
    case LaunchError::block_too_large: return "more threads in a block than the kernel allows";
    case LaunchError::grid_too_large: return "grid dimension too large";
    case LaunchError::wrong_block: return "block size differs from the kernel's .reqntid";
    case LaunchError::too_much_shared: return "more shared memory than a block can have";
    case LaunchError::wrong_parameter_size: return "fewer parameter bytes than the kernel takes";
    case LaunchError::too_much_local: return "more local memory than a launch may have";
    case LaunchError::too_much_shadow: return "detectors would need more memory than they may have";
    case LaunchError::too_many_resident:
      return "more blocks than the device holds at once, as a cooperative launch has to";
    case LaunchError::no_workspace: return "no device memory left for a cooperative launch's grid barrier";
  }
  return "";
}

Machine::Machine(std::uint64_t memory_limit) : memory_(memory_limit), workers_(std::make_unique<Workers>()) {}
Machine::~Machine() = default;

tl::expected<std::unique_ptr<Image>, LoadError> Machine::load(ptx::Module module) {
  return load_image(std::move(module), memory_);
}

tl::expected<void, LaunchFailure> Machine::launch(const Kernel& kernel, Dim3 grid, Dim3 block,
                                                  std::uint32_t dynamic_shared_bytes,
                                                  std::span<const std::byte> parameters, LaunchKind kind) {
  const bool cooperative = kind == LaunchKind::cooperative;
  LaunchError refused = refusal(kernel, grid, block, dynamic_shared_bytes, parameters.size(), device());
  std::uint64_t resident = 1;  // blocks that have to be there at once
  if (refused == LaunchError::none && cooperative) {
    const auto blocks = static_cast<unsigned __int128>(grid.x) * grid.y * grid.z;
    const std::uint32_t a_multiprocessor =
        resident_blocks(kernel, block.x * block.y * block.z, dynamic_shared_bytes);
    if (blocks > std::uint64_t{device().multiprocessors} * a_multiprocessor)
      refused = LaunchError::too_many_resident;
    else
      resident = static_cast<std::uint64_t>(blocks);
  }
  if (refused != LaunchError::none) return tl::unexpected(LaunchFailure{refused, {}});
  const std::lock_guard one_at_a_time(launch_mutex_);
  const Settings chosen = settings();
  if (auto failure = above_a_limit(kernel, block, resident, memory_.used_bytes(), chosen)) {
    report(report_of(failure->fault, kernel));
    return tl::unexpected(std::move(*failure));
  }
  std::optional<Workspace> workspace;
  if (cooperative) workspace.emplace(memory_);
  if (workspace && workspace->address() == 0)
    return tl::unexpected(LaunchFailure{LaunchError::no_workspace, {}});
  const std::uint64_t most_at_once =
      chosen.local_limit / std::max<std::uint64_t>(local_bytes(kernel, block), 1);
  const auto threads = static_cast<unsigned>(std::min<std::uint64_t>(
      chosen.threads != 0 ? chosen.threads : std::thread::hardware_concurrency(), most_at_once));
  const std::uint64_t limit = chosen.instruction_limit;
  const bool limited =
      limit != 0 && limit < static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::atomic<std::int64_t> budget{limited ? static_cast<std::int64_t>(limit)
                                           : std::numeric_limits<std::int64_t>::max()};
  Detectors detectors;
  detectors.checks = chosen.checks;
  if (chosen.checks.init) {
    memory_.take_lost_as_written();
    detectors.global_written = &memory_.written();
  } else {
    memory_.lose_sight();
  }
  if (chosen.checks.race) {
    detectors.global_races = &memory_.races();
    detectors.global_races->start_launch(detectors.global_found);
  }
  if (chosen.checks.extents) detectors.elements = memory_.extents().map();
  const bool looked_at = chosen.checks.race || chosen.checks.init || chosen.checks.sync || detectors.elements;
  const Launch launch{*kernel.program,
                      {grid.x, grid.y, grid.z},
                      {block.x, block.y, block.z},
                      dynamic_shared_bytes,
                      {parameters.begin(), parameters.end()},
                      memory_.allocations(),
                      memory_.extents(),
                      chosen,
                      budget,
                      limited,
                      looked_at ? &detectors : nullptr,
                      workspace ? workspace->address() : 0};
  // The shadow of global memory is for one host thread at a time, and so the order of its reports is fixed.
  GridResult result =
      cooperative ? run_cooperative(launch) : run_grid(launch, *workers_, chosen.checks.race ? 1 : threads);
  result.footprint.global = memory_.used_bytes();
  result.footprint.shadow.global = detectors.shadow_bytes(result.footprint.global);
  if (printer_ && !result.printed.empty()) printer_(result.printed);
  detectors.tell_global_races();
  std::vector<check::Report> reports = told(launch, detectors.findings);
  if (result.fault) reports.push_back(report_of(*result.fault, kernel));
  {
    const std::lock_guard lock(settings_mutex_);
    ledger_.add(kernel.program, result.tally);
    footprint_ = result.footprint;
    for (check::Report& report : reports) {
      if (reports_.size() < kMostReports) reports_.push_back(std::move(report));
    }
  }
  if (result.fault) return tl::unexpected(LaunchFailure{LaunchError::none, std::move(*result.fault)});
  return {};
}

std::uint32_t Machine::resident_blocks(const Kernel& kernel, std::uint32_t threads,
                                       std::uint64_t dynamic_shared_bytes) const {
  const DeviceProfile& device = this->device();
  const std::uint64_t shared = kernel.static_shared_bytes + dynamic_shared_bytes;
  if (threads > kernel.max_threads || shared > device.shared_bytes_per_block) return 0;
  const std::uint32_t whole_warps = (threads + isa::kLanes - 1) / isa::kLanes * isa::kLanes;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(
      {device.blocks_per_multiprocessor, device.threads_per_multiprocessor / whole_warps,
       device.shared_bytes_per_multiprocessor / (shared + kReservedSharedBytesPerBlock)}));
}

void Machine::set_printer(std::function<void(const std::string&)> printer) {
  const std::lock_guard lock(launch_mutex_);
  printer_ = std::move(printer);
}
Settings Machine::settings() const {
  const std::lock_guard lock(settings_mutex_);
  return settings_;
}
void Machine::set(const Settings& settings) {
  const std::lock_guard lock(settings_mutex_);
  settings_ = settings;
}
void Machine::change(const std::function<void(Settings&)>& change) {
  const std::lock_guard lock(settings_mutex_);
  change(settings_);
}
std::vector<check::Report> Machine::reports() const {
  const std::lock_guard lock(settings_mutex_);
  return reports_;
}
void Machine::report_leak(std::uint64_t address) {
  const auto left = memory_.find(address);
  if (!settings().checks.leaks || !left) return;
  check::Report report;
  report.kind = check::FaultKind::leak;
  report.what = fmt::format("{}: {}, {} bytes at {:#x}, outlives its context", check::name_of(report.kind),
                            left->what, left->bytes, left->base);
  report.text = report.what + "\n";
  this->report(std::move(report));
}
void Machine::report(check::Report report) {
  const std::lock_guard lock(settings_mutex_);
  const auto same = std::ranges::find_if(reports_, [&](const check::Report& other) {
    return other.what == report.what && report.kernel.empty();
  });
  if (same != reports_.end())
    ++same->count;
  else if (reports_.size() < kMostReports)
    reports_.push_back(std::move(report));
}
void Machine::reset_reports() {
  const std::lock_guard lock(settings_mutex_);
  reports_.clear();
}
count::Counters Machine::counters() const {
  const std::lock_guard lock(settings_mutex_);
  return ledger_.totals();
}
std::vector<count::KernelCounters> Machine::kernel_counters() const {
  const std::lock_guard lock(settings_mutex_);
  return ledger_.kernels();
}
Footprint Machine::footprint() const {
  const std::lock_guard lock(settings_mutex_);
  return footprint_;
}
void Machine::reset_counters() {
  const std::lock_guard lock(settings_mutex_);
  ledger_ = {};
}

}  // namespace softcuda::exec
