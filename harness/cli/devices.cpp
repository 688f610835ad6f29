#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/driver/driver.h"

namespace flashdiff::cli {
namespace {

/// True where the driver offers a device.
bool tell(const char* title, DeviceChoice choice) {
  const auto driver = driver::Driver::load(choice);
  if (!driver) {
    fmt::print("{:4}  none: {}\n", title, driver.error().what);
    return false;
  }
  const auto found = driver::devices(**driver);
  if (!found) {
    fmt::print("{:4}  none: {}\n", title, found.error().what);
    return false;
  }
  for (const driver::DeviceInfo& device : *found)
    fmt::print("{:4}  {}: {}, sm_{}{}, {} multiprocessors, {:.1f} GiB; {}, CUDA {}\n", title, device.ordinal,
               device.name, device.compute_major, device.compute_minor, device.multiprocessors,
               static_cast<double>(device.memory_bytes) / (1u << 30), (*driver)->library(),
               (*driver)->version());
  return !found->empty();
}

int run() {
  const bool gpu = tell("gpu", DeviceChoice::gpu), soft = tell("soft", DeviceChoice::soft);
  if (gpu || soft) fmt::print("--device auto takes: {}\n", gpu ? "gpu" : "soft");
  return gpu || soft ? as_expected : incomplete;
}

}  // namespace

void add_devices(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand("devices", "what can run kernels here, and why the rest cannot");
  command->footer(
      "Exit code 5 where there is nothing, not even the software driver.\n\nExample:\n  flashdiff devices");
  command->callback([&chosen] { chosen = run; });
}

}  // namespace flashdiff::cli
