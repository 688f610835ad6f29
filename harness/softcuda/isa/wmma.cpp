/// "Matrix Multiply-Accumulate Operation using wmma Instructions" (PTX ISA 9.7.15.3).
///
/// "The mapping of the elements of a matrix to the fragment's registers is unspecified." Ours: a matrix of R
/// x C elements gives lane l the elements l U to l U + U - 1 in row-major order, U = R C / 32; registers that
/// have room for more (A and B of f16) hold them again. The same for A, B, C and D, so that programs may work
/// on fragments element by element between load, mma and store.
#include <cstring>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/meeting.h"
#include "harness/softcuda/isa/mma.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

u32 row_at(const Op* op, int k) { return k < 8 ? op->rows[k] : reinterpret_cast<const u32*>(op + 1)[k - 8]; }
constexpr int slots(int rows) { return rows <= 8 ? 1 : 1 + (rows - 8 + 15) / 16; }

/// Element `slot` of a lane's registers, `kBytes` wide; registers are of 4 bytes, or 8 where elements are.
template <int kBytes>
u64 element_of(Warp& w, const Op* op, int first, int lane, int slot) {
  constexpr int kEach = kBytes == 8 ? 1 : 4 / kBytes;
  const u32 row = row_at(op, first + slot / kEach);
  if constexpr (kBytes == 8) return w.row<u64>(row)[lane];
  if constexpr (kBytes == 4) return w.row<u32>(row)[lane];
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

/// What a load or store moves: R x C elements of kBytes in kRegisters registers a lane.
template <int kRows, int kColumns, int kBytes, int kRegisters>
struct Fragment {
  static constexpr int kUnique = kRows * kColumns / kLanes;
  static constexpr int kSlots = kRegisters * (kBytes == 8 ? 1 : 4 / kBytes);
};

/// Each lane's element number `u`, one access of all lanes. `stride`: elements between rows, or between
/// columns of a matrix in column-major order.
template <class F, int kRows, int kColumns, int kBytes, bool kColumnMajor>
bool reach_element(Warp& w, const Op* op, const Op& addressed, u32 address_row, u32 stride, int u, bool write,
                   Access& access) {
  const bool narrow = address_kind_of(&addressed) == AddressKind::shared32;
  for (int lane = 0; lane < kLanes; ++lane) {
    const u64 base = narrow ? w.row<u32>(address_row)[lane] : w.row<u64>(address_row)[lane];
    const int linear = lane * F::kUnique + u;
    const u64 row = static_cast<u64>(linear / kColumns), column = static_cast<u64>(linear % kColumns);
    const u64 element = kColumnMajor ? column * stride + row : row * stride + column;
    access.at[lane] = base + static_cast<u64>(addressed.imm) + element * kBytes;
    if (narrow) access.at[lane] = static_cast<u32>(access.at[lane]);
  }
  const Shape shape = resolve_addresses(w, &addressed, kBytes, write, access);
  if (shape == Shape::faulted) {
    w.raised.op = op;
    return false;
  }
  if (w.watch != nullptr) [[unlikely]]
    w.watch->touched(w, {op, shape, &access, kBytes, write ? Use::write : Use::read});
  spread(access, shape, kBytes);
  return true;
}

/// Rows: d[kRegisters], address[, stride].
template <int kRows, int kColumns, int kBytes, int kRegisters, bool kColumnMajor, bool kStrided>
const Op* load(Warp& w, const Op* op) {
  using F = Fragment<kRows, kColumns, kBytes, kRegisters>;
  if (!warp_is_here(w, op, static_cast<std::int32_t>(op->imm))) return nullptr;
  Op addressed = wide_address(op, kRegisters + 1 + static_cast<int>(kStrided));
  addressed.imm = op->imm >> 32;
  const u32 stride = kStrided ? w.row<u32>(row_at(op, kRegisters + 1))[__builtin_ctz(w.active)]
                              : static_cast<u32>(kColumnMajor ? kRows : kColumns);
  const u32 address_row = row_at(op, kRegisters);
  u64 values[F::kUnique][kLanes] = {};
  for (int u = 0; u < F::kUnique; ++u) {
    Access access;
    if (!reach_element<F, kRows, kColumns, kBytes, kColumnMajor>(w, op, addressed, address_row, stride, u,
                                                                 false, access))
      return nullptr;
    for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
      const int lane = __builtin_ctz(rest);
      std::memcpy(&values[u][lane], check::at_host(access.at[lane]), kBytes);
    }
  }
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = __builtin_ctz(rest);
    for (int slot = 0; slot < F::kSlots; ++slot)
      put_element<kBytes>(w, op, 0, lane, slot, values[slot % F::kUnique][lane]);
  }
  return op + slots(kRegisters + 1 + static_cast<int>(kStrided));
}

/// Rows: address, sources[kRegisters][, stride].
template <int kRows, int kColumns, int kBytes, int kRegisters, bool kColumnMajor, bool kStrided>
const Op* store(Warp& w, const Op* op) {
  using F = Fragment<kRows, kColumns, kBytes, kRegisters>;
  if (!warp_is_here(w, op, static_cast<std::int32_t>(op->imm))) return nullptr;
  Op addressed = wide_address(op, kRegisters + 1 + static_cast<int>(kStrided));
  addressed.imm = op->imm >> 32;
  const u32 stride = kStrided ? w.row<u32>(row_at(op, kRegisters + 1))[__builtin_ctz(w.active)]
                              : static_cast<u32>(kColumnMajor ? kRows : kColumns);
  for (int u = 0; u < F::kUnique; ++u) {
    Access access;
    if (!reach_element<F, kRows, kColumns, kBytes, kColumnMajor>(w, op, addressed, row_at(op, 0), stride, u,
                                                                 true, access))
      return nullptr;
    for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
      const int lane = __builtin_ctz(rest);
      const u64 value = element_of<kBytes>(w, op, 1, lane, u);
      std::memcpy(check::at_host(access.at[lane]), &value, kBytes);
    }
  }
  return op + slots(kRegisters + 1 + static_cast<int>(kStrided));
}

template <int kRows, int kColumns, int kBytes, int kRegisters, bool kStrided>
Handlers bind_load(const Form& f) {
  const Handler h = f.has("col") ? &load<kRows, kColumns, kBytes, kRegisters, true, kStrided>
                                 : &load<kRows, kColumns, kBytes, kRegisters, false, kStrided>;
  return {h, h};
}
template <int kRows, int kColumns, int kBytes, int kRegisters, bool kStrided>
Handlers bind_store(const Form& f) {
  const Handler h = f.has("col") ? &store<kRows, kColumns, kBytes, kRegisters, true, kStrided>
                                 : &store<kRows, kColumns, kBytes, kRegisters, false, kStrided>;
  return {h, h};
}

// ---- multiplication
// -------------------------------------------------------------------------------------------------

struct F16Element {
  static constexpr int kBytes = 2, kMinimum = -14, kSignificand = 11;
  static float value(u64 bits) { return to_float(F16{static_cast<u16>(bits)}); }
};
struct Bf16Element {
  static constexpr int kBytes = 2, kMinimum = -126, kSignificand = 8;
  static float value(u64 bits) { return to_float(Bf16{static_cast<u16>(bits)}); }
};
struct Tf32Element {
  static constexpr int kBytes = 4, kMinimum = -126, kSignificand = 11;
  static float value(u64 bits) { return float_of(static_cast<u32>(bits) & 0xffffe000u); }
};
struct F32Accumulator {
  static constexpr int kBytes = 4;
  static float value(u64 bits) { return float_of(static_cast<u32>(bits)); }
  static u64 bits(float x) { return bits_of(x); }
};
struct F16Accumulator {
  static constexpr int kBytes = 2;
  static float value(u64 bits) { return F16Element::value(bits); }
  static u64 bits(float x) { return to_f16(x).bits; }
};

void multiply(const Modes& modes, mma::FloatTiles& tiles, int minimum, int bits, int share) {
  using enum TensorModel;
  switch (modes.tensor) {
    case exact: return mma::exact(tiles);
    case truncating_sm80:
    case truncating_sm90: {
      mma::Truncation how = modes.tensor == truncating_sm80 ? mma::kSm80 : mma::kSm90;
      how.step /= share;
      return mma::truncating(tiles, how, minimum, bits);
    }
    default: return mma::fused(tiles);
  }
}

/// How many registers a fragment of A or B has: f16 ones are as large as on sm_70, where elements came twice.
template <class E>
constexpr int registers(int elements) {
  const int unique = elements / kLanes * E::kBytes / 4;
  return std::is_same_v<E, F16Element> ? 8 : unique < 1 ? 1 : unique;
}

/// Rows: d, a, b, c. By tiles of 16 (or 8) rows and 8 columns, each as mma would make it.
template <class E, class D, class C, int kM, int kN, int kK>
const Op* multiply_floats(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  constexpr int kD = kM * kN / kLanes * D::kBytes / 4, kC = kM * kN / kLanes * C::kBytes / 4;
  constexpr int kA = registers<E>(kM * kK), kB = registers<E>(kK * kN);
  constexpr int kRows = kM < 16 ? 8 : 16;
  float a[kM][kK], b[kK][kN], c[kM][kN];
  const auto gather = [&](auto& matrix, int rows, int columns, int first, auto read) {
    const int unique = rows * columns / kLanes;
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int u = 0; u < unique; ++u)
        matrix[(lane * unique + u) / columns][(lane * unique + u) % columns] = read(first, lane, u);
    }
  };
  const auto element = [&](int first, int lane, int u) {
    return E::value(element_of<E::kBytes>(w, op, first, lane, u));
  };
  gather(a, kM, kK, kD, element);
  gather(b, kK, kN, kD + kA, element);
  gather(c, kM, kN, kD + kA + kB,
         [&](int first, int lane, int u) { return C::value(element_of<C::kBytes>(w, op, first, lane, u)); });
  for (int m = 0; m < kM; m += kRows) {
    for (int n = 0; n < kN; n += mma::kColumns) {
      mma::FloatTiles tiles;
      tiles.rows = kRows;
      tiles.depth = kK;
      for (int r = 0; r < kRows; ++r) {
        for (int k = 0; k < kK; ++k) tiles.a[r][k] = a[m + r][k];
        for (int j = 0; j < mma::kColumns; ++j) tiles.c[r][j] = c[m + r][n + j];
      }
      for (int k = 0; k < kK; ++k) {
        for (int j = 0; j < mma::kColumns; ++j) tiles.b[k][j] = b[k][n + j];
      }
      multiply(*w.modes, tiles, E::kMinimum, E::kSignificand, E::kBytes / 2);
      for (int r = 0; r < kRows; ++r) {
        for (int j = 0; j < mma::kColumns; ++j) c[m + r][n + j] = tiles.c[r][j];
      }
    }
  }
  constexpr int kUnique = kM * kN / kLanes;
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = __builtin_ctz(rest);
    for (int u = 0; u < kUnique; ++u)
      put_element<D::kBytes>(w, op, 0, lane, u,
                             D::bits(c[(lane * kUnique + u) / kN][(lane * kUnique + u) % kN]));
  }
  return op + slots(kD + kA + kB + kC);
}
template <class E, class D, class C, int kM, int kN, int kK>
Handlers bind_floats(const Form&) {
  return {&multiply_floats<E, D, C, kM, kN, kK>, &multiply_floats<E, D, C, kM, kN, kK>};
}

/// 8-bit integers; m16n16k16. Rows: d[8], a[2], b[2], c[8].
template <bool kSigned, bool kSaturates>
const Op* multiply_bytes(Warp& w, const Op* op) {
  if (!warp_is_here(w, op, op->imm)) return nullptr;
  constexpr int kD = 8, kA = 2, kB = 2;
  const auto byte = [&](int first, int linear) -> std::int64_t {
    const u64 bits = element_of<1>(w, op, first, linear / 8, linear % 8);
    return kSigned ? std::int64_t{static_cast<std::int8_t>(bits)} : static_cast<std::int64_t>(bits);
  };
  std::int32_t result[256];
  for (int linear = 0; linear < 256; ++linear) {
    std::int64_t sum = static_cast<std::int32_t>(element_of<4>(w, op, kD + kA + kB, linear / 8, linear % 8));
    for (int k = 0; k < 16; ++k) sum += byte(kD, linear / 16 * 16 + k) * byte(kD + kA, k * 16 + linear % 16);
    if (kSaturates) sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
    result[linear] = static_cast<std::int32_t>(static_cast<u32>(sum));
  }
  for (int linear = 0; linear < 256; ++linear) {
    if ((w.active >> (linear / 8) & 1u) != 0)
      put_element<4>(w, op, 0, linear / 8, linear % 8, static_cast<u32>(result[linear]));
  }
  return op + slots(kD + kA + kB + 8);
}
Handlers bind_bytes(const Form& f) {
  const bool is_signed = f.type(1) == Type::s8;
  return choose(
      []<bool kSigned, bool kSaturates>() {
        return Handlers{&multiply_bytes<kSigned, kSaturates>, &multiply_bytes<kSigned, kSaturates>};
      },
      is_signed, f.has("satfinite"));
}

}  // namespace

// A's and B's rows and columns may be given in any order of memory; the fragments know nothing of it.
#define LOAD(which, shape, type, row, bytes, registers, width)                                 \
  {"wmma.load." which ".sync.aligned.{row|col}." shape "[.{global|shared|shared::cta}]." type  \
   " d{" #registers "}:" width ", [a]",                                                        \
   bind_load<row, bytes, registers, false>, Flow::meeting},                                    \
  {                                                                                            \
    "wmma.load." which ".sync.aligned.{row|col}." shape "[.{global|shared|shared::cta}]." type \
    " d{" #registers "}:" width ", [a], s:u32",                                                \
        bind_load<row, bytes, registers, true>, Flow::meeting                                  \
  }
#define STORE(shape, type, row, bytes, registers, width)                                                     \
  {"wmma.store.d.sync.aligned.{row|col}." shape "[.{global|shared|shared::cta}]." type " [a], b{" #registers \
   "}:" width,                                                                                               \
   bind_store<row, bytes, registers, false>, Flow::meeting},                                                 \
  {                                                                                                          \
    "wmma.store.d.sync.aligned.{row|col}." shape "[.{global|shared|shared::cta}]." type                      \
    " [a], b{" #registers "}:" width ", s:u32",                                                              \
        bind_store<row, bytes, registers, true>, Flow::meeting                                               \
  }
#define SHAPE(rows, columns) rows, columns

std::span<const Entry> wmma_family() {
  static const Entry entries[] = {
      LOAD("{a|b}", "m16n16k16", "f16", SHAPE(16, 16), 2, 8, "b32"),
      LOAD("{a|b}", "m16n16k16", "bf16", SHAPE(16, 16), 2, 4, "b32"),
      LOAD("{a|b}", "m16n16k16", "{s8|u8}", SHAPE(16, 16), 1, 2, "b32"),
      LOAD("a", "m16n16k8", "tf32", SHAPE(16, 8), 4, 4, "b32"),
      LOAD("b", "m16n16k8", "tf32", SHAPE(8, 16), 4, 4, "b32"),
      LOAD("a", "m32n8k16", "f16", SHAPE(32, 16), 2, 8, "b32"),
      LOAD("b", "m32n8k16", "f16", SHAPE(16, 8), 2, 8, "b32"),
      LOAD("a", "m8n32k16", "f16", SHAPE(8, 16), 2, 8, "b32"),
      LOAD("b", "m8n32k16", "f16", SHAPE(16, 32), 2, 8, "b32"),
      LOAD("c", "{m16n16k16|m16n16k8}", "f32", SHAPE(16, 16), 4, 8, "b32"),
      LOAD("c", "m16n16k16", "s32", SHAPE(16, 16), 4, 8, "b32"),
      LOAD("c", "m16n16k16", "f16", SHAPE(16, 16), 2, 4, "b32"),
      LOAD("c", "m32n8k16", "f32", SHAPE(32, 8), 4, 8, "b32"),
      LOAD("c", "m8n32k16", "f32", SHAPE(8, 32), 4, 8, "b32"),
      STORE("{m16n16k16|m16n16k8}", "f32", SHAPE(16, 16), 4, 8, "b32"),
      STORE("m16n16k16", "s32", SHAPE(16, 16), 4, 8, "b32"),
      STORE("m16n16k16", "f16", SHAPE(16, 16), 2, 4, "b32"),
      STORE("m32n8k16", "f32", SHAPE(32, 8), 4, 8, "b32"),
      STORE("m8n32k16", "f32", SHAPE(8, 32), 4, 8, "b32"),
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f32.f32 d{8}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F32Accumulator, F32Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f16.f16 d{4}:b32, a{8}:b32, b{8}:b32, c{4}:b32",
       bind_floats<F16Element, F16Accumulator, F16Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f32.f16 d{8}:b32, a{8}:b32, b{8}:b32, c{4}:b32",
       bind_floats<F16Element, F32Accumulator, F16Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m32n8k16.f32.f32 d{8}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F32Accumulator, F32Accumulator, 32, 8, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m8n32k16.f32.f32 d{8}:b32, a{8}:b32, b{8}:b32, c{8}:b32",
       bind_floats<F16Element, F32Accumulator, F32Accumulator, 8, 32, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16.f32.bf16.bf16.f32 d{8}:b32, a{4}:b32, b{4}:b32, "
       "c{8}:b32",
       bind_floats<Bf16Element, F32Accumulator, F32Accumulator, 16, 16, 16>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k8.f32.tf32.tf32.f32 d{8}:b32, a{4}:b32, b{4}:b32, "
       "c{8}:b32",
       bind_floats<Tf32Element, F32Accumulator, F32Accumulator, 16, 16, 8>, Flow::meeting},
      {"wmma.mma.sync.aligned.{row|col}.{row|col}.m16n16k16[.satfinite].s32.{s8|u8}.{s8|u8}.s32 d{8}:b32, "
       "a{2}:b32, "
       "b{2}:b32, c{8}:b32",
       bind_bytes, Flow::meeting},
  };
  return entries;
}
#undef LOAD
#undef STORE
#undef SHAPE

}  // namespace softcuda::isa
