/// "Comparison and Selection Instructions" (PTX ISA 9.7.6, 9.7.7).
#include "harness/softcuda/isa/compare.h"

#include <cmath>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using ptx::Type;

/// How a comparison's result is combined with the predicate c.
enum class Join : std::uint8_t { none, both, either, odd };
Join join_of(const Form& f) {
  return f.has("and") ? Join::both : f.has("or") ? Join::either : f.has("xor") ? Join::odd : Join::none;
}

template <Join kJoin>
std::uint32_t joined(std::uint32_t a, std::uint32_t c) {
  if constexpr (kJoin == Join::both) return a & c;
  if constexpr (kJoin == Join::either) return a | c;
  if constexpr (kJoin == Join::odd) return a ^ c;
  return a;
}

/// setp: rows p, q, a, b and, with a join, c.
template <class Compare, class T, Join kJoin, bool kFull>
const Op* set_predicate(Warp& w, const Op* op) {
  const std::uint32_t mask = mask_where<Compare>(w.row<T>(op->rows[2]), w.row<T>(op->rows[3]));
  const std::uint32_t c = kJoin == Join::none ? 0 : w.predicate(op->rows[4]);
  const std::uint32_t yes = joined<kJoin>(mask, c), no = joined<kJoin>(~mask, c);
  std::uint32_t& p = w.predicate(op->rows[0]);
  std::uint32_t& q = w.predicate(op->rows[1]);
  const std::uint32_t active = kFull ? kAllLanes : w.active;
  q = (q & ~active) | (no & active);
  p = (p & ~active) | (yes & active);
  return op + 1;
}
template <class Compare, class T>
Handlers setp_handlers(Join join) {
  switch (join) {
    case Join::none:
      return {&set_predicate<Compare, T, Join::none, true>, &set_predicate<Compare, T, Join::none, false>};
    case Join::both:
      return {&set_predicate<Compare, T, Join::both, true>, &set_predicate<Compare, T, Join::both, false>};
    case Join::either:
      return {&set_predicate<Compare, T, Join::either, true>,
              &set_predicate<Compare, T, Join::either, false>};
    default:
      return {&set_predicate<Compare, T, Join::odd, true>, &set_predicate<Compare, T, Join::odd, false>};
  }
}

Handlers bind_setp(const Form& f) {
  const Join join = join_of(f);
  return each_comparison(f, f.type(),
                         [join]<class Compare, class T>() { return setp_handlers<Compare, T>(join); });
}

/// set: the result is all ones or 1.0 in the destination's type.
template <class D>
D truth(bool yes) {
  if constexpr (std::is_same_v<D, float>)
    return yes ? 1.0f : 0.0f;
  else
    return yes ? static_cast<D>(-1) : D{0};
}
Handlers bind_set(const Form& f) {
  const bool to_float = f.type(0) == Type::f32;
  const Join join = join_of(f);
  return each_comparison(f, f.type(1), [to_float, join]<class Compare, class T>() -> Handlers {
    auto make = [join]<class D>() -> Handlers {
      switch (join) {
        case Join::none: return lanes([](T a, T b) { return truth<D>(Compare{}(a, b)); });
        case Join::both: return lanes([](T a, T b, bool c) { return truth<D>(Compare{}(a, b) && c); });
        case Join::either: return lanes([](T a, T b, bool c) { return truth<D>(Compare{}(a, b) || c); });
        default: return lanes([](T a, T b, bool c) { return truth<D>(Compare{}(a, b) != c); });
      }
    };
    return to_float ? make.template operator()<float>() : make.template operator()<std::uint32_t>();
  });
}

Handlers bind_testp(const Form& f) {
  auto make = [&f](auto test) -> Handlers {
    using F = decltype(test);
    if (f.type() == Type::f32) return lanes([](float a) { return F{}(a); });
    return lanes([](double a) { return F{}(a); });
  };
  if (f.has("finite")) return make([](auto a) { return std::isfinite(a); });
  if (f.has("infinite")) return make([](auto a) { return std::isinf(a); });
  if (f.has("number")) return make([](auto a) { return !std::isnan(a); });
  if (f.has("notanumber")) return make([](auto a) { return std::isnan(a); });
  if (f.has("normal")) return make([](auto a) { return std::isnormal(a); });
  return make([](auto a) { return std::fpclassify(a) == FP_SUBNORMAL; });
}

Handlers bind_selp(const Form& f) {
  return each_bits(f.type(), []<class T>() { return lanes([](T a, T b, bool c) { return c ? a : b; }); });
}
Handlers bind_slct(const Form& f) {
  const bool by_float = f.type(1) == Type::f32, ftz = f.has("ftz");
  return each_bits(f.type(0), [by_float, ftz]<class T>() -> Handlers {
    if (!by_float) return lanes([](T a, T b, std::int32_t c) { return c >= 0 ? a : b; });
    // "if operand c is NaN, operand b"; -0 counts as 0, and with .ftz so do subnormals.
    if (ftz) return lanes([](T a, T b, float c) { return flushed(c) >= 0.0f ? a : b; });
    return lanes([](T a, T b, float c) { return c >= 0.0f ? a : b; });
  });
}

}  // namespace

std::span<const Entry> compare_family() {
  static const Entry entries[] = {
      {"setp.{eq|ne}.{b16|b32|b64} p:pred|q:pred, a, b", bind_setp},
      {"setp.{eq|ne}.{and|or|xor}.{b16|b32|b64} p:pred|q:pred, a, b, c:pred", bind_setp},
      {"setp.{eq|ne|lt|le|gt|ge}.{s16|s32|s64} p:pred|q:pred, a, b", bind_setp},
      {"setp.{eq|ne|lt|le|gt|ge}.{and|or|xor}.{s16|s32|s64} p:pred|q:pred, a, b, c:pred", bind_setp},
      {"setp.{eq|ne|lt|le|gt|ge|lo|ls|hi|hs}.{u16|u32|u64} p:pred|q:pred, a, b", bind_setp},
      {"setp.{eq|ne|lt|le|gt|ge|lo|ls|hi|hs}.{and|or|xor}.{u16|u32|u64} p:pred|q:pred, a, b, c:pred",
       bind_setp},
      {"setp.{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}[.ftz].f32 p:pred|q:pred, a, b", bind_setp},
      {"setp.{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}.{and|or|xor}[.ftz].f32 p:pred|q:pred, a, b, "
       "c:pred",
       bind_setp},
      {"setp.{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}.f64 p:pred|q:pred, a, b", bind_setp},
      {"setp.{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}.{and|or|xor}.f64 p:pred|q:pred, a, b, "
       "c:pred",
       bind_setp},
      {"set.{eq|ne|lt|le|gt|ge|lo|ls|hi|hs}.{u32|s32|f32}.{b16|b32|b64|u16|u32|u64|s16|s32|s64} d, a:T2, "
       "b:T2",
       bind_set},
      {"set.{eq|ne|lt|le|gt|ge|lo|ls|hi|hs}.{and|or|xor}.{u32|s32|f32}.{b16|b32|b64|u16|u32|u64|s16|s32|s64} "
       "d, a:T2, b:T2, c:pred",
       bind_set},
      {"set.{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}[.ftz].{u32|s32|f32}.f32 d, a:T2, b:T2",
       bind_set},
      {"set.{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}.{and|or|xor}[.ftz].{u32|s32|f32}.f32 d, "
       "a:T2, b:T2, c:pred",
       bind_set},
      {"set.{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}.{u32|s32|f32}.f64 d, a:T2, b:T2", bind_set},
      {"set.{eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan}.{and|or|xor}.{u32|s32|f32}.f64 d, a:T2, "
       "b:T2, c:pred",
       bind_set},
      {"selp.{b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64} d, a, b, c:pred", bind_selp},
      {"slct.{b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64}.s32 d, a, b, c:s32", bind_slct},
      {"slct[.ftz].{b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64}.f32 d, a, b, c:f32", bind_slct},
      {"testp.{finite|infinite|number|notanumber|normal|subnormal}.{f32|f64} p:pred, a", bind_testp},
  };
  return entries;
}

}  // namespace softcuda::isa
