/// "Warp Level Matrix Load: ldmatrix" and "Matrix Transpose: movmatrix" (PTX ISA 9.7.15.5).
#include <cstring>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/meeting.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr u32 kRowBytes = 16;  // 8 elements of 16 bits

using Row = u16 __attribute__((vector_size(16)));
using TwoRows = u16 __attribute__((vector_size(32)));
using FourRows = u16 __attribute__((vector_size(64)));

Row row_at(u64 address) {
  Row row;
  std::memcpy(&row, check::at_host(address), sizeof row);
  return row;
}
FourRows four_rows(const u64* at) {
  const TwoRows low = __builtin_shufflevector(row_at(at[0]), row_at(at[1]), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                              11, 12, 13, 14, 15);
  const TwoRows high = __builtin_shufflevector(row_at(at[2]), row_at(at[3]), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                               11, 12, 13, 14, 15);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
                                 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
}

/// The 8 rows of a matrix, at those addresses, as the register of a warp.
template <bool kTransposed>
void to_fragment(const u64* at, u32* d) {
  if constexpr (!kTransposed) {
    for (int row = 0; row < 8; ++row) {  // row-major pairs are the lanes' order
      const Row whole = row_at(at[row]);
      std::memcpy(d + 4 * row, &whole, sizeof whole);
    }
  } else {
    // Column c is elements c, c + 8, ... of the matrix, and lanes 4 c to 4 c + 3.
#define COLUMN(c) c, c + 8, c + 16, c + 24, c + 32, c + 40, c + 48, c + 56
    const FourRows top = four_rows(at), bottom = four_rows(at + 4);
    const FourRows first = __builtin_shufflevector(top, bottom, COLUMN(0), COLUMN(1), COLUMN(2), COLUMN(3));
    const FourRows last = __builtin_shufflevector(top, bottom, COLUMN(4), COLUMN(5), COLUMN(6), COLUMN(7));
#undef COLUMN
    std::memcpy(d, &first, sizeof first);
    std::memcpy(d + 16, &last, sizeof last);
  }
}

/// Lanes 8 j to 8 j + 7 give the addresses of matrix j's rows. Lane l gets elements 2 (l % 4) and the next of
/// row l / 4 of each; transposed, of column l / 4. Rows: d[kCount], address.
template <int kCount, bool kTransposed>
const Op* load_matrix(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, static_cast<std::int32_t>(op->imm))) return nullptr;
  const Op addressed = [&] {
    Op one = *op;
    one.imm = op->imm >> 32;
    return one;
  }();
  // Only those who give an address touch memory.
  const u32 active = w.active;
  w.active = kCount == 4 ? active : active & ((1u << 8 * kCount) - 1);
  Access access;
  const Shape shape = w.active != 0
                          ? reach_as(w, op, addressed, op->rows[kCount], kRowBytes, Use::read, access)
                          : Shape::faulted;
  w.active = active;
  if (shape == Shape::faulted) return nullptr;
  spread(access, shape, kRowBytes);
  for (int j = 0; j < kCount; ++j) {
    u32* d = w.row<u32>(op->rows[j]);
    if (active == kAllLanes) [[likely]] {
      to_fragment<kTransposed>(access.at + 8 * j, d);
      continue;
    }
    alignas(64) u32 all[kLanes] = {};
    std::uint64_t rows[8];
    static constexpr u16 kNothing[8] = {};
    for (int row = 0; row < 8; ++row)
      rows[row] = (active >> (8 * j + row) & 1u) != 0 ? access.at[8 * j + row] : check::address_of(kNothing);
    to_fragment<kTransposed>(rows, all);
    for (int lane = 0; lane < kLanes; ++lane) d[lane] = (active >> lane & 1u) != 0 ? all[lane] : d[lane];
  }
  return op + 1;
}
template <int kCount>
Handlers bind_load(const Form& f) {
  if (f.has("trans")) return {&load_matrix<kCount, true>, &load_matrix<kCount, true>};
  return {&load_matrix<kCount, false>, &load_matrix<kCount, false>};
}

/// movmatrix: a fragment of an 8x8 matrix, transposed between lanes. Rows: d, a.
const Op* transpose_fragment(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  alignas(64) u16 from[8][8];
  std::memcpy(from, w.row<u32>(op->rows[1]), sizeof from);
  u32* d = w.row<u32>(op->rows[0]);
  for (int lane = 0; lane < kLanes; ++lane) {
    const u32 low = from[2 * (lane % 4)][lane / 4], high = from[2 * (lane % 4) + 1][lane / 4];
    if ((w.active >> lane & 1u) != 0) d[lane] = low | high << 16;
  }
  return op + 1;
}

}  // namespace

std::span<const Entry> matrix_family() {
  static const Entry entries[] = {
      {"ldmatrix.sync.aligned.m8n8.x1[.trans][.{shared|shared::cta}].b16 d{1}:b32, [a]", bind_load<1>,
       Flow::meeting},
      {"ldmatrix.sync.aligned.m8n8.x2[.trans][.{shared|shared::cta}].b16 d{2}:b32, [a]", bind_load<2>,
       Flow::meeting},
      {"ldmatrix.sync.aligned.m8n8.x4[.trans][.{shared|shared::cta}].b16 d{4}:b32, [a]", bind_load<4>,
       Flow::meeting},
      {"movmatrix.sync.aligned.m8n8.trans.b16 d:b32, a:b32",
       [](const Form&) {
         return Handlers{&transpose_fragment, &transpose_fragment};
       },
       Flow::meeting},
  };
  return entries;
}

}  // namespace softcuda::isa
