#pragma once
#include <cstdint>
#include <type_traits>

#include "harness/softcuda/isa/entry.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

/// The comparison operators of setp and set (PTX ISA 9.7.6), and a mask of the lanes where one holds.
namespace softcuda::isa {

template <bool kFtz, class T>
[[nodiscard]] T compared(T x) {
  if constexpr (kFtz)
    return flushed(x);
  else
    return x;
}

#define FLASHDIFF_COMPARISON(name, expression) \
  template <bool kFtz>                         \
  struct name {                                \
    template <class T>                         \
    bool operator()(T left, T right) const {   \
      const T a = compared<kFtz>(left);        \
      const T b = compared<kFtz>(right);       \
      return expression;                       \
    }                                          \
  };
FLASHDIFF_COMPARISON(Equal, a == b)
FLASHDIFF_COMPARISON(NotEqual, a<b || a> b)  // ordered: false where one is NaN
FLASHDIFF_COMPARISON(Less, a < b)
FLASHDIFF_COMPARISON(LessEqual, a <= b)
FLASHDIFF_COMPARISON(Greater, a > b)
FLASHDIFF_COMPARISON(GreaterEqual, a >= b)
FLASHDIFF_COMPARISON(EqualOrNan, !(a < b || a > b))
FLASHDIFF_COMPARISON(NotEqualOrNan, !(a == b))
FLASHDIFF_COMPARISON(LessOrNan, !(a >= b))
FLASHDIFF_COMPARISON(LessEqualOrNan, !(a > b))
FLASHDIFF_COMPARISON(GreaterOrNan, !(a <= b))
FLASHDIFF_COMPARISON(GreaterEqualOrNan, !(a < b))
FLASHDIFF_COMPARISON(BothNumbers, a == a && b == b)
FLASHDIFF_COMPARISON(SomeNan, !(a == a && b == b))
#undef FLASHDIFF_COMPARISON

/// Bit l is set where Compare{}(a[l], b[l]). An OR over shifted bits, which becomes vector code.
template <class Compare, class T>
[[nodiscard]] std::uint32_t mask_where(const T* a, const T* b) {
  std::uint32_t mask = 0;
#pragma GCC ivdep
  for (int lane = 0; lane < kLanes; ++lane)
    mask |= static_cast<std::uint32_t>(Compare{}(a[lane], b[lane])) << lane;
  return mask;
}

/// f.operator()<Compare, T>() for the comparison that the form names, on lanes of `type`.
template <class F>
Handlers each_comparison(const Form& form, ptx::Type type, F f) {
  auto on = [&]<class T, bool kFtz>() -> Handlers {
    if (form.has("eq")) return f.template operator()<Equal<kFtz>, T>();
    if (form.has("lt") || form.has("lo")) return f.template operator()<Less<kFtz>, T>();
    if (form.has("le") || form.has("ls")) return f.template operator()<LessEqual<kFtz>, T>();
    if (form.has("gt") || form.has("hi")) return f.template operator()<Greater<kFtz>, T>();
    if (form.has("ge") || form.has("hs")) return f.template operator()<GreaterEqual<kFtz>, T>();
    if constexpr (std::is_floating_point_v<T>) {
      if (form.has("ne")) return f.template operator()<NotEqual<kFtz>, T>();
      if (form.has("equ")) return f.template operator()<EqualOrNan<kFtz>, T>();
      if (form.has("neu")) return f.template operator()<NotEqualOrNan<kFtz>, T>();
      if (form.has("ltu")) return f.template operator()<LessOrNan<kFtz>, T>();
      if (form.has("leu")) return f.template operator()<LessEqualOrNan<kFtz>, T>();
      if (form.has("gtu")) return f.template operator()<GreaterOrNan<kFtz>, T>();
      if (form.has("geu")) return f.template operator()<GreaterEqualOrNan<kFtz>, T>();
      if (form.has("num")) return f.template operator()<BothNumbers<kFtz>, T>();
      if (form.has("nan")) return f.template operator()<SomeNan<kFtz>, T>();
    }
    return f.template operator()<NotEqualOrNan<kFtz>, T>();  // ne of integers
  };
  if (type == ptx::Type::f32) {
    return form.has("ftz") ? on.template operator()<float, true>() : on.template operator()<float, false>();
  }
  if (type == ptx::Type::f64) return on.template operator()<double, false>();
  return each_integer(type, [&]<class T>() { return on.template operator()<T, false>(); });
}

}  // namespace softcuda::isa
