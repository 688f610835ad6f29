/// "Data Movement: ld, ld.global.nc, ldu, st, prefetch" (PTX ISA 9.7.9.8 to 9.7.9.16).
///
/// Cache operators, eviction priorities and prefetch sizes are hints and change nothing. Memory orders
/// (.relaxed, .acquire, .release, .volatile) are the host's: each lane's access is one host access, and
/// fences are made where the ISA has them.
#include <atomic>
#include <bit>
#include <cstring>

#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using ptx::Space;
using ptx::Type;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

template <class M>
M read(u64 at) {
  M value;
  std::memcpy(&value, reinterpret_cast<const void*>(at), sizeof(M));
  return value;
}
template <class M>
void write(u64 at, M value) {
  std::memcpy(reinterpret_cast<void*>(at), &value, sizeof(M));
}

/// Loads kCount elements of memory type M into registers of type R. Rows: the destinations, then the address.
template <class M, class R, int kCount>
const Op* load(Warp& w, const Op* op) {
  constexpr u32 kBytes = sizeof(M) * kCount;
  Access access;
  const auto kind = static_cast<AddressKind>(op->rows[7]);
  const Shape shape = resolver_of(kind)(w, op, op->rows[kCount], kBytes, false, access);
  const u32 active = w.active;
  if (shape == Shape::uniform) {
    for (int k = 0; k < kCount; ++k) {
      const R value = static_cast<R>(read<M>(access.at[0] + static_cast<u64>(k) * sizeof(M)));
      R* d = w.row<R>(op->rows[k]);
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) d[lane] = (active >> lane & 1u) != 0 ? value : d[lane];
    }
  } else if (shape == Shape::contiguous) {
    M values[kLanes * kCount];
    std::memcpy(values, reinterpret_cast<const void*>(access.at[0]), sizeof values);
    for (int k = 0; k < kCount; ++k) {
      R* d = w.row<R>(op->rows[k]);
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) d[lane] = static_cast<R>(values[lane * kCount + k]);
    }
  } else if (shape == Shape::scattered) {
    if (active == kAllLanes) {
      for (int lane = 0; lane < kLanes; ++lane) {
        for (int k = 0; k < kCount; ++k)
          w.row<R>(op->rows[k])[lane] =
              static_cast<R>(read<M>(access.at[lane] + static_cast<u64>(k) * sizeof(M)));
      }
    } else {
      for (u32 rest = active; rest != 0; rest &= rest - 1) {
        const int lane = std::countr_zero(rest);
        for (int k = 0; k < kCount; ++k)
          w.row<R>(op->rows[k])[lane] =
              static_cast<R>(read<M>(access.at[lane] + static_cast<u64>(k) * sizeof(M)));
      }
    }
  } else {
    return nullptr;
  }
  return op + 1;
}

/// Stores kCount elements. Rows: the address, then the sources. Of lanes that write the same place the last
/// one wins; the ISA leaves open which.
template <class M, class R, int kCount>
const Op* store(Warp& w, const Op* op) {
  constexpr u32 kBytes = sizeof(M) * kCount;
  Access access;
  const auto kind = static_cast<AddressKind>(op->rows[7]);
  const Shape shape = resolver_of(kind)(w, op, op->rows[0], kBytes, true, access);
  if (shape == Shape::contiguous) {
    M values[kLanes * kCount];
    for (int k = 0; k < kCount; ++k) {
      const R* s = w.row<R>(op->rows[k + 1]);
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) values[lane * kCount + k] = static_cast<M>(s[lane]);
    }
    std::memcpy(reinterpret_cast<void*>(access.at[0]), values, sizeof values);
  } else if (shape == Shape::uniform) {
    const int lane = 31 - std::countl_zero(w.active);
    for (int k = 0; k < kCount; ++k)
      write<M>(access.at[0] + static_cast<u64>(k) * sizeof(M),
               static_cast<M>(w.row<R>(op->rows[k + 1])[lane]));
  } else if (shape == Shape::scattered) {
    for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      for (int k = 0; k < kCount; ++k)
        write<M>(access.at[lane] + static_cast<u64>(k) * sizeof(M),
                 static_cast<M>(w.row<R>(op->rows[k + 1])[lane]));
    }
  } else {
    return nullptr;
  }
  return op + 1;
}

template <bool kLoad, class M, class R>
Handlers of_count(int count) {
  // Masked and full are one: an access looks at Warp::active in any case.
  const auto pick = [count]<int... kCounts>()->Handler {
    Handler h = nullptr;
    (void)((count == kCounts ? (h = kLoad ? &load<M, R, kCounts> : &store<M, R, kCounts>, true) : false) ||
           ...);
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
  if (bits == 16) return sizeof(M) <= 2 ? of_count<kLoad, M, u16>(count) : Handlers{};
  if (bits == 32) return sizeof(M) <= 4 ? of_count<kLoad, M, u32>(count) : Handlers{};
  return of_count<kLoad, M, u64>(count);
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
