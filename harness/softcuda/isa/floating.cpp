#include "harness/softcuda/isa/floating.h"

#include <algorithm>
#include <limits>

namespace softcuda::isa {
namespace {

/// A format with `digits` significant bits, exponents from `emin` to `emax` (of 1.xxx * 2^e).
struct Format {
  int digits, emin, emax;
};

/// |x| rounded to a multiple of the format's last place at x; the caller puts the sign back. Finite x > 0.
double rounded_magnitude(double x, const Format& format, Round round, bool negative) {
  int exponent = 0;
  (void)std::frexp(x, &exponent);  // x = m * 2^exponent, m in [0.5, 1)
  const int ulp = std::max(exponent - 1, format.emin) - (format.digits - 1);
  const double scaled =
      std::ldexp(x, -ulp);  // exact: at most 53 bits above, and 1075 + 149 shifts stay in range
  const double below = std::floor(scaled);
  const double rest = scaled - below;
  bool up = false;
  switch (round) {
    case Round::nearest_even: up = rest > 0.5 || (rest == 0.5 && std::fmod(below, 2.0) != 0); break;
    case Round::nearest_away: up = rest >= 0.5; break;
    case Round::zero: break;
    case Round::down: up = negative && rest > 0; break;
    case Round::up: up = !negative && rest > 0; break;
  }
  const double value = std::ldexp(below + (up ? 1.0 : 0.0), ulp);
  const double largest = std::ldexp(2.0 - std::ldexp(1.0, 1 - format.digits), format.emax);
  if (value <= largest) return value;
  const bool to_infinity = round == Round::nearest_even || round == Round::nearest_away ||
                           (round == Round::up && !negative) || (round == Round::down && negative);
  return to_infinity ? std::numeric_limits<double>::infinity() : largest;
}

double rounded(double x, const Format& format, Round round) {
  if (x == 0 || !std::isfinite(x)) return x;
  return std::copysign(rounded_magnitude(std::fabs(x), format, round, x < 0), x);
}

}  // namespace

float to_float(double x, Round round) {
  if (round == Round::nearest_even) return canonical(static_cast<float>(x));
  return canonical(static_cast<float>(rounded(x, {24, -126, 127}, round)));
}

F16 to_f16(double x, Round round) {
  return to_f16(static_cast<float>(rounded(x, {11, -14, 15}, round)));  // exact by now
}

Bf16 to_bf16(double x, Round round) { return to_bf16(static_cast<float>(rounded(x, {8, -126, 127}, round))); }

}  // namespace softcuda::isa
