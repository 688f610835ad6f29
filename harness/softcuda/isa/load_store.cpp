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

/// .b128: two registers of 64 bits; the access is one of 16 bytes, made by two host accesses where it is
/// strong.
template <bool kLoad>
Handlers bind_wide(const Form& f) {
  return of_count<kLoad, u64, u64>(2, is_strong(f));
}

const Op* nothing(Warp&, const Op* op) { return op + 1; }
Handlers bind_hint(const Form&) { return {&nothing, &nothing}; }

/// applypriority, discard: rows address, size, which has to be 128 ("the only supported value"). What discard
/// destroys must be there, and is left as it is: "unstable indeterminate" until it is written.
template <bool kDestroys>
const Op* whole_line(Warp& w, const Op* op) {
  constexpr u32 kLine = 128;
  const int lane = std::countr_zero(w.active);
  const u32 size = w.row<u32>(op->rows[1])[lane];
  if (size != kLine) return w.fault({check::FaultKind::illegal_operand, op, size, 4, lane, false, {}});
  Access access;
  const Resolver resolve = resolver_of(address_kind_of(op));
  return resolve(w, op, op->rows[0], kLine, kDestroys, access) == Shape::faulted ? nullptr : op + 1;
}

/// createpolicy: policies are hints, so that one is as good as another. Rows: d, then what nobody reads.
const Op* make_policy(Warp& w, const Op* op) {
  u64* d = w.row<u64>(op->rows[0]);
  for (int lane = 0; lane < kLanes; ++lane) d[lane] = (w.active >> lane & 1u) != 0 ? 0 : d[lane];
  return op + 1;
}
Handlers bind_policy(const Form&) { return {&make_policy, &make_policy}; }

}  // namespace

// Cache hints may stand anywhere among the modifiers: none changes what is loaded.
#define ORDER_LD "[.{weak|volatile|relaxed|acquire|mmio}][.{cta|cluster|gpu|sys}]"
#define ORDER_ST "[.{weak|volatile|relaxed|release|mmio}][.{cta|cluster|gpu|sys}]"
#define FROM "[.{global|shared|shared::cta|local|param|param::entry|param::func|const}]"
#define TO "[.{global|shared|shared::cta|local|param|param::func}]"
#define HINTS                                                                                \
  "[.{L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_allocate}]" \
  "[.{L2::evict_normal|L2::evict_first|L2::evict_last}][.{L2::64B|L2::128B|L2::256B}]"
#define POLICY ".L2::cache_hint"
#define TYPES ".{b8|u8|s8|b16|u16|s16|b32|u32|s32|f32|b64|u64|s64|f64}"
// `<policy>`: a register that nobody reads.
#define BOTH(head, types, operands, bind)                             \
  {head HINTS types operands, bind, Flow::memory}, {                  \
    head HINTS POLICY types operands ", <policy>", bind, Flow::memory \
  }

std::span<const Entry> load_store_family() {
  static const Entry entries[] = {
      BOTH("ld" ORDER_LD FROM "[.{ca|cg|cs|lu|cv}]", "[.{v2|v4}]" TYPES, " d{v}:any, [a]", bind_load),
      BOTH("ld" ORDER_LD FROM "[.{ca|cg|cs|lu|cv}]", ".b128", " d, [a]", bind_wide<true>),
      BOTH("ld.global[.{ca|cg|cs}].nc", "[.{v2|v4}]" TYPES, " d{v}:any, [a]", bind_load),
      BOTH("ld.global[.{ca|cg|cs}].nc", ".b128", " d, [a]", bind_wide<true>),
      {"ldu[.global][.{v2|v4}]" TYPES " d{v}:any, [a]", bind_load, Flow::memory},
      BOTH("st" ORDER_ST TO "[.{wb|cg|cs|wt}]", "[.{v2|v4}]" TYPES, " [a], b{v}:any", bind_store),
      BOTH("st" ORDER_ST TO "[.{wb|cg|cs|wt}]", ".b128", " [a], b", bind_wide<false>),
      {"prefetch[.{global|local}].{L1|L2|L2::evict_last|L2::evict_normal} [a]", bind_hint, Flow::memory},
      {"prefetchu.L1 [a]", bind_hint, Flow::memory},
      {"applypriority[.global].L2::evict_normal [a], n:u32",
       [](const Form&) {
         return Handlers{&whole_line<false>, &whole_line<false>};
       },
       Flow::memory},
      {"discard[.global].L2 [a], n:u32",
       [](const Form&) {
         return Handlers{&whole_line<true>, &whole_line<true>};
       },
       Flow::memory},
      {"createpolicy.fractional.{L2::evict_last|L2::evict_normal|L2::evict_first|L2::evict_unchanged}"
       "[.{L2::evict_first|L2::evict_unchanged}].b64 d, a:f32",
       bind_policy},
      {"createpolicy.fractional.{L2::evict_last|L2::evict_normal|L2::evict_first|L2::evict_unchanged}"
       "[.{L2::evict_first|L2::evict_unchanged}].b64 d",
       bind_policy},
      {"createpolicy.range[.global].{L2::evict_last|L2::evict_normal|L2::evict_first|L2::evict_unchanged}"
       "[.{L2::evict_first|L2::evict_unchanged}].b64 d, [a], n:u32, m:u32",
       bind_policy, Flow::memory},
      {"createpolicy.cvt.L2.b64 d, a", bind_policy},
  };
  return entries;
}
#undef BOTH
#undef TYPES
#undef POLICY
#undef HINTS
#undef TO
#undef FROM
#undef ORDER_ST
#undef ORDER_LD

}  // namespace softcuda::isa
