#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/backend/backend.h"
#include "harness/outcome/outcome.h"
#include "harness/problem/laid_out.h"

namespace flashdiff::figures {

/// Of one memory space. Units are sectors of 32 bytes (global, local) or wavefronts (shared); `ideal` is the
/// fewest units that the same lanes and bytes could take.
struct Traffic {
  std::uint64_t requests = 0, units = 0, ideal = 0, bytes = 0;
  /// 1 where every sector is used whole, or no bank conflict happens; 1 as well where there is no traffic.
  [[nodiscard]] double over_ideal() const;
};

/// What all launches of one answer executed, as the software driver counts it: exact, and the same on every
/// machine.
struct Figures {
  std::uint64_t launches = 0;
  std::uint64_t warp_instructions = 0;
  double f32_flops = 0;
  double special_functions = 0;      ///< ex2, lg2, rcp, tanh, ...: once a lane
  double tensor_flops = 0;           ///< of all tensor core operations, 2 M N K each
  Traffic read;                      ///< global memory: loads and asynchronous copies
  Traffic written;                   ///< global memory: stores and atomics
  Traffic shared;                    ///< shared memory
  Traffic local;                     ///< spills and arrays
  std::vector<std::string> entries;  ///< kernels launched, by name

  /// Tensor core operations in units of an m16n8k16.
  [[nodiscard]] double products() const { return tensor_flops / kProductFlops; }
  static constexpr double kProductFlops = 2.0 * 16 * 8 * 16;
};
/// What `more` did beyond `fewer`: of two answers that differ in rounds of the main loop only, that loop's
/// figures. Entries are those of `more`.
[[nodiscard]] Figures difference(const Figures& more, const Figures& fewer);
/// What both did. Entries are those of `one`.
[[nodiscard]] Figures sum(const Figures& one, const Figures& other);

/// Runs `backend`, which must have been opened on the software driver, on `sent`: the counters of each of its
/// kernels, as softcudaCountersJson has them. Errors: the backend's; a driver without counters (unsupported).
[[nodiscard]] Outcome<nlohmann::json> count_kernels(Backend& backend, const LaidOut& sent);
/// The sum of what count_kernels() counted.
[[nodiscard]] Figures summed(const nlohmann::json& kernels);
/// The same, of an answer.
[[nodiscard]] Outcome<Figures> count(Backend& backend, const LaidOut& sent);

}  // namespace flashdiff::figures
