#pragma once
#include <string_view>

#include "harness/softcuda/exec/profile.h"

namespace flashdiff::figures {

/// Blocks that are resident together on a multiprocessor, and what keeps one more out: "registers", "shared
/// memory", "threads" or "blocks". The software driver answers the same question without registers, which PTX
/// does not have; here they are ptxas's.
struct Occupancy {
  int blocks = 0;
  std::string_view limit;
};
[[nodiscard]] Occupancy occupancy(const softcuda::exec::DeviceProfile& device, int registers_a_thread,
                                  int threads_a_block, int shared_bytes_a_block);

}  // namespace flashdiff::figures
