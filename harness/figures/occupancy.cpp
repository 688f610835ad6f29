#include "harness/figures/occupancy.h"

namespace flashdiff::figures {

Occupancy occupancy(const softcuda::exec::DeviceProfile& device, int registers_a_thread, int threads_a_block,
                    int shared_bytes_a_block) {
  using namespace softcuda::exec;
  constexpr int kRegisterUnit = 256;  // of a warp (CUDA Occupancy Calculator)
  const int warps = (threads_a_block + 31) / 32;
  Occupancy o{static_cast<int>(device.blocks_per_multiprocessor), "blocks"};
  const auto at_most = [&o](int blocks, std::string_view limit) {
    if (blocks < o.blocks) o = {blocks, limit};
  };
  at_most(static_cast<int>(device.threads_per_multiprocessor) / (32 * warps), "threads");
  at_most(static_cast<int>(device.shared_bytes_per_multiprocessor) /
              (shared_bytes_a_block + static_cast<int>(kReservedSharedBytesPerBlock)),
          "shared memory");
  const int of_warp = (32 * registers_a_thread + kRegisterUnit - 1) / kRegisterUnit * kRegisterUnit;
  if (of_warp > 0) at_most(static_cast<int>(kRegistersPerMultiprocessor) / of_warp / warps, "registers");
  return o;
}

}  // namespace flashdiff::figures
