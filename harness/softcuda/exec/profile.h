#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace softcuda::exec {

/// A GPU as programs see it before they launch anything: what they may ask for, and what a launch may have.
/// What instructions mean does not depend on it.
struct DeviceProfile {
  std::string_view name;     ///< "sm_90"
  std::string_view product;  ///< whose data sheet the figures of a whole device are from
  int major = 0, minor = 0;  ///< compute capability
  // "Technical Specifications per Compute Capability" (CUDA C++ Programming Guide).
  std::uint32_t shared_bytes_per_block = 0;  ///< the most, opted in; static and dynamic together
  std::uint32_t shared_bytes_per_multiprocessor = 0;
  std::uint32_t threads_per_multiprocessor = 0;
  std::uint32_t blocks_per_multiprocessor = 0;
  std::uint32_t f32_to_f64 = 0;  ///< ratio of throughputs ("Arithmetic Instructions")
  // Of the product.
  std::uint32_t multiprocessors = 0;
  std::uint32_t clock_khz = 0, memory_clock_khz = 0;
  std::uint32_t memory_bus_bits = 0;
  std::uint32_t l2_bytes = 0;

  [[nodiscard]] int capability() const { return 10 * major + minor; }
};

/// Limits that all of them share.
constexpr std::uint32_t kThreadsPerBlock = 1024;
constexpr std::uint32_t kReservedSharedBytesPerBlock = 1024;
constexpr std::uint32_t kRegistersPerMultiprocessor = 65536;

/// sm_80 first.
[[nodiscard]] std::span<const DeviceProfile> profiles();
/// nullptr where none has the name.
[[nodiscard]] const DeviceProfile* profile_named(std::string_view name);
/// 90 of "sm_90", "sm_90a"; 0 where it is no target.
[[nodiscard]] int capability_of(std::string_view target);
/// Whether PTX with `.target sm_..` can be compiled for the device: one of its capability or an older one;
/// sm_90a only for 9.0 itself, sm_100f for 10.x from 10.0 on ("PTX Module Directives: .target").
[[nodiscard]] bool runs(const DeviceProfile& device, std::string_view target);

}  // namespace softcuda::exec
