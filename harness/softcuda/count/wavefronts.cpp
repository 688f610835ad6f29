#include "harness/softcuda/count/wavefronts.h"

#include <algorithm>
#include <array>

namespace softcuda::count {
namespace {

using u32 = std::uint32_t;

}  // namespace

u32 conflicting_wavefronts(const u32* offset, u32 active, u32 bytes) {
  const u32 lanes = detail::part_lanes(bytes);
  const auto shift = static_cast<u32>(std::countr_zero(128 / lanes));
  std::array<u32, 32> place{}, served{};
  for (u32 lane = 0; lane < 32; ++lane) place[lane] = detail::place(offset[lane], lane, shift, lanes);
  u32 fronts = 0;
  for (u32 rest = active; rest != 0;) {
    fronts += ideal_wavefronts(rest, bytes);
    for (u32 left = rest; left != 0; left &= left - 1) {
      const auto lane = static_cast<u32>(std::countr_zero(left));
      served[place[lane]] = offset[lane] >> shift;
    }
    u32 waiting = 0;
    for (u32 lane = 0; lane < 32; ++lane)
      waiting |= static_cast<u32>(served[place[lane]] != offset[lane] >> shift) << lane;
    rest &= waiting;
  }
  return fronts;
}

u32 atomic_wavefronts(const u32* offset, u32 active, u32 bytes) {
  const u32 lanes = detail::part_lanes(bytes);
  const auto shift = static_cast<u32>(std::countr_zero(128 / lanes));
  std::array<u32, 32> wanted{};
  for (u32 left = active; left != 0; left &= left - 1) {
    const auto lane = static_cast<u32>(std::countr_zero(left));
    ++wanted[detail::place(offset[lane], lane, shift, lanes)];
  }
  u32 fronts = 0;
  for (auto part = wanted.begin(); part != wanted.end(); part += lanes)
    fronts += *std::max_element(part, part + lanes);
  return fronts;
}

}  // namespace softcuda::count
