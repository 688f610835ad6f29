/// "Half Precision Floating-Point Instructions" (PTX ISA 9.7.4) for f16, bf16 and pairs of them, and their
/// comparisons ("Half Precision Comparison Instructions", 9.7.7). Computed in f32 or double and rounded once.
#include <cmath>
#include <utility>

#include "harness/softcuda/isa/elementary.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using u16 = std::uint16_t;
using u32 = std::uint32_t;

struct Fp16 {
  static constexpr u16 kSmallestNormal = 0x0400;
  static float up(u16 bits) { return to_float(F16{bits}); }
  static u16 down(float x) { return to_f16(x).bits; }
  static u16 down_odd(double x) { return to_f16(x, Round::nearest_even).bits; }
};
struct Bfloat16 {
  static constexpr u16 kSmallestNormal = 0x0080;
  static float up(u16 bits) { return to_float(Bf16{bits}); }
  static u16 down(float x) { return to_bf16(x).bits; }
  static u16 down_odd(double x) { return to_bf16(x, Round::nearest_even).bits; }
};

/// .ftz: "subnormal inputs and results are flushed to sign-preserving zero".
template <class H, bool kFtz>
u16 flushed16(u16 bits) {
  if constexpr (!kFtz) return bits;
  return static_cast<u16>((bits & 0x7fff) < H::kSmallestNormal ? bits & 0x8000 : bits);
}
/// .sat clamps to [0, 1], NaN to +0; .relu to 0 and up, NaN stays the canonical one.
template <class H, bool kFtz, bool kSat, bool kRelu>
u16 finished(u16 bits) {
  u16 r = flushed16<H, kFtz>(bits);
  const bool is_nan = std::isnan(H::up(r));
  if constexpr (kSat) r = is_nan || (r & 0x8000) != 0 ? u16{0} : H::up(r) > 1.0f ? H::down(1.0f) : r;
  if constexpr (kRelu) r = is_nan ? kNan16 : (r & 0x8000) != 0 ? u16{0} : r;
  return r;
}

/// Sums, differences and products of two halves: f32 has more than twice their bits and two, so that rounding
/// twice is rounding once (Figueroa, "When is double rounding innocuous?", 1995). f32's own range suffices
/// for f16, and for bf16 it is its own.
template <class H>
struct Add {
  static u16 of(u16 a, u16 b) { return H::down(H::up(a) + H::up(b)); }
};
template <class H>
struct Sub {
  static u16 of(u16 a, u16 b) { return H::down(H::up(a) - H::up(b)); }
};
template <class H>
struct Mul {
  static u16 of(u16 a, u16 b) {
    // bf16 products may be subnormal in f32 already, which would round twice: double holds them.
    const double product = double{H::up(a)} * double{H::up(b)};
    return product != product ? kNan16 : H::down_odd(product);
  }
};
/// The product is exact in double, its sum with c rounded to odd.
template <class H>
u16 fused16(u16 a, u16 b, u16 c) {
  const double sum = sum_to_odd(double{H::up(a)} * double{H::up(b)}, double{H::up(c)});
  return sum != sum ? kNan16 : H::down_odd(sum);
}

/// A function of one half, or two, made into one of pairs: f(low), f(high).
template <class F>
u32 pairwise(u32 a, F f) {
  return u32{f(static_cast<u16>(a))} | u32{f(static_cast<u16>(a >> 16))} << 16;
}
template <class F>
u32 pairwise(u32 a, u32 b, F f) {
  return u32{f(static_cast<u16>(a), static_cast<u16>(b))} |
         u32{f(static_cast<u16>(a >> 16), static_cast<u16>(b >> 16))} << 16;
}

bool is_pair(const Form& f) { return f.type() == Type::f16x2 || f.type() == Type::bf16x2; }
bool is_bfloat(const Form& f) { return f.type() == Type::bf16 || f.type() == Type::bf16x2; }

/// make.operator()<H>() for the element type that the form names.
template <class Make>
Handlers each_half(const Form& f, Make make) {
  return is_bfloat(f) ? make.template operator()<Bfloat16>() : make.template operator()<Fp16>();
}

template <template <class> class Operation>
Handlers bind_two(const Form& f) {
  const bool pair = is_pair(f), ftz = f.has("ftz"), sat = f.has("sat");
  return each_half(f, [=]<class H>() {
    return choose(
        []<bool kPair, bool kFtz, bool kSat>() {
          static constexpr auto one = [](u16 a, u16 b) {
            return finished<H, kFtz, kSat, false>(
                Operation<H>::of(flushed16<H, kFtz>(a), flushed16<H, kFtz>(b)));
          };
          if constexpr (kPair)
            return lanes([](u32 a, u32 b) { return pairwise(a, b, one); });
          else
            return lanes([](u16 a, u16 b) { return one(a, b); });
        },
        pair, ftz, sat);
  });
}
Handlers bind_fma(const Form& f) {
  const bool pair = is_pair(f), ftz = f.has("ftz"), sat = f.has("sat"), relu = f.has("relu");
  return each_half(f, [=]<class H>() {
    return choose(
        []<bool kPair, bool kFtz, bool kSat, bool kRelu>() {
          static constexpr auto one = [](u16 a, u16 b, u16 c) {
            return finished<H, kFtz, kSat, kRelu>(
                fused16<H>(flushed16<H, kFtz>(a), flushed16<H, kFtz>(b), flushed16<H, kFtz>(c)));
          };
          if constexpr (kPair)
            return lanes([](u32 a, u32 b, u32 c) {
              return u32{one(static_cast<u16>(a), static_cast<u16>(b), static_cast<u16>(c))} |
                     u32{one(static_cast<u16>(a >> 16), static_cast<u16>(b >> 16), static_cast<u16>(c >> 16))}
                         << 16;
            });
          else
            return lanes([](u16 a, u16 b, u16 c) { return one(a, b, c); });
        },
        pair, ftz, sat, relu);
  });
}

/// min, max: as for f32; .xorsign.abs: of magnitudes, with the product's sign.
template <bool kMax>
Handlers bind_extreme(const Form& f) {
  const bool pair = is_pair(f), ftz = f.has("ftz"), nan = f.has("NaN"), xorsign = f.has("xorsign");
  return each_half(f, [=]<class H>() {
    return choose(
        []<bool kPair, bool kFtz, bool kNan, bool kXorsign>() {
          static constexpr auto one = [](u16 left, u16 right) {
            const u16 a = flushed16<H, kFtz>(left), b = flushed16<H, kFtz>(right);
            const u16 magnitude = kXorsign ? 0x7fff : 0xffff;
            const float x = H::up(a & magnitude), y = H::up(b & magnitude);
            const u16 r = H::down(kMax ? maximum<kNan>(x, y) : minimum<kNan>(x, y));
            return static_cast<u16>(kXorsign && (r & 0x7fff) != kNan16 ? r | ((a ^ b) & 0x8000) : r);
          };
          if constexpr (kPair)
            return lanes([](u32 a, u32 b) { return pairwise(a, b, one); });
          else
            return lanes([](u16 a, u16 b) { return one(a, b); });
        },
        pair, ftz, nan, xorsign);
  });
}

/// neg and abs change the sign bit only: NaN payloads are kept, as the ISA leaves open.
template <bool kNegates>
Handlers bind_sign(const Form& f) {
  const bool pair = is_pair(f), ftz = f.has("ftz");
  return each_half(f, [=]<class H>() {
    return choose(
        []<bool kPair, bool kFtz>() {
          static constexpr auto one = [](u16 a) {
            const u16 x = flushed16<H, kFtz>(a);
            return static_cast<u16>(kNegates ? x ^ 0x8000 : x & 0x7fff);
          };
          if constexpr (kPair)
            return lanes([](u32 a) { return pairwise(a, one); });
          else
            return lanes([](u16 a) { return one(a); });
        },
        pair, ftz);
  });
}

/// ex2.approx and tanh.approx: correctly rounded, but for arguments near a tie.
template <class H, bool kTanh>
u16 approximated(u16 a) {
  const float x = H::up(a);
  if (x != x) return kNan16;
  if (kTanh && x == 0) return a;
  return H::down_odd(kTanh ? tanh_in_double(x) : exp2_in_double(x));
}
template <bool kTanh>
Handlers bind_approximate(const Form& f) {
  const bool pair = is_pair(f), ftz = f.has("ftz");
  return each_half(f, [=]<class H>() {
    return choose(
        []<bool kPair, bool kFtz>() {
          static constexpr auto one = [](u16 a) {
            return flushed16<H, kFtz>(approximated<H, kTanh>(flushed16<H, kFtz>(a)));
          };
          if constexpr (kPair)
            return lanes([](u32 a) { return pairwise(a, one); });
          else
            return lanes([](u16 a) { return one(a); });
        },
        pair, ftz);
  });
}

// ---- comparisons
// ----------------------------------------------------------------------------------------------------

/// A comparison is the set of relations for which it holds; of two floats exactly one is true.
constexpr u32 kLess = 1, kEqual = 2, kGreater = 4, kUnordered = 8;
u32 relations_of(const Form& f) {
  static constexpr std::pair<const char*, u32> kNamed[] = {
      {"eq", kEqual},
      {"ne", kLess | kGreater},
      {"lt", kLess},
      {"le", kLess | kEqual},
      {"gt", kGreater},
      {"ge", kGreater | kEqual},
      {"equ", kEqual | kUnordered},
      {"neu", kLess | kGreater | kUnordered},
      {"ltu", kLess | kUnordered},
      {"leu", kLess | kEqual | kUnordered},
      {"gtu", kGreater | kUnordered},
      {"geu", kGreater | kEqual | kUnordered},
      {"num", kLess | kEqual | kGreater},
      {"nan", kUnordered},
  };
  for (const auto& [name, relations] : kNamed)
    if (f.has(name)) return relations;
  return 0;
}

/// Op::extra of a comparison: the relations, how the result is joined with the predicate c, .ftz, and whether
/// bf16 is compared.
constexpr u32 kBoth = 16, kEither = 32, kOdd = 64, kJoin = kBoth | kEither | kOdd, kFlush = 128,
              kBfloat = 256;
u32 extra_of(const Form& f, Type compared) {
  const u32 join = f.has("and") ? kBoth : f.has("or") ? kEither : f.has("xor") ? kOdd : 0;
  const bool bfloat = compared == Type::bf16 || compared == Type::bf16x2;
  return relations_of(f) | join | (f.has("ftz") ? kFlush : 0) | (bfloat ? kBfloat : 0);
}
u32 joined(const Op* op, u32 mask, u32 c) {
  switch (op->extra & kJoin) {
    case kBoth: return mask & c;
    case kEither: return mask | c;
    case kOdd: return mask ^ c;
    default: return mask;
  }
}

/// Lanes where the comparison holds for the halves that lie `shift` bits up in rows of Register.
template <class H, class Register>
u32 half_mask(Warp& w, const Op* op, int row, int shift) {
  const Register* left = w.row<Register>(op->rows[row]);
  const Register* right = w.row<Register>(op->rows[row + 1]);
  const bool flush = (op->extra & kFlush) != 0;
  u32 less = 0, equal = 0, greater = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto a = static_cast<u16>(left[lane] >> shift), b = static_cast<u16>(right[lane] >> shift);
    const float x = H::up(flush ? flushed16<H, true>(a) : a), y = H::up(flush ? flushed16<H, true>(b) : b);
    less |= static_cast<u32>(x < y) << lane;
    equal |= static_cast<u32>(x == y) << lane;
    greater |= static_cast<u32>(x > y) << lane;
  }
  const auto where = [op](u32 relation, u32 mask) { return (op->extra & relation) != 0 ? mask : 0; };
  return where(kLess, less) | where(kEqual, equal) | where(kGreater, greater) |
         where(kUnordered, ~(less | equal | greater));
}
template <class Register>
u32 half_mask(Warp& w, const Op* op, int row, int shift) {
  return (op->extra & kBfloat) != 0 ? half_mask<Bfloat16, Register>(w, op, row, shift)
                                    : half_mask<Fp16, Register>(w, op, row, shift);
}
void put(Warp& w, u32 row, u32 value) {
  u32& p = w.predicate(row);
  p = (p & ~w.active) | (value & w.active);
}

/// setp on halves: rows p, q, a, b[, c]. Of pairs p is the low half's result and q the high one's; of single
/// halves q is the opposite.
template <class Register>
const Op* set_predicate(Warp& w, const Op* op) {
  const u32 c = (op->extra & kJoin) == 0 ? 0 : w.predicate(op->rows[4]);
  const u32 low = half_mask<Register>(w, op, 2, 0);
  const u32 second = sizeof(Register) == 4 ? half_mask<Register>(w, op, 2, 16) : ~low;
  put(w, op->rows[1], joined(op, second, c));
  put(w, op->rows[0], joined(op, low, c));
  return op + 1;
}

/// set on halves: rows d, a, b[, c]. Op::imm: what true is, of a half or of the whole register. Of pairs each
/// half has its own.
template <class Register, class Result>
const Op* set_value(Warp& w, const Op* op) {
  const u32 c = (op->extra & kJoin) == 0 ? 0 : w.predicate(op->rows[3]);
  const u32 low = joined(op, half_mask<Register>(w, op, 1, 0), c);
  const u32 high = sizeof(Register) == 4 ? joined(op, half_mask<Register>(w, op, 1, 16), c) : 0;
  const auto truth = static_cast<u32>(op->imm);
  auto* d = w.row<Result>(op->rows[0]);
  for (int lane = 0; lane < kLanes; ++lane) {
    if ((w.active >> lane & 1u) == 0) continue;
    d[lane] = static_cast<Result>(((low >> lane & 1u) != 0 ? truth : 0) |
                                  ((high >> lane & 1u) != 0 ? truth << 16 : 0));
  }
  return op + 1;
}

template <class Register>
Handlers bind_setp(const Form& f) {
  return {&set_predicate<Register>, &set_predicate<Register>, 0, extra_of(f, f.type())};
}
std::int64_t truth_of(Type type) {
  switch (type) {
    case Type::f32: return bits_of(1.0f);
    case Type::f16:
    case Type::f16x2: return 0x3c00;
    case Type::bf16:
    case Type::bf16x2: return 0x3f80;
    default: return 0xffffffff;
  }
}
/// Integer results of pairs: "0xffff" in each half that is true.
template <class Register, class Result>
Handlers bind_set(const Form& f) {
  std::int64_t truth = truth_of(f.type(0));
  if (sizeof(Register) == 4 && truth == 0xffffffff) truth = 0xffff;
  return {&set_value<Register, Result>, &set_value<Register, Result>, truth, extra_of(f, f.type(1))};
}

}  // namespace

#define COMPARISONS "{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}"
std::span<const Entry> half_family() {
  static const Entry entries[] = {
      {"add[.rn][.ftz][.sat].{f16|f16x2|bf16|bf16x2} d, a, b", bind_two<Add>},
      {"sub[.rn][.ftz][.sat].{f16|f16x2|bf16|bf16x2} d, a, b", bind_two<Sub>},
      {"mul[.rn][.ftz][.sat].{f16|f16x2|bf16|bf16x2} d, a, b", bind_two<Mul>},
      {"fma.rn[.ftz][.sat].{f16|f16x2|bf16|bf16x2} d, a, b, c", bind_fma},
      {"fma.rn[.ftz].relu.{f16|f16x2|bf16|bf16x2} d, a, b, c", bind_fma},
      {"neg[.ftz].{f16|f16x2|bf16|bf16x2} d, a", bind_sign<true>},
      {"abs[.ftz].{f16|f16x2|bf16|bf16x2} d, a", bind_sign<false>},
      {"min[.ftz][.NaN][.xorsign][.abs].{f16|f16x2|bf16|bf16x2} d, a, b", bind_extreme<false>},
      {"max[.ftz][.NaN][.xorsign][.abs].{f16|f16x2|bf16|bf16x2} d, a, b", bind_extreme<true>},
      {"ex2.approx[.ftz].{f16|f16x2|bf16|bf16x2} d, a", bind_approximate<false>},
      {"tanh.approx.{f16|f16x2|bf16|bf16x2} d, a", bind_approximate<true>},
      {"setp." COMPARISONS "[.ftz].{f16|bf16} p:pred|q:pred, a, b", bind_setp<u16>},
      {"setp." COMPARISONS ".{and|or|xor}[.ftz].{f16|bf16} p:pred|q:pred, a, b, c:pred", bind_setp<u16>},
      {"setp." COMPARISONS "[.ftz].{f16x2|bf16x2} p:pred|q:pred, a, b", bind_setp<u32>},
      {"setp." COMPARISONS ".{and|or|xor}[.ftz].{f16x2|bf16x2} p:pred|q:pred, a, b, c:pred", bind_setp<u32>},
      {"set." COMPARISONS "[.ftz].{f16|bf16}.{f16|bf16} d, a:T2, b:T2", bind_set<u16, u16>},
      {"set." COMPARISONS "[.ftz].{u32|s32|f32}.{f16|bf16} d, a:T2, b:T2", bind_set<u16, u32>},
      {"set." COMPARISONS "[.ftz].{f16x2|bf16x2|u32|s32}.{f16x2|bf16x2} d, a:T2, b:T2", bind_set<u32, u32>},
      {"set." COMPARISONS ".{and|or|xor}[.ftz].{f16|bf16}.{f16|bf16} d, a:T2, b:T2, c:pred",
       bind_set<u16, u16>},
      {"set." COMPARISONS ".{and|or|xor}[.ftz].{u32|s32|f32}.{f16|bf16} d, a:T2, b:T2, c:pred",
       bind_set<u16, u32>},
      {"set." COMPARISONS ".{and|or|xor}[.ftz].{f16x2|bf16x2|u32|s32}.{f16x2|bf16x2} d, a:T2, b:T2, c:pred",
       bind_set<u32, u32>},
  };
  return entries;
}
#undef COMPARISONS

}  // namespace softcuda::isa
