#include "harness/softcuda/exec/profile.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace softcuda::exec {
namespace {

constexpr std::uint32_t kKilobyte = 1024, kMegabyte = 1024 * 1024;

DeviceProfile ampere_a100() {
  DeviceProfile p{"sm_80", "A100 SXM4 40 GB", 8, 0};
  p.shared_bytes_per_block = 163 * kKilobyte;
  p.shared_bytes_per_multiprocessor = 164 * kKilobyte;
  p.threads_per_multiprocessor = 2048;
  p.blocks_per_multiprocessor = 32;
  p.f32_to_f64 = 2;
  p.multiprocessors = 108;
  p.clock_khz = 1'410'000;
  p.memory_clock_khz = 1'215'000;
  p.memory_bus_bits = 5120;
  p.l2_bytes = 40 * kMegabyte;
  return p;
}
DeviceProfile ampere_rtx_3090() {
  DeviceProfile p{"sm_86", "GeForce RTX 3090", 8, 6};
  p.shared_bytes_per_block = 99 * kKilobyte;
  p.shared_bytes_per_multiprocessor = 100 * kKilobyte;
  p.threads_per_multiprocessor = 1536;
  p.blocks_per_multiprocessor = 16;
  p.f32_to_f64 = 64;
  p.multiprocessors = 82;
  p.clock_khz = 1'695'000;
  p.memory_clock_khz = 9'751'000;
  p.memory_bus_bits = 384;
  p.l2_bytes = 6 * kMegabyte;
  return p;
}
DeviceProfile ada_rtx_4090() {
  DeviceProfile p{"sm_89", "GeForce RTX 4090", 8, 9};
  p.shared_bytes_per_block = 99 * kKilobyte;
  p.shared_bytes_per_multiprocessor = 100 * kKilobyte;
  p.threads_per_multiprocessor = 1536;
  p.blocks_per_multiprocessor = 24;
  p.f32_to_f64 = 64;
  p.multiprocessors = 128;
  p.clock_khz = 2'520'000;
  p.memory_clock_khz = 10'501'000;
  p.memory_bus_bits = 384;
  p.l2_bytes = 72 * kMegabyte;
  return p;
}
DeviceProfile hopper_h100() {
  DeviceProfile p{"sm_90", "H100 SXM5 80 GB", 9, 0};
  p.shared_bytes_per_block = 227 * kKilobyte;
  p.shared_bytes_per_multiprocessor = 228 * kKilobyte;
  p.threads_per_multiprocessor = 2048;
  p.blocks_per_multiprocessor = 32;
  p.f32_to_f64 = 2;
  p.multiprocessors = 132;
  p.clock_khz = 1'980'000;
  p.memory_clock_khz = 2'619'000;
  p.memory_bus_bits = 5120;
  p.l2_bytes = 50 * kMegabyte;
  return p;
}
DeviceProfile blackwell_b200() {
  DeviceProfile p{"sm_100", "B200", 10, 0};
  p.shared_bytes_per_block = 227 * kKilobyte;
  p.shared_bytes_per_multiprocessor = 228 * kKilobyte;
  p.threads_per_multiprocessor = 2048;
  p.blocks_per_multiprocessor = 32;
  p.f32_to_f64 = 2;
  p.multiprocessors = 148;
  p.clock_khz = 1'965'000;
  p.memory_clock_khz = 3'996'000;
  p.memory_bus_bits = 8192;
  p.l2_bytes = 126 * kMegabyte;
  return p;
}
DeviceProfile blackwell_rtx_5090() {
  DeviceProfile p{"sm_120", "GeForce RTX 5090", 12, 0};
  p.shared_bytes_per_block = 99 * kKilobyte;
  p.shared_bytes_per_multiprocessor = 100 * kKilobyte;
  p.threads_per_multiprocessor = 1536;
  p.blocks_per_multiprocessor = 24;
  p.f32_to_f64 = 64;
  p.multiprocessors = 170;
  p.clock_khz = 2'407'000;
  p.memory_clock_khz = 14'001'000;
  p.memory_bus_bits = 512;
  p.l2_bytes = 96 * kMegabyte;
  return p;
}

}  // namespace

std::span<const DeviceProfile> profiles() {
  static const std::array all{ampere_a100(), ampere_rtx_3090(), ada_rtx_4090(),
                              hopper_h100(), blackwell_b200(),  blackwell_rtx_5090()};
  return all;
}

const DeviceProfile* profile_named(std::string_view name) {
  const auto found = std::ranges::find(profiles(), name, &DeviceProfile::name);
  return found != profiles().end() ? &*found : nullptr;
}

int capability_of(std::string_view target) {
  int capability = 0;
  if (target.starts_with("sm_"))
    (void)std::from_chars(target.data() + 3, target.data() + target.size(), capability);
  return capability;
}

bool runs(const DeviceProfile& device, std::string_view target) {
  const int capability = capability_of(target);
  const bool new_enough = capability > 0 && device.capability() >= capability;
  switch (target.empty() ? ' ' : target.back()) {
    case 'a': return capability == device.capability();
    case 'f': return new_enough && capability / 10 == device.major;
    default: return new_enough;
  }
}

}  // namespace softcuda::exec
