#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/driver/driver.h"

namespace flashdiff::cli {
namespace {

/// True where the driver offers a device; an error where it cannot be told what `soft` says.
Outcome<bool> tell(const char* title, DeviceChoice choice, const std::vector<std::string>& soft = {}) {
  const auto driver = driver::Driver::load(choice);
  if (!driver) {
    fmt::print("{:4}  none: {}\n", title, driver.error().what);
    return false;
  }
  for (const std::string& word : soft) {
    const auto equals = word.find('=');
    if (equals == std::string::npos)
      return bad_input(fmt::format("--soft {}: expected KEY=VALUE, for example device=sm_90", word));
    if (const auto set = (*driver)->set_soft(word.substr(0, equals), word.substr(equals + 1)); !set)
      return tl::unexpected<Error>(set.error());
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

int run(const std::vector<std::string>& words) {
  const auto gpu = tell("gpu", DeviceChoice::gpu), soft = tell("soft", DeviceChoice::soft, words);
  if (!soft) return complain(soft.error());
  if (*gpu || *soft) fmt::print("--device auto takes: {}\n", *gpu ? "gpu" : "soft");
  return *gpu || *soft ? as_expected : incomplete;
}

}  // namespace

void add_devices(CLI::App& program, Chosen& chosen) {
  CLI::App* command = program.add_subcommand("devices", "what can run kernels here, and why the rest cannot");
  command->footer(
      "Exit code 5 where there is nothing, not even the software driver.\n\nExample:\n  flashdiff devices "
      "--soft "
      "device=sm_90");
  auto soft = std::make_shared<std::vector<std::string>>();
  command->add_option(
      "--soft", *soft,
      "which GPU the software driver passes for: device=sm_80 (unless told), sm_86, sm_89, sm_90,\n"
      "sm_100, sm_120");
  command->callback([&chosen, soft] { chosen = [soft] { return run(*soft); }; });
}

}  // namespace flashdiff::cli
