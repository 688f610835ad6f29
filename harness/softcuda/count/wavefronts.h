#pragma once
#include <bit>
#include <cstdint>

/// How often shared memory has to be gone to for one access of a warp.
///
/// Shared memory has 32 banks of 4 bytes, successive words in successive banks, and two lanes that want the
/// same word do not conflict (CUDA C++ Programming Guide, "Shared Memory" of compute capability 5.x and
/// later). Accesses of 8 bytes go by half-warps, of 16 bytes by quarter-warps ("Shared Memory" of 2.x:
/// "64-bit and 128-bit accesses"; Nsight Compute's wavefronts show it on later devices). Each such part takes
/// as many wavefronts as it wants different words of one bank, at best one. Nsight Compute calls what is more
/// l1tex__data_bank_conflicts.
namespace softcuda::count {

namespace detail {

/// Lanes that are served together, 128 bytes' worth: 32, 16, 8.
[[nodiscard]] constexpr std::uint32_t part_lanes(std::uint32_t bytes) {
  return bytes <= 4 ? 32 : 128 / bytes;
}
/// What lies in the same bank, or row of neighbouring banks, as `offset` among a part's, and in which part
/// lane l is: one of 32 numbers.
[[nodiscard]] constexpr std::uint32_t place(std::uint32_t offset, std::uint32_t lane, std::uint32_t shift,
                                            std::uint32_t lanes) {
  return (offset >> shift & (lanes - 1)) | (lane & ~(lanes - 1));
}

}  // namespace detail

/// Parts of a warp that have an active lane: the wavefronts of an access without conflicts. `bytes`: of a
/// lane, a power of two up to 128.
[[nodiscard]] inline std::uint32_t ideal_wavefronts(std::uint32_t active, std::uint32_t bytes) {
  const std::uint32_t lanes = detail::part_lanes(bytes);
  if (lanes == 32) return active != 0 ? 1 : 0;
  if (active == 0xffffffffu) return 32 / lanes;
  std::uint32_t parts = 0;
  for (std::uint32_t first = 0; first < 32; first += lanes)
    parts += static_cast<std::uint32_t>((active >> first & ((1u << lanes) - 1)) != 0);
  return parts;
}

/// Of an access with conflicts or shared words; `offset`: of each lane. One round a wavefront: each bank
/// serves one word, and whoever wants that word has it.
[[nodiscard]] std::uint32_t conflicting_wavefronts(const std::uint32_t* offset, std::uint32_t active,
                                                   std::uint32_t bytes);

/// Of an access of `bytes` bytes at offset[l] in shared memory by each active lane l; aligned to its size.
[[nodiscard]] inline std::uint32_t wavefronts(const std::uint32_t* offset, std::uint32_t active,
                                              std::uint32_t bytes) {
  const std::uint32_t lanes = detail::part_lanes(bytes);
  const auto shift = static_cast<std::uint32_t>(std::countr_zero(128 / lanes));
  // Each lane in a place of its own is the usual case, and quickly seen.
  std::uint32_t taken = 0;
  for (std::uint32_t lane = 0; lane < 32; ++lane)
    taken |= (active >> lane & 1u) << detail::place(offset[lane], lane, shift, lanes);
  if (std::popcount(taken) == std::popcount(active)) return ideal_wavefronts(active, bytes);
  return conflicting_wavefronts(offset, active, bytes);
}

/// Of an atomic access: lanes that want the same word are served one after the other ("Hardware
/// Multithreading" of the Programming Guide: "each read/modify/write to that location occurs and they are all
/// serialized").
[[nodiscard]] std::uint32_t atomic_wavefronts(const std::uint32_t* offset, std::uint32_t active,
                                              std::uint32_t bytes);

/// What one instruction's last access to shared memory looked like. Banks go round, so accesses at the same
/// distances from each other take as many wavefronts wherever they begin; a loop's nearly always are, and
/// comparing costs a fraction of counting anew.
struct alignas(64) SharedPattern {
  std::uint32_t distance[32] = {};  ///< from the word of lane 0
  std::uint32_t active = 0;         ///< 0: none yet
  std::uint32_t bytes = 0;
  std::uint32_t wavefronts = 0, ideal = 0;
  std::uint32_t below = 0, above = 0;  ///< how far all 32 distances reach to either side of that word
  bool same = false;                   ///< all 32 lanes' are one
  bool in_order = false;               ///< `bytes` from lane to lane

  /// Whether the other members hold for this access as well.
  [[nodiscard]] bool covers(const std::uint32_t* offset, std::uint32_t lanes, std::uint32_t size) const {
    const std::uint32_t base = offset[0] & ~3u;
    std::uint32_t differ = (active ^ lanes) | (bytes ^ size);
    for (int lane = 0; lane < 32; ++lane) differ |= (offset[lane] - base) ^ distance[lane];
    return differ == 0;
  }
  /// Counts for this access, which has an active lane; `atomic`: as atomic_wavefronts.
  void take(const std::uint32_t* offset, std::uint32_t lanes, std::uint32_t size, bool atomic);
};

}  // namespace softcuda::count
