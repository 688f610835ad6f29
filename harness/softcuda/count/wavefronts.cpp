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

void SharedPattern::take(const u32* offset, u32 lanes, u32 size, bool atomic) {
  const u32 base = offset[0] & ~3u;
  u32 low = offset[0], high = offset[0], jump = 0;
  for (u32 lane = 0; lane < 32; ++lane) {
    const u32 here = offset[lane];
    distance[lane] = here - base;
    low = here < low ? here : low;
    high = here > high ? here : high;
    jump |= here ^ (offset[0] + lane * size);
  }
  same = low == high;
  in_order = jump == 0;
  below = low < base ? base - low : 0;
  above = high - base;
  active = lanes;
  bytes = size;
  wavefronts = atomic ? atomic_wavefronts(offset, lanes, size) : count::wavefronts(offset, lanes, size);
  ideal = ideal_wavefronts(lanes, size);
}

}  // namespace softcuda::count
