/// "Floating-Point Instructions" of type f32 (PTX ISA 9.7.3), except the approximate ones (approximate.cpp).
#include <cmath>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

/// add, sub, mul, fma by round to nearest even, which is the processor's own.
template <class F>
Handlers nearest(const Form& f, F) {
  return choose(
      []<bool kFtz, bool kSat>() {
        if constexpr (std::is_invocable_v<F, float, float, float>) {
          return lanes([](float a, float b, float c) {
            return result<kFtz, kSat>(F{}(input<kFtz>(a), input<kFtz>(b), input<kFtz>(c)));
          });
        } else {
          return lanes(
              [](float a, float b) { return result<kFtz, kSat>(F{}(input<kFtz>(a), input<kFtz>(b))); });
        }
      },
      f.has("ftz"), f.has("sat"));
}

/// By .rz, .rm, .rp: the exact value, or one rounded to odd in double, is rounded once.
template <Round kRound, bool kFtz, bool kSat>
float directed(double x) {
  return result<kFtz, kSat>(to_float(x, kRound));
}
/// "x - x is +0 in all rounding modes but round down": doubles that cancel give +0 by themselves.
template <Round kRound>
double exact_sum(double a, double b) {
  const double s = sum_to_odd(a, b);
  return kRound == Round::down && s == 0 && !(a == 0 && b == 0 && !std::signbit(a) && !std::signbit(b)) ? -0.0
                                                                                                        : s;
}

template <Round kRound>
Handlers directed_form(const Form& f) {
  const bool ftz = f.has("ftz"), sat = f.has("sat");
  const std::string_view name = f.opcode();
  if (name == "add") {
    return choose(
        []<bool kFtz, bool kSat>() {
          return lanes([](float a, float b) {
            return directed<kRound, kFtz, kSat>(exact_sum<kRound>(input<kFtz>(a), input<kFtz>(b)));
          });
        },
        ftz, sat);
  }
  if (name == "sub") {
    return choose(
        []<bool kFtz, bool kSat>() {
          return lanes([](float a, float b) {
            return directed<kRound, kFtz, kSat>(exact_sum<kRound>(input<kFtz>(a), -input<kFtz>(b)));
          });
        },
        ftz, sat);
  }
  if (name == "mul") {
    return choose(
        []<bool kFtz, bool kSat>() {
          return lanes([](float a, float b) {
            return directed<kRound, kFtz, kSat>(double{input<kFtz>(a)} * double{input<kFtz>(b)});
          });
        },
        ftz, sat);
  }
  return choose(
      []<bool kFtz, bool kSat>() {  // fma, mad
        return lanes([](float a, float b, float c) {
          return directed<kRound, kFtz, kSat>(
              exact_sum<kRound>(double{input<kFtz>(a)} * double{input<kFtz>(b)}, input<kFtz>(c)));
        });
      },
      ftz, sat);
}
Handlers directed_any(const Form& f) {
  if (f.has("rz")) return directed_form<Round::zero>(f);
  if (f.has("rm")) return directed_form<Round::down>(f);
  return directed_form<Round::up>(f);
}

/// A quotient or root in double is rounded correctly enough to be rounded once more to f32 to nearest
/// (2p + 2 bits: Figueroa, "When is double rounding innocuous?", 1995); by other rules its remainder decides.
template <Round kRound>
double quotient_to_odd(double a, double b) {
  const double q = a / b;
  if (!std::isfinite(q) || q == 0 || !std::isfinite(b)) return q;
  const double rest = std::fma(-q, b, a);
  if (rest == 0) return q;
  return std::nextafter(q, ((rest > 0) == (b > 0)) ? HUGE_VAL : -HUGE_VAL);
}
template <Round kRound>
double root_to_odd(double a) {
  const double r = std::sqrt(a);
  if (!std::isfinite(r) || r == 0) return r;
  const double rest = std::fma(-r, r, a);
  return rest == 0 ? r : std::nextafter(r, rest > 0 ? HUGE_VAL : 0.0);
}
template <Round kRound>
Handlers directed_quotient(const Form& f) {
  const std::string_view name = f.opcode();
  return choose(
      [name]<bool kFtz>() {
        if (name == "div")
          return lanes([](float a, float b) {
            return directed<kRound, kFtz, false>(quotient_to_odd<kRound>(input<kFtz>(a), input<kFtz>(b)));
          });
        if (name == "rcp")
          return lanes([](float a) {
            return directed<kRound, kFtz, false>(quotient_to_odd<kRound>(1.0, input<kFtz>(a)));
          });
        return lanes(
            [](float a) { return directed<kRound, kFtz, false>(root_to_odd<kRound>(input<kFtz>(a))); });
      },
      f.has("ftz"));
}
Handlers directed_quotient_any(const Form& f) {
  if (f.has("rz")) return directed_quotient<Round::zero>(f);
  if (f.has("rm")) return directed_quotient<Round::down>(f);
  return directed_quotient<Round::up>(f);
}

template <class F>
Handlers unary(const Form& f, F) {
  return choose([]<bool kFtz>() { return lanes([](float a) { return F{}(input<kFtz>(a)); }); }, f.has("ftz"));
}

}  // namespace

std::span<const Entry> float32_family() {
  static constexpr auto fused = [](float a, float b, float c) { return __builtin_fmaf(a, b, c); };
  static const Entry entries[] = {
      {"add[.rn][.ftz][.sat].f32 d, a, b",
       [](const Form& f) { return nearest(f, [](float a, float b) { return a + b; }); }},
      {"add.{rz|rm|rp}[.ftz][.sat].f32 d, a, b", directed_any},
      {"sub[.rn][.ftz][.sat].f32 d, a, b",
       [](const Form& f) { return nearest(f, [](float a, float b) { return a - b; }); }},
      {"sub.{rz|rm|rp}[.ftz][.sat].f32 d, a, b", directed_any},
      {"mul[.rn][.ftz][.sat].f32 d, a, b",
       [](const Form& f) { return nearest(f, [](float a, float b) { return a * b; }); }},
      {"mul.{rz|rm|rp}[.ftz][.sat].f32 d, a, b", directed_any},
      {"fma.rn[.ftz][.sat].f32 d, a, b, c", [](const Form& f) { return nearest(f, fused); }},
      {"fma.{rz|rm|rp}[.ftz][.sat].f32 d, a, b, c", directed_any},
      {"mad.rn[.ftz][.sat].f32 d, a, b, c", [](const Form& f) { return nearest(f, fused); }},
      {"mad.{rz|rm|rp}[.ftz][.sat].f32 d, a, b, c", directed_any},
      {"div.rn[.ftz].f32 d, a, b",
       [](const Form& f) {
         return choose(
             []<bool kFtz>() {
               return lanes([](float a, float b) { return result<kFtz>(input<kFtz>(a) / input<kFtz>(b)); });
             },
             f.has("ftz"));
       }},
      {"div.{rz|rm|rp}[.ftz].f32 d, a, b", directed_quotient_any},
      {"rcp.rn[.ftz].f32 d, a",
       [](const Form& f) {
         return choose(
             []<bool kFtz>() { return lanes([](float a) { return result<kFtz>(1.0f / input<kFtz>(a)); }); },
             f.has("ftz"));
       }},
      {"rcp.{rz|rm|rp}[.ftz].f32 d, a", directed_quotient_any},
      {"sqrt.rn[.ftz].f32 d, a",
       [](const Form& f) {
         return choose(
             []<bool kFtz>() {
               return lanes([](float a) { return result<kFtz>(__builtin_sqrtf(input<kFtz>(a))); });
             },
             f.has("ftz"));
       }},
      {"sqrt.{rz|rm|rp}[.ftz].f32 d, a", directed_quotient_any},
      {"abs[.ftz].f32 d, a",
       [](const Form& f) { return unary(f, [](float a) { return float_of(bits_of(a) & 0x7fffffffu); }); }},
      {"neg[.ftz].f32 d, a",
       [](const Form& f) { return unary(f, [](float a) { return float_of(bits_of(a) ^ 0x80000000u); }); }},
      {"copysign.f32 d, a, b",
       [](const Form&) {
         return lanes([](float a, float b) {
           return float_of((bits_of(a) & 0x80000000u) | (bits_of(b) & 0x7fffffffu));
         });
       }},
      {"min[.ftz][.NaN].f32 d, a, b",
       [](const Form& f) {
         return choose(
             []<bool kFtz, bool kNan>() {
               return lanes([](float a, float b) { return minimum<kNan>(input<kFtz>(a), input<kFtz>(b)); });
             },
             f.has("ftz"), f.has("NaN"));
       }},
      {"max[.ftz][.NaN].f32 d, a, b",
       [](const Form& f) {
         return choose(
             []<bool kFtz, bool kNan>() {
               return lanes([](float a, float b) { return maximum<kNan>(input<kFtz>(a), input<kFtz>(b)); });
             },
             f.has("ftz"), f.has("NaN"));
       }},
  };
  return entries;
}

}  // namespace softcuda::isa
