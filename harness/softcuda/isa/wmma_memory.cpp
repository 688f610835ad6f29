/// "wmma.load" and "wmma.store" (PTX ISA 9.7.15.3.3 and .4): matrices in memory into fragments, and back.
#include <cstring>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/meeting.h"
#include "harness/softcuda/isa/watch.h"
#include "harness/softcuda/isa/wmma.h"

namespace softcuda::isa {
namespace {

using namespace wmma;

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

/// Counts the whole as one request, as if each lane moved as many elements as it has, neighbours in memory:
/// what any layout of fragments may do. `origin`: host address of the first element.
template <class F, int kRows, int kColumns, int kBytes, bool kColumnMajor>
void count_request(Warp& w, const Op& addressed, u64 origin, u32 stride) {
  constexpr int kRun = kColumnMajor ? kRows : kColumns, kEach = F::kUnique;
  const u64 shared = check::address_of(w.shared);
  const bool in_shared = origin - shared < w.shared_bytes;
  u64 at[kLanes];
  u32 offset[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    const u64 element =
        static_cast<u64>(lane * kEach / kRun) * stride + static_cast<u64>(lane * kEach % kRun);
    at[lane] = origin + element * kBytes;
    offset[lane] = static_cast<u32>(at[lane] - shared);
  }
  if (in_shared) return count_shared(w, &addressed, offset, kEach * kBytes);
  count_global(w, &addressed, at, static_cast<u32>(__builtin_popcount(w.active)) * kEach * kBytes);
}

/// Rows: d[kRegisters], address[, stride].
template <int kRows, int kColumns, int kBytes, int kRegisters, bool kColumnMajor, bool kStrided>
const Op* load(Warp& w, const Op* op) {
  using F = Fragment<kRows, kColumns, kBytes, kRegisters>;
  if (!warp_is_here(w, op, static_cast<std::int32_t>(op->imm))) return nullptr;
  Op addressed = uncounted(wide_address(op, kRegisters + 1 + static_cast<int>(kStrided)));
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
    if (u == 0) count_request<F, kRows, kColumns, kBytes, kColumnMajor>(w, addressed, access.at[0], stride);
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
  Op addressed = uncounted(wide_address(op, kRegisters + 1 + static_cast<int>(kStrided)));
  addressed.imm = op->imm >> 32;
  const u32 stride = kStrided ? w.row<u32>(row_at(op, kRegisters + 1))[__builtin_ctz(w.active)]
                              : static_cast<u32>(kColumnMajor ? kRows : kColumns);
  for (int u = 0; u < F::kUnique; ++u) {
    Access access;
    if (!reach_element<F, kRows, kColumns, kBytes, kColumnMajor>(w, op, addressed, row_at(op, 0), stride, u,
                                                                 true, access))
      return nullptr;
    if (u == 0) count_request<F, kRows, kColumns, kBytes, kColumnMajor>(w, addressed, access.at[0], stride);
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

}  // namespace

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

std::span<const Entry> wmma_memory_family() {
  static const Entry entries[] = {
      LOAD("{a|b}", "m16n16k16", "f16", SHAPE(16, 16), 2, 8, "b32"),
      LOAD("a", "m32n8k16", "f16", SHAPE(32, 16), 2, 8, "b32"),
      LOAD("b", "m32n8k16", "f16", SHAPE(16, 8), 2, 8, "b32"),
      LOAD("a", "m8n32k16", "f16", SHAPE(8, 16), 2, 8, "b32"),
      LOAD("b", "m8n32k16", "f16", SHAPE(16, 32), 2, 8, "b32"),
      LOAD("{a|b}", "m16n16k16", "bf16", SHAPE(16, 16), 2, 4, "b32"),
      LOAD("a", "m32n8k16", "bf16", SHAPE(32, 16), 2, 8, "b32"),
      LOAD("b", "m32n8k16", "bf16", SHAPE(16, 8), 2, 2, "b32"),
      LOAD("a", "m8n32k16", "bf16", SHAPE(8, 16), 2, 2, "b32"),
      LOAD("b", "m8n32k16", "bf16", SHAPE(16, 32), 2, 8, "b32"),
      LOAD("{a|b}", "m16n16k16", "{s8|u8}", SHAPE(16, 16), 1, 2, "b32"),
      LOAD("a", "m32n8k16", "{s8|u8}", SHAPE(32, 16), 1, 4, "b32"),
      LOAD("b", "m32n8k16", "{s8|u8}", SHAPE(16, 8), 1, 1, "b32"),
      LOAD("a", "m8n32k16", "{s8|u8}", SHAPE(8, 16), 1, 1, "b32"),
      LOAD("b", "m8n32k16", "{s8|u8}", SHAPE(16, 32), 1, 4, "b32"),
      LOAD("a", "m16n16k8", "tf32", SHAPE(16, 8), 4, 4, "b32"),
      LOAD("b", "m16n16k8", "tf32", SHAPE(8, 16), 4, 4, "b32"),
      LOAD("a", "m8n8k4", "f64", SHAPE(8, 4), 8, 1, "b64"),
      LOAD("b", "m8n8k4", "f64", SHAPE(4, 8), 8, 1, "b64"),
      LOAD("c", "{m16n16k16|m16n16k8}", "f32", SHAPE(16, 16), 4, 8, "b32"),
      LOAD("c", "m32n8k16", "{f32|s32}", SHAPE(32, 8), 4, 8, "b32"),
      LOAD("c", "m8n32k16", "{f32|s32}", SHAPE(8, 32), 4, 8, "b32"),
      LOAD("c", "m16n16k16", "s32", SHAPE(16, 16), 4, 8, "b32"),
      LOAD("c", "m16n16k16", "f16", SHAPE(16, 16), 2, 4, "b32"),
      LOAD("c", "m32n8k16", "f16", SHAPE(32, 8), 2, 4, "b32"),
      LOAD("c", "m8n32k16", "f16", SHAPE(8, 32), 2, 4, "b32"),
      LOAD("c", "m8n8k4", "f64", SHAPE(8, 8), 8, 2, "b64"),
      STORE("{m16n16k16|m16n16k8}", "f32", SHAPE(16, 16), 4, 8, "b32"),
      STORE("m32n8k16", "{f32|s32}", SHAPE(32, 8), 4, 8, "b32"),
      STORE("m8n32k16", "{f32|s32}", SHAPE(8, 32), 4, 8, "b32"),
      STORE("m16n16k16", "s32", SHAPE(16, 16), 4, 8, "b32"),
      STORE("m16n16k16", "f16", SHAPE(16, 16), 2, 4, "b32"),
      STORE("m32n8k16", "f16", SHAPE(32, 8), 2, 4, "b32"),
      STORE("m8n32k16", "f16", SHAPE(8, 32), 2, 4, "b32"),
      STORE("m8n8k4", "f64", SHAPE(8, 8), 8, 2, "b64"),
  };
  return entries;
}
#undef LOAD
#undef STORE
#undef SHAPE

}  // namespace softcuda::isa
