/// "Parallel Synchronization: atom, red" (PTX ISA 9.7.13). Lanes go one after the other, in lane order. Every
/// scope and order is executed as a sequentially consistent host atomic, which is at least as strong.
#include <atomic>
#include <bit>
#include <type_traits>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// One lane's read-modify-write of the T at `at`: f(old) is stored, old returned.
template <class T, class F>
T exchange(u64 at, F f) {
  std::atomic_ref<T> place(*check::at_host<T>(at));
  T old = place.load(std::memory_order_relaxed);
  while (!place.compare_exchange_weak(old, f(old))) {
  }
  return old;
}

/// F{}(old, b, c[, whether the place is in shared memory]) is stored. Rows of atom: d, address, b[, c]; of
/// red: address, b.
template <class T, class F, bool kReturns, bool kThree>
const Op* atomic(Warp& w, const Op* op) {
  constexpr int kAt = kReturns ? 1 : 0;
  Access access;
  const Shape shape = reach(w, op, op->rows[kAt], sizeof(T), Use::update, access);
  if (shape == Shape::faulted) return nullptr;
  spread(access, shape, sizeof(T));
  const T* b = w.row<T>(op->rows[kAt + 1]);
  const T* c = w.row<T>(op->rows[kAt + (kThree ? 2 : 1)]);
  T* d = kReturns ? w.row<T>(op->rows[0]) : nullptr;
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const u64 at = access.at[lane];
    const T old = exchange<T>(at, [&](T before) {
      if constexpr (std::is_invocable_v<F, T, T, T, bool>)
        return F{}(before, b[lane], c[lane], at - check::address_of(w.shared) < w.shared_bytes);
      else
        return F{}(before, b[lane], c[lane]);
    });
    if constexpr (kReturns) d[lane] = old;
  }
  return op + 1;
}

template <class T, bool kThree = false, class F>
Handlers made(const Form& f, F) {
  if (f.opcode() == "red") return {&atomic<T, F, false, kThree>, &atomic<T, F, false, kThree>};
  return {&atomic<T, F, true, kThree>, &atomic<T, F, true, kThree>};
}

/// add, min, max on numbers.
template <class T>
Handlers arithmetic(const Form& f) {
  using U = std::make_unsigned_t<T>;
  if (f.has("add"))
    return made<T>(f, [](T a, T b, T) { return static_cast<T>(static_cast<U>(a) + static_cast<U>(b)); });
  if (f.has("min")) return made<T>(f, [](T a, T b, T) { return a < b ? a : b; });
  return made<T>(f, [](T a, T b, T) { return a > b ? a : b; });
}
Handlers bind_arithmetic(const Form& f) {
  switch (f.type()) {
    case Type::u32: return arithmetic<u32>(f);
    case Type::s32: return arithmetic<std::int32_t>(f);
    case Type::u64: return arithmetic<u64>(f);
    default: return arithmetic<std::int64_t>(f);
  }
}
template <class T>
Handlers bitwise(const Form& f) {
  if (f.has("and")) return made<T>(f, [](T a, T b, T) { return static_cast<T>(a & b); });
  if (f.has("or")) return made<T>(f, [](T a, T b, T) { return static_cast<T>(a | b); });
  if (f.has("xor")) return made<T>(f, [](T a, T b, T) { return static_cast<T>(a ^ b); });
  return made<T>(f, [](T, T b, T) { return b; });  // exch
}
Handlers bind_bitwise(const Form& f) { return f.type() == Type::b32 ? bitwise<u32>(f) : bitwise<u64>(f); }

/// cas: stores c where the old value equals b.
template <class T>
Handlers swap(const Form& f) {
  return made<T, true>(f, [](T a, T b, T c) { return a == b ? c : a; });
}
Handlers bind_swap(const Form& f) {
  const int bits = ptx::bits_of(f.type());
  return bits == 16 ? swap<u16>(f) : bits == 32 ? swap<u32>(f) : swap<u64>(f);
}

Handlers bind_wrapping(const Form& f) {
  if (f.has("inc")) return made<u32>(f, [](u32 a, u32 b, u32) { return a >= b ? 0u : a + 1; });
  return made<u32>(f, [](u32 a, u32 b, u32) { return a == 0 || a > b ? b : a - 1; });
}

template <bool kFtz>
u32 sum_f32(u32 a, u32 b) {
  return bits_of(result<kFtz>(input<kFtz>(float_of(a)) + input<kFtz>(float_of(b))));
}
/// Floating-point addition by round to nearest. "atom.add.f32 on global memory flushes subnormal inputs and
/// results to sign-preserving zero; on shared memory it supports them": of generic addresses each lane's
/// says.
Handlers add_f32(const Form& f) {
  if (f.space() == ptx::Space::shared)
    return made<u32>(f, [](u32 a, u32 b, u32) { return sum_f32<false>(a, b); });
  if (f.space() == ptx::Space::global)
    return made<u32>(f, [](u32 a, u32 b, u32) { return sum_f32<true>(a, b); });
  return made<u32>(
      f, [](u32 a, u32 b, u32, bool shared) { return shared ? sum_f32<false>(a, b) : sum_f32<true>(a, b); });
}
Handlers bind_add_float(const Form& f) {
  if (f.type() == Type::f64) {
    return made<u64>(f, [](u64 a, u64 b, u64) {
      return std::bit_cast<u64>(canonical(std::bit_cast<double>(a) + std::bit_cast<double>(b)));
    });
  }
  return add_f32(f);
}

u16 sum_f16(u16 a, u16 b) {
  return to_f16(sum_to_odd(to_float(F16{a}), to_float(F16{b})), Round::nearest_even).bits;
}
u16 sum_bf16(u16 a, u16 b) {
  return to_bf16(sum_to_odd(to_float(Bf16{a}), to_float(Bf16{b})), Round::nearest_even).bits;
}
Handlers bind_add_half(const Form& f) {
  switch (f.type()) {
    case Type::f16: return made<u16>(f, [](u16 a, u16 b, u16) { return sum_f16(a, b); });
    case Type::bf16: return made<u16>(f, [](u16 a, u16 b, u16) { return sum_bf16(a, b); });
    case Type::f16x2:
      return made<u32>(f, [](u32 a, u32 b, u32) {
        return u32{sum_f16(static_cast<u16>(a >> 16), static_cast<u16>(b >> 16))} << 16 |
               sum_f16(static_cast<u16>(a), static_cast<u16>(b));
      });
    default:
      return made<u32>(f, [](u32 a, u32 b, u32) {
        return u32{sum_bf16(static_cast<u16>(a >> 16), static_cast<u16>(b >> 16))} << 16 |
               sum_bf16(static_cast<u16>(a), static_cast<u16>(b));
      });
  }
}

#define FLASHDIFF_ORDER \
  "[.{relaxed|acquire|release|acq_rel}][.{cta|cluster|gpu|sys}][.{global|shared|shared::cta}]"

}  // namespace

// `<policy>`: a register that nobody reads.
#define BOTH(head, modifiers, operands, bind)                                  \
  {head modifiers operands, bind, Flow::memory}, {                             \
    head modifiers ".L2::cache_hint" operands ", <policy>", bind, Flow::memory \
  }

std::span<const Entry> atomic_family() {
  static const Entry entries[] = {
      BOTH("atom" FLASHDIFF_ORDER, ".{add|min|max}.{u32|s32|u64|s64}", " d, [a], b", bind_arithmetic),
      BOTH("atom" FLASHDIFF_ORDER, ".{and|or|xor|exch}.{b32|b64}", " d, [a], b", bind_bitwise),
      BOTH("atom" FLASHDIFF_ORDER, ".{inc|dec}.u32", " d, [a], b", bind_wrapping),
      BOTH("atom" FLASHDIFF_ORDER, ".cas.{b16|b32|b64}", " d, [a], b, c", bind_swap),
      BOTH("atom" FLASHDIFF_ORDER, ".add.{f32|f64}", " d, [a], b", bind_add_float),
      BOTH("atom" FLASHDIFF_ORDER, ".add.noftz.{f16|bf16|f16x2|bf16x2}", " d, [a], b", bind_add_half),
      BOTH("red" FLASHDIFF_ORDER, ".{add|min|max}.{u32|s32|u64|s64}", " [a], b", bind_arithmetic),
      BOTH("red" FLASHDIFF_ORDER, ".{and|or|xor}.{b32|b64}", " [a], b", bind_bitwise),
      BOTH("red" FLASHDIFF_ORDER, ".{inc|dec}.u32", " [a], b", bind_wrapping),
      BOTH("red" FLASHDIFF_ORDER, ".add.{f32|f64}", " [a], b", bind_add_float),
      BOTH("red" FLASHDIFF_ORDER, ".add.noftz.{f16|bf16|f16x2|bf16x2}", " [a], b", bind_add_half),
  };
  return entries;
}
#undef BOTH
#undef FLASHDIFF_ORDER

}  // namespace softcuda::isa
