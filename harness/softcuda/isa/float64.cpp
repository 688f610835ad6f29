/// "Floating-Point Instructions" of type f64 (PTX ISA 9.7.3): IEEE 754, subnormals always, no .sat.
#include <cfenv>
#include <cmath>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

/// The processor's rounding mode, for the length of one lane's operation. The operands pass through
/// volatiles, so that the compiler cannot move the operation out of the scope: rare forms, so slow is well.
template <int kMode, class F, class... Args>
double with_mode(F f, Args... args) {
  const int before = std::fegetround();
  std::fesetround(kMode);
  volatile double r = f(static_cast<volatile double&&>(args)...);
  std::fesetround(before);
  return canonical(static_cast<double>(r));
}

template <class F>
Handlers rounded(const Form& f, F) {
  auto by = []<int kMode>() -> Handlers {
    if constexpr (std::is_invocable_v<F, double, double, double>) {
      return lanes([](double a, double b, double c) { return with_mode<kMode>(F{}, a, b, c); });
    } else if constexpr (std::is_invocable_v<F, double, double>) {
      return lanes([](double a, double b) { return with_mode<kMode>(F{}, a, b); });
    } else {
      return lanes([](double a) { return with_mode<kMode>(F{}, a); });
    }
  };
  if (f.has("rz")) return by.template operator()<FE_TOWARDZERO>();
  if (f.has("rm")) return by.template operator()<FE_DOWNWARD>();
  if (f.has("rp")) return by.template operator()<FE_UPWARD>();
  if constexpr (std::is_invocable_v<F, double, double, double>) {
    return lanes([](double a, double b, double c) { return canonical(F{}(a, b, c)); });
  } else if constexpr (std::is_invocable_v<F, double, double>) {
    return lanes([](double a, double b) { return canonical(F{}(a, b)); });
  } else {
    return lanes([](double a) { return canonical(F{}(a)); });
  }
}

double least(double a, double b) {
  const auto together =
      std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) | std::bit_cast<std::uint64_t>(b));
  const double r = a == b ? together : (a < b ? a : b);
  return canonical(a != a ? b : b != b ? a : r);
}
double greatest(double a, double b) {
  const auto together =
      std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) & std::bit_cast<std::uint64_t>(b));
  const double r = a == b ? together : (a > b ? a : b);
  return canonical(a != a ? b : b != b ? a : r);
}
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

/// "rcp.approx.ftz.f64", "rsqrt.approx.ftz.f64": of an operand's upper 32 bits, subnormals flushed; the
/// result has 20 bits of fraction, here correctly rounded, and its lower 32 bits are zero.
double upper_word(double x) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const bool tiny = (bits << 1 >> 53) == 0;
  return std::bit_cast<double>(tiny ? bits & kSign : bits & ~std::uint64_t{0xffffffff});
}
double to_upper_word(double x) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t nearest = bits + 0x7fffffff + (bits >> 32 & 1);
  return std::isnan(x) ? std::bit_cast<double>(0x7fffffff00000000ull)
                       : upper_word(std::bit_cast<double>(nearest));
}
double gross(double x) { return std::isnan(x) ? x : upper_word(x); }

}  // namespace

std::span<const Entry> float64_family() {
  static constexpr auto fused = [](double a, double b, double c) { return __builtin_fma(a, b, c); };
  static const Entry entries[] = {
      {"add[.{rn|rz|rm|rp}].f64 d, a, b",
       [](const Form& f) { return rounded(f, [](double a, double b) { return a + b; }); }},
      {"sub[.{rn|rz|rm|rp}].f64 d, a, b",
       [](const Form& f) { return rounded(f, [](double a, double b) { return a - b; }); }},
      {"mul[.{rn|rz|rm|rp}].f64 d, a, b",
       [](const Form& f) { return rounded(f, [](double a, double b) { return a * b; }); }},
      {"fma.{rn|rz|rm|rp}.f64 d, a, b, c", [](const Form& f) { return rounded(f, fused); }},
      {"mad.{rn|rz|rm|rp}.f64 d, a, b, c", [](const Form& f) { return rounded(f, fused); }},
      {"div.{rn|rz|rm|rp}.f64 d, a, b",
       [](const Form& f) { return rounded(f, [](double a, double b) { return a / b; }); }},
      {"rcp.{rn|rz|rm|rp}.f64 d, a",
       [](const Form& f) { return rounded(f, [](double a) { return 1.0 / a; }); }},
      {"sqrt.{rn|rz|rm|rp}.f64 d, a",
       [](const Form& f) { return rounded(f, [](double a) { return __builtin_sqrt(a); }); }},
      {"rcp.approx.ftz.f64 d, a",
       [](const Form&) { return lanes([](double a) { return to_upper_word(1.0 / gross(a)); }); }},
      {"rsqrt.approx.ftz.f64 d, a",
       [](const Form&) {
         return lanes([](double a) { return to_upper_word(1.0 / __builtin_sqrt(gross(a))); });
       }},
      {"rsqrt.approx.f64 d, a",
       [](const Form&) { return lanes([](double a) { return canonical(1.0 / __builtin_sqrt(a)); }); }},
      {"abs.f64 d, a",
       [](const Form&) {
         return lanes(
             [](double a) { return std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) & ~kSign); });
       }},
      {"neg.f64 d, a",
       [](const Form&) {
         return lanes(
             [](double a) { return std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) ^ kSign); });
       }},
      {"copysign.f64 d, a, b",
       [](const Form&) {
         return lanes([](double a, double b) {
           return std::bit_cast<double>((std::bit_cast<std::uint64_t>(a) & kSign) |
                                        (std::bit_cast<std::uint64_t>(b) & ~kSign));
         });
       }},
      {"min.f64 d, a, b", [](const Form&) { return lanes([](double a, double b) { return least(a, b); }); }},
      {"max.f64 d, a, b",
       [](const Form&) { return lanes([](double a, double b) { return greatest(a, b); }); }},
  };
  return entries;
}

}  // namespace softcuda::isa
