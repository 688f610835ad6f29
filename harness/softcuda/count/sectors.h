#pragma once
#include <bit>
#include <cstdint>

/// 32-byte sectors of global and local memory that one access of a warp touches, each counted once: what a
/// warp's request moves between the first and the second level of cache ("coalesced" into "the number of
/// 32-byte transactions necessary", CUDA C++ Best Practices Guide, 10.2.1).
namespace softcuda::count {

inline constexpr std::uint32_t kSectorBytes = 32;

/// Sectors that as many bytes fill.
[[nodiscard]] constexpr std::uint32_t filled_sectors(std::uint32_t bytes) {
  return (bytes + kSectorBytes - 1) / kSectorBytes;
}
/// Of the bytes from address `first` on.
[[nodiscard]] constexpr std::uint32_t sectors_of_run(std::uint64_t first, std::uint32_t bytes) {
  return static_cast<std::uint32_t>((first + bytes - 1) / kSectorBytes - first / kSectorBytes) + 1;
}

/// In any order of addresses.
[[nodiscard]] std::uint32_t unordered_sectors(const std::uint64_t* at, std::uint32_t active);

/// Of an access at at[l] by each active lane l, aligned to its size of at most 32 bytes; idle lanes may hold
/// anything.
[[nodiscard]] inline std::uint32_t sectors(const std::uint64_t* at, std::uint32_t active) {
  if (active != 0xffffffffu) return unordered_sectors(at, active);
  // Lanes whose addresses do not fall are the usual case: a sector begins where it differs from the lane's
  // before.
  std::uint32_t begun = 1, falls = 0;
  for (int lane = 1; lane < 32; ++lane) {
    const std::uint64_t here = at[lane] / kSectorBytes, before = at[lane - 1] / kSectorBytes;
    begun += static_cast<std::uint32_t>(here != before);
    falls |= static_cast<std::uint32_t>(here < before);
  }
  return falls == 0 ? begun : unordered_sectors(at, active);
}

/// Of local memory, at offset[l] in each lane's own: "consecutive 32-bit words are accessed by consecutive
/// thread IDs" (CUDA C++ Programming Guide, "Local Memory"), so a sector holds one word of 8 lanes.
[[nodiscard]] std::uint32_t local_sectors(const std::uint64_t* offset, std::uint32_t active,
                                          std::uint32_t bytes);

}  // namespace softcuda::count
