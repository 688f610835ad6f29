#pragma once
#include <cstdint>

#include "harness/softcuda/isa/warp.h"

/// Fragments of wmma (PTX ISA 9.7.15.3). "The mapping of the elements of a matrix to the fragment's registers
/// is unspecified." Ours: a matrix of R x C elements gives lane l the elements l U to l U + U - 1 in
/// row-major order, U = R C / 32; registers that have room for more (A and B of f16) hold them again. The
/// same for A, B, C and D, so that programs may work on fragments element by element between load, mma and
/// store.
namespace softcuda::isa::wmma {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

[[nodiscard]] inline u32 row_at(const Op* op, int k) {
  return k < 8 ? op->rows[k] : reinterpret_cast<const u32*>(op + 1)[k - 8];
}
constexpr int slots(int rows) { return rows <= 8 ? 1 : 1 + (rows - 8 + 15) / 16; }

/// Element `slot` of a lane's registers, `kBytes` wide; registers are of 4 bytes, or 8 where elements are.
template <int kBytes>
u64 element_of(Warp& w, const Op* op, int first, int lane, int slot) {
  constexpr int kEach = kBytes == 8 ? 1 : 4 / kBytes;
  const u32 row = row_at(op, first + slot / kEach);
  if constexpr (kBytes == 8)
    return w.row<u64>(row)[lane];
  else if constexpr (kBytes == 4)
    return w.row<u32>(row)[lane];
  else
    return w.row<u32>(row)[lane] >> 8 * kBytes * (slot % kEach) & ((u64{1} << 8 * kBytes) - 1);
}
template <int kBytes>
void put_element(Warp& w, const Op* op, int first, int lane, int slot, u64 value) {
  constexpr int kEach = kBytes == 8 ? 1 : 4 / kBytes;
  const u32 row = row_at(op, first + slot / kEach);
  if constexpr (kBytes == 8) {
    w.row<u64>(row)[lane] = value;
  } else {
    const u32 shift = 8u * kBytes * static_cast<u32>(slot % kEach);
    const u32 mask = kBytes == 4 ? ~u32{0} : ((1u << (8 * kBytes % 32)) - 1) << shift;
    u32& word = w.row<u32>(row)[lane];
    word = (word & ~mask) | (static_cast<u32>(value) << shift & mask);
  }
}

}  // namespace softcuda::isa::wmma
