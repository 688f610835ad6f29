#include "harness/softcuda/count/sectors.h"

#include <algorithm>
#include <array>

namespace softcuda::count {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

}  // namespace

u32 unordered_sectors(const u64* at, u32 active) {
  std::array<u64, 32> seen;
  u32 count = 0;
  u64 before = ~u64{0};
  for (u32 rest = active; rest != 0; rest &= rest - 1) {
    const u64 sector = at[std::countr_zero(rest)] / kSectorBytes;
    if (sector == before) continue;
    before = sector;
    if (std::find(seen.begin(), seen.begin() + count, sector) == seen.begin() + count) seen[count++] = sector;
  }
  return count;
}

u32 local_sectors(const u64* offset, u32 active, u32 bytes) {
  const u32 words = std::max(bytes / 4, 1u);
  u32 count = 0;
  for (u32 first = 0; first < 32; first += 8) {  // 8 lanes share their sectors with nobody else
    std::array<u64, 8> seen;
    u32 different = 0;
    for (u32 rest = active >> first & 0xffu; rest != 0; rest &= rest - 1) {
      const u64 word = offset[first + static_cast<u32>(std::countr_zero(rest))] / 4;
      if (std::find(seen.begin(), seen.begin() + different, word) == seen.begin() + different)
        seen[different++] = word;
    }
    count += different * words;  // aligned accesses of one size overlap as wholes or not at all
  }
  return count;
}

}  // namespace softcuda::count
