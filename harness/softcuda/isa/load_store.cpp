/// "Data Movement: ld, ld.global.nc, ldu, st, prefetch" (PTX ISA 9.7.9.8 to 9.7.9.16).
///
/// Cache operators, eviction priorities and prefetch sizes are hints and change nothing. Memory orders
/// (.relaxed, .acquire, .release, .volatile) are the host's: each lane's access is one host access, and
/// fences are made where the ISA has them.
#include <bit>

#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/transfer.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// Rows: the destinations, then the address.
template <class M, class R, int kCount>
const Op* load(Warp& w, const Op* op) {
  Access access;
  const Shape shape = reach(w, op, op->rows[kCount], sizeof(M) * kCount, Use::read, access);
  if (shape == Shape::faulted) return nullptr;
  load_lanes<M, R, kCount>(w, op->rows, shape, access);
  return op + 1;
}

/// Rows: the address, then the sources.
template <class M, class R, int kCount>
const Op* store(Warp& w, const Op* op) {
  Access access;
  const Shape shape = reach(w, op, op->rows[0], sizeof(M) * kCount, Use::write, access);
  if (shape == Shape::faulted) return nullptr;
  store_lanes<M, R, kCount>(w, op->rows + 1, shape, access);
  return op + 1;
}

template <class M, class R, int kCount>
const Op* strong_load(Warp& w, const Op* op) {
  Access access;
  const Shape shape = reach(w, op, op->rows[kCount], sizeof(M) * kCount, Use::read, access);
  if (shape == Shape::faulted) return nullptr;
  spread(access, shape, sizeof(M) * kCount);
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const auto* from = check::at_host<const M>(access.at[lane]);
    for (int k = 0; k < kCount; ++k)
      w.row<R>(op->rows[k])[lane] = extended<R>(M{__atomic_load_n(from + k, __ATOMIC_SEQ_CST)});
  }
  return op + 1;
}
template <class M, class R, int kCount>
const Op* strong_store(Warp& w, const Op* op) {
  Access access;
  const Shape shape = reach(w, op, op->rows[0], sizeof(M) * kCount, Use::write, access);
  if (shape == Shape::faulted) return nullptr;
  spread(access, shape, sizeof(M) * kCount);
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    auto* to = check::at_host<M>(access.at[lane]);
    for (int k = 0; k < kCount; ++k)
      __atomic_store_n(to + k, static_cast<M>(w.row<R>(op->rows[k + 1])[lane]), __ATOMIC_SEQ_CST);
  }
  return op + 1;
}

bool is_strong(const Form& f) {
  return !f.which({"volatile", "relaxed", "acquire", "release", "mmio"}).empty();
}

template <bool kLoad, class M, class R, int kCount>
Handler handler_for(bool strong) {
  if (kLoad) return strong ? &strong_load<M, R, kCount> : &load<M, R, kCount>;
  return strong ? &strong_store<M, R, kCount> : &store<M, R, kCount>;
}

template <bool kLoad, class M, class R>
Handlers of_count(int count, bool strong) {
  // Masked and full are one: an access looks at Warp::active in any case.
  const auto pick = [ count, strong ]<int... kCounts>()->Handler {
    Handler h = nullptr;
    (void)((count == kCounts ? (h = handler_for<kLoad, M, R, kCounts>(strong), true) : false) || ...);
    return h;
  };
  const Handler h = pick.template operator()<1, 2, 4>();
  return {h, h};
}

/// The memory type says how a narrow value is extended into a wider register: signed types by their sign,
/// all others by zeros.
template <bool kLoad, class M>
Handlers of_register(const Form& f, int bits) {
  const int count = f.vector();
  const bool strong = is_strong(f);
  if (bits == 16) return sizeof(M) <= 2 ? of_count<kLoad, M, u16>(count, strong) : Handlers{};
  if (bits == 32) return sizeof(M) <= 4 ? of_count<kLoad, M, u32>(count, strong) : Handlers{};
  return of_count<kLoad, M, u64>(count, strong);
}

template <bool kLoad>
Handlers of_memory(const Form& f, int register_bits) {
  switch (f.type()) {
    case Type::b8:
    case Type::u8: return of_register<kLoad, std::uint8_t>(f, register_bits);
    case Type::s8:
      return of_register<kLoad, std::conditional_t<kLoad, std::int8_t, std::uint8_t>>(f, register_bits);
    case Type::b16:
    case Type::u16: return of_register<kLoad, u16>(f, register_bits);
    case Type::s16: return of_register<kLoad, std::conditional_t<kLoad, std::int16_t, u16>>(f, register_bits);
    case Type::b32:
    case Type::u32:
    case Type::f32: return of_register<kLoad, u32>(f, register_bits);
    case Type::s32: return of_register<kLoad, std::conditional_t<kLoad, std::int32_t, u32>>(f, register_bits);
    default: return of_register<kLoad, u64>(f, register_bits);
  }
}

Handlers bind_load(const Form& f) { return of_memory<true>(f, f.bits[0]); }
Handlers bind_store(const Form& f) { return of_memory<false>(f, f.bits[1]); }

const Op* nothing(Warp&, const Op* op) { return op + 1; }
Handlers bind_hint(const Form&) { return {&nothing, &nothing}; }

}  // namespace

std::span<const Entry> load_store_family() {
  // Cache hints that may stand anywhere among the modifiers: none changes what is loaded.
  static const Entry entries[] = {
      {"ld[.{weak|volatile|relaxed|acquire|mmio}][.{cta|cluster|gpu|sys}][.{global|shared|shared::cta|local|"
       "param|param::entry|const}]"
       "[.{ca|cg|cs|lu|cv}][.{L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_"
       "allocate}]"
       "[.{L2::evict_normal|L2::evict_first|L2::evict_last}][.{L2::64B|L2::128B|L2::256B}][.{v2|v4}]"
       ".{b8|u8|s8|b16|u16|s16|b32|u32|s32|f32|b64|u64|s64|f64} d{v}:any, [a]",
       bind_load, Flow::memory},
      {"ld.global[.{ca|cg|cs}].nc[.{L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::"
       "no_allocate}]"
       "[.{L2::evict_normal|L2::evict_first|L2::evict_last}][.{L2::64B|L2::128B|L2::256B}][.{v2|v4}]"
       ".{b8|u8|s8|b16|u16|s16|b32|u32|s32|f32|b64|u64|s64|f64} d{v}:any, [a]",
       bind_load, Flow::memory},
      {"ldu[.global][.{v2|v4}].{b8|u8|s8|b16|u16|s16|b32|u32|s32|f32|b64|u64|s64|f64} d{v}:any, [a]",
       bind_load, Flow::memory},
      {"st[.{weak|volatile|relaxed|release|mmio}][.{cta|cluster|gpu|sys}][.{global|shared|shared::cta|local|"
       "param|param::func}]"
       "[.{wb|cg|cs|wt}][.{L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_"
       "allocate}]"
       "[.{L2::evict_normal|L2::evict_first|L2::evict_last}][.{v2|v4}]"
       ".{b8|u8|s8|b16|u16|s16|b32|u32|s32|f32|b64|u64|s64|f64} [a], b{v}:any",
       bind_store, Flow::memory},
      {"prefetch[.{global|local}].{L1|L2|L2::evict_last|L2::evict_normal} [a]", bind_hint, Flow::memory},
      {"prefetchu.L1 [a]", bind_hint, Flow::memory},
  };
  return entries;
}

}  // namespace softcuda::isa
