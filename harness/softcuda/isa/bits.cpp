/// "Logic and Shift Instructions" (PTX ISA 9.7.8) and the bit-field instructions of 9.7.1.
#include <bit>
#include <cstdlib>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using u32 = std::uint32_t;

/// Bitwise operations on b16..b64 rows and on predicates' masks.
template <class F>
Handlers bitwise(const Form& f, F operation) {
  if (f.type() == Type::pred)
    return lanes([](bool a, bool b) { return static_cast<bool>(F{}(u32{a}, u32{b}) & 1u); });
  (void)operation;
  return each_bits(f.type(),
                   []<class T>() { return lanes([](T a, T b) { return static_cast<T>(F{}(a, b)); }); });
}

/// "Shift amounts greater than the register width N are clamped to N."
template <class T>
T shifted_left(T a, u32 b) {
  return b >= 8 * sizeof(T) ? T{0} : static_cast<T>(a << b);
}
template <class T>
T shifted_right(T a, u32 b) {
  constexpr u32 kWidth = 8 * sizeof(T);
  if constexpr (std::is_signed_v<T>)
    return static_cast<T>(a >> (b >= kWidth ? kWidth - 1 : b));
  else
    return b >= kWidth ? T{0} : static_cast<T>(a >> b);
}

template <class T>
T reversed_bits(T x) {
  T r = 0;
  for (unsigned k = 0; k < 8 * sizeof(T); ++k) r = static_cast<T>(r << 1 | (x >> k & 1));
  return r;
}

/// "bfe": bits pos .. pos+len-1, extended by the highest one when signed; pos and len are 8 bits wide.
template <class T>
T extracted(T a, u32 b, u32 c) {
  constexpr u32 kWidth = 8 * sizeof(T);
  const u32 pos = b & 0xff, len = c & 0xff;
  const bool fill = std::is_signed_v<T> && len != 0 && ((a >> std::min(pos + len - 1, kWidth - 1)) & 1) != 0;
  using Unsigned = std::make_unsigned_t<T>;
  const Unsigned moved = pos >= kWidth ? Unsigned{0} : static_cast<Unsigned>(static_cast<Unsigned>(a) >> pos);
  const u32 have = pos >= kWidth ? 0 : std::min(len, kWidth - pos);
  const Unsigned keep =
      have >= kWidth ? static_cast<Unsigned>(-1) : static_cast<Unsigned>((Unsigned{1} << have) - 1);
  return static_cast<T>((moved & keep) | (fill ? static_cast<Unsigned>(~keep) : Unsigned{0}));
}

/// "bfi": the low len bits of a go into b at pos.
template <class T>
T inserted(T a, T b, u32 c, u32 d) {
  constexpr u32 kWidth = 8 * sizeof(T);
  const u32 pos = c & 0xff, len = std::min(d & 0xff, kWidth);
  if (pos >= kWidth || len == 0) return b;
  const T keep =
      static_cast<T>((len >= kWidth ? static_cast<T>(-1) : static_cast<T>((T{1} << len) - 1)) << pos);
  return static_cast<T>((b & static_cast<T>(~keep)) | (static_cast<T>(a << pos) & keep));
}

/// "bfind": the position of the most significant bit that is not a sign; all ones when there is none.
template <class T, bool kShift>
u32 found(T a) {
  using Unsigned = std::make_unsigned_t<T>;
  const auto bits = static_cast<Unsigned>(std::is_signed_v<T> && a < 0 ? static_cast<Unsigned>(~a)
                                                                       : static_cast<Unsigned>(a));
  if (bits == 0) return 0xffffffffu;
  const u32 zeros = static_cast<u32>(std::countl_zero(bits));
  return kShift ? zeros : static_cast<u32>(8 * sizeof(T)) - 1 - zeros;
}

/// "prmt", default mode: four selectors of 4 bits; the top one replicates the byte's sign.
u32 permuted(u32 a, u32 b, u32 c) {
  const std::uint64_t both = std::uint64_t{b} << 32 | a;
  u32 r = 0;
  for (u32 k = 0; k < 4; ++k) {
    const u32 selector = c >> (4 * k) & 0xf;
    const u32 byte = static_cast<u32>(both >> (8 * (selector & 7)) & 0xff);
    const u32 sign = (byte & 0x80) != 0 ? 0xffu : 0u;
    r |= ((selector & 8) != 0 ? sign : byte) << (8 * k);
  }
  return r;
}
/// The selector of a byte in one of prmt's named modes.
template <class F>
u32 permuted_by(u32 a, u32 b, F selector_of) {
  u32 selectors = 0;
  for (u32 k = 0; k < 4; ++k) selectors |= selector_of(k) << (4 * k);
  return permuted(a, b, selectors);
}

/// "lop3": bit k of the result is bit (a_k, b_k, c_k) of the table. The table is an immediate, but a row like
/// every operand, so the eight minterms are selected by masks instead of by 256 instantiations.
u32 lop3(u32 a, u32 b, u32 c, u32 table) {
  u32 r = 0;
  for (u32 k = 0; k < 8; ++k) {
    const u32 want = 0u - (table >> k & 1u);
    r |= want & ((k & 4) != 0 ? a : ~a) & ((k & 2) != 0 ? b : ~b) & ((k & 1) != 0 ? c : ~c);
  }
  return r;
}

/// "lop3.BoolOp": rows d, p, a, b, c, table, q; p = (d != 0) BoolOp q.
template <bool kAnd>
const Op* lop3_with_predicate(Warp& w, const Op* op) {
  u32* d = w.row<u32>(op->rows[0]);
  const u32 q = w.predicate(op->rows[6]);
  u32 some = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto operand = [&](int row) { return w.row<u32>(op->rows[row])[lane]; };
    const u32 value = lop3(operand(2), operand(3), operand(4), operand(5));
    some |= static_cast<u32>(value != 0) << lane;
    d[lane] = (w.active >> lane & 1u) != 0 ? value : d[lane];
  }
  u32& p = w.predicate(op->rows[1]);
  p = (p & ~w.active) | ((kAnd ? some & q : some | q) & w.active);
  return op + 1;
}

/// "fns": the position of the offset-th set bit of mask, counted from base: upwards, downwards for negative
/// offsets, base itself for 0; all ones where there is none.
u32 nth_set(u32 mask, u32 base, std::int32_t offset) {
  constexpr u32 kNone = 0xffffffffu;
  if (offset == 0) return base < 32 && (mask >> base & 1u) != 0 ? base : kNone;
  std::int64_t count = std::abs(std::int64_t{offset}) - 1;
  for (std::int64_t at = base; at >= 0 && at<32; at += offset> 0 ? 1 : -1) {
    if ((mask >> at & 1u) == 0) continue;
    if (count-- == 0) return static_cast<u32>(at);
  }
  return kNone;
}

/// "shf": 32 bits of the 64-bit word b:a.
template <bool kLeft, bool kWrap>
u32 funnel(u32 a, u32 b, u32 c) {
  const u32 n = kWrap ? (c & 31u) : (c > 32u ? 32u : c);
  const std::uint64_t both = std::uint64_t{b} << 32 | a;
  return kLeft ? static_cast<u32>((both << n) >> 32) : static_cast<u32>(both >> n);
}

template <class T, bool kSignedB, int kHalf>
u32 dot(u32 a, u32 b, u32 c, int terms) {
  u32 r = c;
  for (int k = 0; k < terms; ++k) {
    const auto left =
        terms == 4 ? static_cast<std::int32_t>(static_cast<T>(a >> (8 * k)))
                   : static_cast<std::int32_t>(
                         static_cast<std::conditional_t<std::is_signed_v<T>, std::int16_t, std::uint16_t>>(
                             a >> (16 * k)));
    const u32 byte = b >> (8 * (k + kHalf * 2)) & 0xff;
    const auto right = kSignedB ? static_cast<std::int32_t>(static_cast<std::int8_t>(byte))
                                : static_cast<std::int32_t>(byte);
    r += static_cast<u32>(left * right);
  }
  return r;
}
template <int kTerms, int kHalf>
Handlers bind_dot(const Form& f) {
  const bool a_signed = f.type(0) == Type::s32, b_signed = f.type(1) == Type::s32;
  return choose(
      []<bool kA, bool kB>() {
        using T = std::conditional_t<kA, std::int8_t, std::uint8_t>;
        return lanes([](u32 a, u32 b, u32 c) { return dot<T, kB, kHalf>(a, b, c, kTerms); });
      },
      a_signed, b_signed);
}

}  // namespace

std::span<const Entry> bits_family() {
  static const Entry entries[] = {
      {"and.{pred|b16|b32|b64} d, a, b",
       [](const Form& f) { return bitwise(f, [](auto a, auto b) { return a & b; }); }},
      {"or.{pred|b16|b32|b64} d, a, b",
       [](const Form& f) { return bitwise(f, [](auto a, auto b) { return a | b; }); }},
      {"xor.{pred|b16|b32|b64} d, a, b",
       [](const Form& f) { return bitwise(f, [](auto a, auto b) { return a ^ b; }); }},
      {"not.{pred|b16|b32|b64} d, a",
       [](const Form& f) {
         if (f.type() == Type::pred) return lanes([](bool a) { return !a; });
         return each_bits(f.type(), []<class T>() { return lanes([](T a) { return static_cast<T>(~a); }); });
       }},
      {"cnot.{b16|b32|b64} d, a",
       [](const Form& f) {
         return each_bits(f.type(),
                          []<class T>() { return lanes([](T a) { return static_cast<T>(a == 0); }); });
       }},
      {"lop3.b32 d, a, b, c, e:u32",
       [](const Form&) {
         return lanes([](u32 a, u32 b, u32 c, u32 table) { return lop3(a, b, c, table); });
       }},
      {"lop3.{or|and}.b32 d|p:pred, a, b, c, e:u32, m:pred",
       [](const Form& f) {
         return f.has("and") ? Handlers{&lop3_with_predicate<true>, &lop3_with_predicate<true>}
                             : Handlers{&lop3_with_predicate<false>, &lop3_with_predicate<false>};
       }},
      {"fns.b32 d, a, b, c:s32",
       [](const Form&) {
         return lanes([](u32 mask, u32 base, std::int32_t offset) { return nth_set(mask, base, offset); });
       }},
      {"shl.{b16|b32|b64} d, a, b:u32",
       [](const Form& f) {
         return each_bits(f.type(),
                          []<class T>() { return lanes([](T a, u32 b) { return shifted_left(a, b); }); });
       }},
      {"shr.{b16|b32|b64|u16|u32|u64|s16|s32|s64} d, a, b:u32",
       [](const Form& f) {
         return each_integer(f.type(),
                             []<class T>() { return lanes([](T a, u32 b) { return shifted_right(a, b); }); });
       }},
      {"shf.{l|r}.{clamp|wrap}.b32 d, a, b, c",
       [](const Form& f) {
         return choose(
             []<bool kLeft, bool kWrap>() {
               return lanes([](u32 a, u32 b, u32 c) { return funnel<kLeft, kWrap>(a, b, c); });
             },
             f.has("l"), f.has("wrap"));
       }},
      {"popc.{b32|b64} d:u32, a",
       [](const Form& f) {
         return each_bits(f.type(), []<class T>() {
           return lanes([](T a) { return static_cast<u32>(std::popcount(a)); });
         });
       }},
      {"clz.{b32|b64} d:u32, a",
       [](const Form& f) {
         return each_bits(f.type(), []<class T>() {
           return lanes([](T a) { return static_cast<u32>(std::countl_zero(a)); });
         });
       }},
      {"bfind[.shiftamt].{u32|s32|u64|s64} d:u32, a",
       [](const Form& f) {
         const bool shift = f.has("shiftamt");
         return each_integer(f.type(), [shift]<class T>() {
           return choose([]<bool kShift>() { return lanes([](T a) { return found<T, kShift>(a); }); }, shift);
         });
       }},
      {"brev.{b32|b64} d, a",
       [](const Form& f) {
         return each_bits(f.type(), []<class T>() { return lanes([](T a) { return reversed_bits(a); }); });
       }},
      {"bfe.{u32|s32|u64|s64} d, a, b:u32, c:u32",
       [](const Form& f) {
         return each_integer(
             f.type(), []<class T>() { return lanes([](T a, u32 b, u32 c) { return extracted(a, b, c); }); });
       }},
      {"bfi.{b32|b64} d, a, b, c:u32, e:u32",
       [](const Form& f) {
         return each_bits(f.type(), []<class T>() {
           return lanes([](T a, T b, u32 c, u32 e) { return inserted(a, b, c, e); });
         });
       }},
      {"bmsk.{clamp|wrap}.b32 d, a, b",
       [](const Form& f) {
         return choose(
             []<bool kWrap>() {
               return lanes([](u32 a, u32 b) -> u32 {
                 const u32 pos = kWrap ? (a & 31) : std::min(a, 32u),
                           len = kWrap ? (b & 31) : std::min(b, 32u);
                 return static_cast<u32>((((std::uint64_t{1} << len) - 1) << pos));
               });
             },
             f.has("wrap"));
       }},
      {"szext.{clamp|wrap}.{u32|s32} d, a, b:u32",
       [](const Form& f) {
         return choose(
             []<bool kWrap, bool kSigned>() {
               return lanes([](u32 a, u32 b) -> u32 {
                 const u32 n = kWrap ? (b & 31) : b;
                 if (n >= 32) return a;
                 if (n == 0) return 0;
                 if (kSigned) return static_cast<u32>(static_cast<std::int32_t>(a << (32 - n)) >> (32 - n));
                 return a & ((1u << n) - 1);
               });
             },
             f.has("wrap"), f.type() == Type::s32);
       }},
      {"prmt.b32 d, a, b, c",
       [](const Form&) { return lanes([](u32 a, u32 b, u32 c) { return permuted(a, b, c); }); }},
      {"prmt.b32.{f4e|b4e|rc8|ecl|ecr|rc16} d, a, b, c",
       [](const Form& f) {
         if (f.has("f4e"))
           return lanes([](u32 a, u32 b, u32 c) {
             return permuted_by(a, b, [c](u32 k) { return ((c & 3) + k) & 7; });
           });
         if (f.has("b4e"))
           return lanes([](u32 a, u32 b, u32 c) {
             return permuted_by(a, b, [c](u32 k) { return ((c & 3) - k) & 7; });
           });
         if (f.has("rc8"))
           return lanes([](u32 a, u32 b, u32 c) { return permuted_by(a, b, [c](u32) { return c & 3; }); });
         if (f.has("ecl"))
           return lanes([](u32 a, u32 b, u32 c) {
             return permuted_by(a, b, [c](u32 k) { return std::max(k, c & 3); });
           });
         if (f.has("ecr"))
           return lanes([](u32 a, u32 b, u32 c) {
             return permuted_by(a, b, [c](u32 k) { return std::min(k, c & 3); });
           });
         return lanes([](u32 a, u32 b, u32 c) {
           return permuted_by(a, b, [c](u32 k) { return (c & 1) * 2 + (k & 1); });
         });
       }},
      {"dp4a.{u32|s32}.{u32|s32} d:b32, a:b32, b:b32, c:b32", bind_dot<4, 0>},
      {"dp2a.lo.{u32|s32}.{u32|s32} d:b32, a:b32, b:b32, c:b32", bind_dot<2, 0>},
      {"dp2a.hi.{u32|s32}.{u32|s32} d:b32, a:b32, b:b32, c:b32", bind_dot<2, 1>},
  };
  return entries;
}

}  // namespace softcuda::isa
