#include "harness/figures/occupancy.h"

#include <stdexcept>
#include <string>

namespace flashdiff::figures {

Multiprocessor multiprocessor_of(std::string_view architecture) {
  Multiprocessor m;
  if (architecture == "sm_80") return m;
  if (architecture == "sm_90") {
    m.shared_bytes = 228 * 1024;
    return m;
  }
  if (architecture == "sm_89") {
    m.shared_bytes = 100 * 1024;
    m.threads = 1536;
    m.blocks = 24;
    return m;
  }
  throw std::invalid_argument(std::string(architecture) + ": expected sm_80, sm_89 or sm_90");
}

Occupancy occupancy(const Multiprocessor& of, int registers_a_thread, int threads_a_block,
                    int shared_bytes_a_block) {
  const int warps = (threads_a_block + 31) / 32;
  Occupancy o{of.blocks, "blocks"};
  const auto at_most = [&o](int blocks, std::string_view limit) {
    if (blocks < o.blocks) o = {blocks, limit};
  };
  at_most(of.threads / (32 * warps), "threads");
  at_most(of.shared_bytes / (shared_bytes_a_block + of.shared_bytes_of_block), "shared memory");
  if (registers_a_thread > 0) {
    const int of_warp =
        (32 * registers_a_thread + of.register_unit - 1) / of.register_unit * of.register_unit;
    at_most(of.registers / of_warp / warps, "registers");
  }
  return o;
}

}  // namespace flashdiff::figures
