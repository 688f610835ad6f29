#include <cstdlib>
#include <filesystem>

#include "harness/driver/driver.h"

namespace flashdiff {
namespace {

std::string softcuda_file(const DriverPlaces& places) {
  if (!places.soft.empty()) return places.soft;
  if (const char* named = std::getenv("FLASHDIFF_SOFTCUDA"); named != nullptr && *named != '\0') return named;
  std::error_code ignored;
  const auto beside =
      std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "softcuda/libcuda.so.1";
  return std::filesystem::exists(beside, ignored) ? beside.string() : FLASHDIFF_SOFTCUDA_IN_BUILD;
}

}  // namespace

Outcome<DriverPtr> load_driver(DeviceChoice choice, const DriverPlaces& places) {
  if (choice != DeviceChoice::soft) {
    Outcome<DriverPtr> system = Driver::open(places.system, false);
    if (system || choice == DeviceChoice::gpu) return system;
  }
  return Driver::open(softcuda_file(places), true);
}

}  // namespace flashdiff
