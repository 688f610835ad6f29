#include "harness/cli/context.h"

#include <chrono>
#include <ctime>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>

#include "harness/cli/command_line.h"
#include "harness/cli/version.h"
#include "harness/driver/driver.h"

namespace flashdiff::cli {
namespace {

/// What stands behind `key` and a separator in a file of such lines; empty where nothing does.
std::string value_in(const char* file, const std::string& key, char separator) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const auto at = line.find(separator);
    if (at == std::string::npos) continue;
    const auto first = line.find_first_not_of(" \t\"", at + 1);
    if (first == std::string::npos) return "";
    return line.substr(first, line.find_last_not_of(" \t\"") + 1 - first);
  }
  return "";
}

std::string processor() {
  std::string model = value_in("/proc/cpuinfo", "model name", ':');
  if (model.empty()) model = "unknown processor";
  const unsigned cores = std::thread::hardware_concurrency();
  return fmt::format("{}, {} {}", model, cores, cores == 1 ? "core" : "cores");
}

std::string system_and_kernel(const utsname& system) {
  std::string name = value_in("/etc/os-release", "PRETTY_NAME", '=');
  if (name.empty()) name = system.sysname;
  return fmt::format("{}, Linux {}, {}", name, system.release, system.machine);
}

std::string compiler() {
#if defined(__clang__)
  return std::string("Clang ") + __clang_version__;
#else
  return std::string("GCC ") + __VERSION__;
#endif
}

}  // namespace

Outcome<RunContext> context_of(const Subject& subject, std::uint64_t seed) {
  RunContext context;
  utsname system{};
  uname(&system);
  context.flashdiff_version = version();
  context.commit = commit();
  context.host = system.nodename;
  context.cpu = processor();
  context.os = system_and_kernel(system);
  context.compiler = compiler();
  context.nvcc = nvcc_version();
  context.command_line = whole_call();
  context.started_utc = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  context.seed = seed;

  const auto devices = devices_of(subject);
  if (!devices) return tl::unexpected<Error>(devices.error());
  std::set<std::string> names;
  for (const auto& [backend, device] : *devices) names.insert(device);
  context.device = fmt::format("{}", fmt::join(names, ", "));
  if (names != std::set<std::string>{"cpu"}) {
    const auto loaded = driver::Driver::load(subject.options.device);
    if (!loaded) return tl::unexpected<Error>(loaded.error());
    context.driver = fmt::format("{}, CUDA {}", (*loaded)->is_soft() ? "softcuda" : (*loaded)->library(),
                                 (*loaded)->version());
  }
  return context;
}

}  // namespace flashdiff::cli
