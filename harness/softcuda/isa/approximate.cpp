/// The .approx and .full forms of "Floating-Point Instructions" (PTX ISA 9.7.3). The ISA bounds their error;
/// we give the correctly rounded value (see elementary.h), which is inside every bound, and the special
/// values that the ISA's tables list. Modes::perturbed moves it (perturbed.h), by what each bound leaves when
/// half an ulp is taken off for rounding; an ulp is between 2^-24 and 2^-23 of its number.
#include <cmath>

#include "harness/softcuda/isa/elementary.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/perturbed.h"

namespace softcuda::isa {
namespace {

template <class Exact, class F>
Handlers approximate(const Form& f, F) {
  return choose(
      []<bool kFtz>() {
        return movable<Exact, kFtz>([](float a) { return result<kFtz>(F{}(input<kFtz>(a))); });
      },
      f.has("ftz"));
}

struct Exp2 {  // ex2.approx: 2 ulp
  static constexpr double kRelative = 1.5 * 0x1p-24;
  static double at(float a) { return exp2_in_double(a); }
};
struct Log2 {  // lg2.approx: 2^-22, absolute for a in (0.5, 2), where |lg2| < 1, else relative
  static constexpr double kRelative = 0x1p-23;
  static double at(float a) { return log2_in_double(static_cast<double>(a)); }
};
struct Reciprocal {  // rcp.approx: 1 ulp
  static constexpr double kRelative = 0.5 * 0x1p-24;
  static double at(float a) { return 1.0 / static_cast<double>(a); }
};
struct Root {  // sqrt.approx: 2^-23, relative
  static constexpr double kRelative = 0.99 * 0x1p-24;
  static double at(float a) { return std::sqrt(static_cast<double>(a)); }
};
struct ReciprocalRoot {  // rsqrt.approx: 2^-22.9, relative
  static constexpr double kRelative = 0x1p-24;
  static double at(float a) { return 1.0 / std::sqrt(static_cast<double>(a)); }
};
struct Sine {  // sin.approx, cos.approx: 2^-20.5, absolute, in [-2 pi, 2 pi]; more outside
  static constexpr double kRelative = 0x1p-21;
  static constexpr bool kWithinOne = true;
  static double at(float a) { return std::sin(static_cast<double>(a)); }
};
struct Cosine {
  static constexpr double kRelative = 0x1p-21;
  static constexpr bool kWithinOne = true;
  static double at(float a) { return std::cos(static_cast<double>(a)); }
};
struct Tangent {  // tanh.approx: 2^-11, relative
  static constexpr double kRelative = 0.999 * 0x1p-11;
  static constexpr bool kWithinOne = true;
  static double at(float a) { return tanh_in_double(a); }
};
struct Quotient {  // div.approx, for |b| in [2^-126, 2^126], and div.full: 2 ulp
  static constexpr double kRelative = 1.5 * 0x1p-24;
  static double at(float a, float b) { return static_cast<double>(a) / static_cast<double>(b); }
};

float exp2_of(float x) {
  const auto r = static_cast<float>(exp2_in_double(x));
  return x == x ? r : x;
}
float log2_of(float x) {
  constexpr float kInfinity = HUGE_VALF;
  const auto finite = static_cast<float>(log2_in_double(static_cast<double>(x)));
  float r = x < kInfinity ? finite : x;  // +inf and NaN as they are
  r = x == 0.0f ? -kInfinity : r;
  return x < 0.0f ? float_of(kNan32) : r;
}
float tanh_of(float x) {
  const auto r = static_cast<float>(tanh_in_double(x));
  return x == x && x != 0.0f ? r : x;  // zeros keep their sign
}

/// "div.approx": for 2^126 < |b| < 2^128 the reciprocal is flushed: the quotient is 0, or NaN for infinite a.
template <bool kFtz>
float quotient_by_reciprocal(float a, float b) {
  const float q = a / b;
  const std::uint32_t b_bits = bits_of(b) & 0x7fffffffu;
  const float zero = float_of((bits_of(a) ^ bits_of(b)) & 0x80000000u);
  const bool huge = b_bits > 0x7e800000u && b_bits < 0x7f800000u;
  const float instead = (bits_of(a) & 0x7fffffffu) >= 0x7f800000u ? float_of(kNan32) : zero;
  return huge ? instead : q;
}

}  // namespace

std::span<const Entry> approximate_family() {
  static const Entry entries[] = {
      {"ex2.approx[.ftz].f32 d, a",
       [](const Form& f) { return approximate<Exp2>(f, [](float a) { return exp2_of(a); }); }},
      {"lg2.approx[.ftz].f32 d, a",
       [](const Form& f) { return approximate<Log2>(f, [](float a) { return log2_of(a); }); }},
      {"rcp.approx[.ftz].f32 d, a",
       [](const Form& f) { return approximate<Reciprocal>(f, [](float a) { return 1.0f / a; }); }},
      {"sqrt.approx[.ftz].f32 d, a",
       [](const Form& f) { return approximate<Root>(f, [](float a) { return __builtin_sqrtf(a); }); }},
      {"rsqrt.approx[.ftz].f32 d, a",
       [](const Form& f) {
         return approximate<ReciprocalRoot>(
             f, [](float a) { return static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(a))); });
       }},
      {"sin.approx[.ftz].f32 d, a",
       [](const Form& f) {
         return approximate<Sine>(
             f, [](float a) { return static_cast<float>(std::sin(static_cast<double>(a))); });
       }},
      {"cos.approx[.ftz].f32 d, a",
       [](const Form& f) {
         return approximate<Cosine>(
             f, [](float a) { return static_cast<float>(std::cos(static_cast<double>(a))); });
       }},
      {"tanh.approx.f32 d, a",
       [](const Form& f) { return approximate<Tangent>(f, [](float a) { return tanh_of(a); }); }},
      {"div.approx[.ftz].f32 d, a, b",
       [](const Form& f) {
         return choose(
             []<bool kFtz>() {
               return movable<Quotient, kFtz>([](float a, float b) {
                 return result<kFtz>(quotient_by_reciprocal<kFtz>(input<kFtz>(a), input<kFtz>(b)));
               });
             },
             f.has("ftz"));
       }},
      {"div.full[.ftz].f32 d, a, b",
       [](const Form& f) {
         return choose(
             []<bool kFtz>() {
               return movable<Quotient, kFtz>(
                   [](float a, float b) { return result<kFtz>(input<kFtz>(a) / input<kFtz>(b)); });
             },
             f.has("ftz"));
       }},
  };
  return entries;
}

}  // namespace softcuda::isa
