/// "Comparison and Selection Instructions" (PTX ISA 9.7.6, 9.7.7).
#include "harness/softcuda/isa/compare.h"

#include <cmath>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using ptx::Type;

/// How a comparison's result is combined with the predicate c; kept in Op::extra.
enum class Join : std::uint32_t { none, both, either, odd };
Join join_of(const Form& f) {
  return f.has("and") ? Join::both : f.has("or") ? Join::either : f.has("xor") ? Join::odd : Join::none;
}
std::uint32_t joined(Join join, std::uint32_t a, std::uint32_t c) {
  switch (join) {
    case Join::both: return a & c;
    case Join::either: return a | c;
    case Join::odd: return a ^ c;
    default: return a;
  }
}
std::uint32_t joined_with_row(Warp& w, const Op* op, std::uint32_t mask, int row) {
  const auto join = static_cast<Join>(op->extra);
  return join == Join::none ? mask : joined(join, mask, w.predicate(op->rows[row]));
}

/// setp: rows p, q, a, b and, with a join, c.
template <class Compare, class T>
const Op* set_predicate(Warp& w, const Op* op) {
  const std::uint32_t mask = mask_where<Compare>(w.row<T>(op->rows[2]), w.row<T>(op->rows[3]));
  const std::uint32_t yes = joined_with_row(w, op, mask, 4), no = joined_with_row(w, op, ~mask, 4);
  std::uint32_t& p = w.predicate(op->rows[0]);
  std::uint32_t& q = w.predicate(op->rows[1]);
  q = (q & ~w.active) | (no & w.active);
  p = (p & ~w.active) | (yes & w.active);
  return op + 1;
}
Handlers bind_setp(const Form& f) {
  const auto join = static_cast<std::uint32_t>(join_of(f));
  return each_comparison(f, f.type(), [join]<class Compare, class T>() -> Handlers {
    return {&set_predicate<Compare, T>, &set_predicate<Compare, T>, 0, join};
  });
}

/// set: rows d, a, b and, with a join, c; true is all ones or 1.0, whose bits are in Op::imm.
template <class Compare, class T>
const Op* set_value(Warp& w, const Op* op) {
  const std::uint32_t mask =
      joined_with_row(w, op, mask_where<Compare>(w.row<T>(op->rows[1]), w.row<T>(op->rows[2])), 3);
  const auto truth = static_cast<std::uint32_t>(op->imm);
  auto* d = w.row<std::uint32_t>(op->rows[0]);
  for (int lane = 0; lane < kLanes; ++lane) {
    const std::uint32_t value = (mask >> lane & 1u) != 0 ? truth : 0u;
    d[lane] = (w.active >> lane & 1u) != 0 ? value : d[lane];
  }
  return op + 1;
}
Handlers bind_set(const Form& f) {
  const auto join = static_cast<std::uint32_t>(join_of(f));
  const std::int64_t truth = f.type(0) == Type::f32 ? bits_of(1.0f) : 0xffffffffu;
  return each_comparison(f, f.type(1), [join, truth]<class Compare, class T>() -> Handlers {
    return {&set_value<Compare, T>, &set_value<Compare, T>, truth, join};
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
