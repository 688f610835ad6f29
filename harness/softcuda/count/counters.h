#pragma once
#include <cstdint>

namespace softcuda::count {

/// Exact figures of what was executed: the same on every machine and for any number of host threads, as long
/// as the kernel itself does not depend on the order of its blocks. Each host thread counts for itself;
/// the sums are made when a launch ends.
struct Counters {
  std::uint64_t launches = 0;
  std::uint64_t warp_instructions =
      0;  ///< PTX instructions issued, once a warp, predicated-off ones included
  std::uint64_t thread_instructions = 0;  ///< the same times lanes that were together (guards not regarded)
  std::uint64_t global_requests = 0;      ///< warp-level accesses to global memory with at least one lane
  std::uint64_t shared_requests = 0;
  std::uint64_t barriers = 0;  ///< CTA barriers that a warp's lanes arrived at, once a warp

  Counters& operator+=(const Counters& more) {
    launches += more.launches;
    warp_instructions += more.warp_instructions;
    thread_instructions += more.thread_instructions;
    global_requests += more.global_requests;
    shared_requests += more.shared_requests;
    barriers += more.barriers;
    return *this;
  }
  friend bool operator==(const Counters&, const Counters&) = default;
};

}  // namespace softcuda::count
