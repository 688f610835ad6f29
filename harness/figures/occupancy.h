#pragma once
#include <cstdint>
#include <string_view>

namespace flashdiff::figures {

/// What a multiprocessor has for blocks that are resident together (CUDA C++ Programming Guide, table
/// "Technical Specifications per Compute Capability").
struct Multiprocessor {
  int registers = 65536;
  int register_unit = 256;  ///< registers are given to a warp in multiples of this
  int threads = 2048, blocks = 32;
  int shared_bytes = 164 * 1024;
  int shared_bytes_of_block = 1024;  ///< the system's own, of every block
};
/// "sm_80", "sm_89" or "sm_90".
[[nodiscard]] Multiprocessor multiprocessor_of(std::string_view architecture);

/// Blocks that fit, and what keeps one more out: "registers", "shared memory", "threads" or "blocks".
struct Occupancy {
  int blocks = 0;
  std::string_view limit;
};
[[nodiscard]] Occupancy occupancy(const Multiprocessor& of, int registers_a_thread, int threads_a_block,
                                  int shared_bytes_a_block);

}  // namespace flashdiff::figures
