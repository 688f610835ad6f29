/// "Data Movement and Conversion Instructions: cvt" (PTX ISA 9.7.9.21).
#include <cfenv>
#include <cmath>
#include <limits>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using i64 = std::int64_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

Round round_of(const Form& f) {
  if (f.has("rz") || f.has("rzi")) return Round::zero;
  if (f.has("rm") || f.has("rmi")) return Round::down;
  if (f.has("rp") || f.has("rpi")) return Round::up;
  return Round::nearest_even;
}
/// f.operator()<Round>() for the form's rounding.
template <class F>
Handlers each_round(const Form& form, F f) {
  switch (round_of(form)) {
    case Round::zero: return f.template operator()<Round::zero>();
    case Round::down: return f.template operator()<Round::down>();
    case Round::up: return f.template operator()<Round::up>();
    default: return f.template operator()<Round::nearest_even>();
  }
}
/// f.operator()<T>() for an integer type of 8 to 64 bits.
template <class F>
Handlers each_integer8(Type type, F f) {
  if (type == Type::u8 || type == Type::b8) return f.template operator()<std::uint8_t>();
  if (type == Type::s8) return f.template operator()<std::int8_t>();
  return each_integer(type, f);
}
/// The lanes of a register of `bits` bits, as unsigned.
template <class F>
Handlers each_register(int bits, F f) {
  switch (bits) {
    case 16: return f.template operator()<u16>();
    case 32: return f.template operator()<u32>();
    default: return f.template operator()<u64>();
  }
}

/// A register of type R holds an integer of type T, extended: "if the register is wider, the value is sign-
/// or zero-extended by the type of the instruction".
template <class R, class T>
R widened(T value) {
  return static_cast<R>(value);
}

template <class D, class S, bool kSat>
D integer_of(S value) {
  if constexpr (kSat) {
    constexpr D kLow = std::numeric_limits<D>::min(), kHigh = std::numeric_limits<D>::max();
    if (std::cmp_less(value, kLow)) return kLow;
    if (std::cmp_greater(value, kHigh)) return kHigh;
  }
  return static_cast<D>(value);
}

Handlers bind_integer(const Form& f) {
  const int to = f.bits[0], from = f.bits[1];
  const bool sat = f.has("sat");
  return each_integer8(f.type(0), [&]<class D>() {
    return each_integer8(f.type(1), [&]<class S>() {
      return each_register(to, [&]<class RD>() -> Handlers {
        if constexpr (sizeof(RD) < sizeof(D))
          return {};
        else
          return each_register(from, [&]<class RS>() -> Handlers {
            if constexpr (sizeof(RS) < sizeof(S))
              return {};
            else if (sat)
              return lanes([](RS a) { return widened<RD>(integer_of<D, S, true>(static_cast<S>(a))); });
            else
              return lanes([](RS a) { return widened<RD>(integer_of<D, S, false>(static_cast<S>(a))); });
          });
      });
    });
  });
}

/// Integer to f32 or f64 by any rule.
template <class D, Round kRound, class S>
D float_from(S value) {
  if constexpr (kRound == Round::nearest_even) {
    return static_cast<D>(value);
  } else if constexpr (std::is_same_v<D, float>) {
    if constexpr (sizeof(S) < 8)
      return to_float(static_cast<double>(value), kRound);
    else {
      const auto high = static_cast<double>(value >> 32), low = static_cast<double>(static_cast<u32>(value));
      return to_float(sum_to_odd(high * 0x1p32, low), kRound);
    }
  } else {
    const auto nearest = static_cast<double>(value);
    if constexpr (sizeof(S) < 8) return nearest;
    __extension__ typedef __int128 Wide;
    const Wide error = static_cast<Wide>(nearest) - static_cast<Wide>(value);  // exact: |nearest| <= 2^64
    const bool negative = nearest < 0;
    if (error > 0 && (kRound == Round::down || (kRound == Round::zero && !negative)))
      return std::nextafter(nearest, -HUGE_VAL);
    if (error < 0 && (kRound == Round::up || (kRound == Round::zero && negative)))
      return std::nextafter(nearest, HUGE_VAL);
    return nearest;
  }
}
template <class S, class RS, Round kRound>
Handlers float_from_integer(const Form& f) {
  const bool sat = f.has("sat");
  switch (f.type(0)) {
    case Type::f64:
      if (sat)
        return lanes([](RS a) {
          const double x = float_from<double, kRound>(static_cast<S>(a));
          return x > 0.0 ? (x < 1.0 ? x : 1.0) : 0.0;
        });
      return lanes([](RS a) { return float_from<double, kRound>(static_cast<S>(a)); });
    case Type::f16:
      // 64-bit integers do not fit a double: what double cannot tell is far beyond f16's largest value.
      return lanes([](RS a) { return to_f16(static_cast<double>(static_cast<S>(a)), kRound).bits; });
    case Type::bf16:
      return lanes(
          [](RS a) { return to_bf16(float_from<double, Round::zero>(static_cast<S>(a)), kRound).bits; });
    default:
      if (sat) return lanes([](RS a) { return saturated(float_from<float, kRound>(static_cast<S>(a))); });
      return lanes([](RS a) { return float_from<float, kRound>(static_cast<S>(a)); });
  }
}
Handlers bind_from_integer(const Form& f) {
  const int from = f.bits[1];
  return each_integer8(f.type(1), [&]<class S>() {
    return each_register(from, [&]<class RS>() -> Handlers {
      if constexpr (sizeof(RS) < sizeof(S))
        return {};
      else
        return each_round(f, [&]<Round kRound>() { return float_from_integer<S, RS, kRound>(f); });
    });
  });
}

template <Round kRound, class T>
T to_integral(T x) {
  if constexpr (kRound == Round::zero) return std::trunc(x);
  if constexpr (kRound == Round::down) return std::floor(x);
  if constexpr (kRound == Round::up) return std::ceil(x);
  return std::nearbyint(x);  // the mode is to nearest even outside of with_mode
}

/// "float-to-integer conversions clamp to the destination's range; NaN becomes 0, but the most significant
/// bit alone where the source is f64 or the destination has 64 bits".
template <class D, Round kRound, class S>
D integer_from(S x) {
  constexpr D kLow = std::numeric_limits<D>::min(), kHigh = std::numeric_limits<D>::max();
  const S whole = to_integral<kRound>(x);
  // 2^width as S is exact; kHigh as S may not be.
  const S above = static_cast<S>(std::ldexp(1.0, std::numeric_limits<D>::digits));
  if (whole != whole) {
    constexpr bool kTop = std::is_same_v<S, double> || sizeof(D) == 8;
    return kTop ? static_cast<D>(u64{1} << (8 * sizeof(D) - 1)) : D{0};
  }
  if (whole >= above) return kHigh;
  if (whole <= static_cast<S>(kLow)) return kLow;
  return static_cast<D>(whole);
}

Handlers bind_to_integer(const Form& f) {
  const int to = f.bits[0];
  const bool ftz = f.has("ftz");
  return each_integer8(f.type(0), [&]<class D>() {
    return each_register(to, [&]<class RD>() -> Handlers {
      if constexpr (sizeof(RD) < sizeof(D))
        return {};
      else
        return each_round(f, [&]<Round kRound>() -> Handlers {
          switch (f.type(1)) {
            case Type::f64: return lanes([](double a) { return widened<RD>(integer_from<D, kRound>(a)); });
            case Type::f16:
              return lanes([](u16 a) { return widened<RD>(integer_from<D, kRound>(to_float(F16{a}))); });
            case Type::bf16:
              return lanes([](u16 a) { return widened<RD>(integer_from<D, kRound>(to_float(Bf16{a}))); });
            default:
              if (ftz) return lanes([](float a) { return widened<RD>(integer_from<D, kRound>(flushed(a))); });
              return lanes([](float a) { return widened<RD>(integer_from<D, kRound>(a)); });
          }
        });
    });
  });
}

/// f32 -> f16, bf16: to nearest through vector code, by other rules through double.
template <bool kFtz, bool kRelu, Round kRound>
u16 half_from(float x) {
  const float in = kRelu ? (x > 0.0f || x != x ? x : 0.0f) : x;
  if constexpr (kRound == Round::nearest_even)
    return to_f16(input<kFtz>(in)).bits;
  else
    return to_f16(static_cast<double>(input<kFtz>(in)), kRound).bits;
}
template <bool kRelu, Round kRound>
u16 bfloat_from(float x) {
  const float in = kRelu ? (x > 0.0f || x != x ? x : 0.0f) : x;
  if constexpr (kRound == Round::nearest_even)
    return to_bf16(in).bits;
  else
    return to_bf16(static_cast<double>(in), kRound).bits;
}

Handlers bind_half(const Form& f) {
  const bool ftz = f.has("ftz"), relu = f.has("relu"), f16 = f.type(0) == Type::f16;
  const bool nearest = round_of(f) == Round::nearest_even;
  return choose(
      []<bool kFtz, bool kRelu, bool kF16, bool kNearest>() {
        constexpr Round kRound = kNearest ? Round::nearest_even : Round::zero;
        if constexpr (kF16)
          return lanes([](float a) { return half_from<kFtz, kRelu, kRound>(a); });
        else
          return lanes([](float a) { return bfloat_from<kRelu, kRound>(a); });
      },
      ftz, relu, f16, nearest);
}
Handlers bind_half_directed(const Form& f) {
  return each_round(
      f, []<Round kRound>() { return lanes([](float a) { return half_from<false, false, kRound>(a); }); });
}
/// d = {a in the upper half, b in the lower}
Handlers bind_half_pair(const Form& f) {
  return choose(
      []<bool kRelu, bool kF16, bool kNearest>() {
        constexpr Round kRound = kNearest ? Round::nearest_even : Round::zero;
        if constexpr (kF16) {
          return lanes([](float a, float b) {
            return u32{half_from<false, kRelu, kRound>(a)} << 16 | half_from<false, kRelu, kRound>(b);
          });
        } else {
          return lanes([](float a, float b) {
            return u32{bfloat_from<kRelu, kRound>(a)} << 16 | bfloat_from<kRelu, kRound>(b);
          });
        }
      },
      f.has("relu"), f.type(0) == Type::f16x2, round_of(f) == Round::nearest_even);
}

template <bool kFtz, bool kSat, Round kRound>
float narrowed(double x) {
  return result<kFtz, kSat>(to_float(x, kRound));
}

/// cvt.rna.tf32.f32: 10 bits of fraction, ties away from zero; the low 13 bits come out as zero.
u32 tf32_from(float x) {
  const u32 bits = bits_of(x);
  const u32 rounded = (bits + 0x1000u) & 0xffffe000u;
  return (bits & 0x7f800000u) == 0x7f800000u ? ((bits & 0x7fffffu) != 0 ? kNan32 : bits) : rounded;
}

Handlers bind_same_float(const Form& f) {  // cvt.f32.f32, with or without rounding to an integral value
  const bool whole = !f.which({"rni", "rzi", "rmi", "rpi"}).empty();
  if (f.type(0) == Type::f64) {
    if (!whole)
      return f.has("sat") ? lanes([](double a) { return a > 0.0 ? (a < 1.0 ? a : 1.0) : 0.0; })
                          : lanes([](double a) { return a; });
    return each_round(
        f, []<Round kRound>() { return lanes([](double a) { return canonical(to_integral<kRound>(a)); }); });
  }
  if (f.type(0) == Type::f16) {
    if (!whole) return lanes([](u16 a) { return a; });
    return each_round(f, []<Round kRound>() {
      return lanes([](u16 a) { return to_f16(to_integral<kRound>(to_float(F16{a}))).bits; });
    });
  }
  return choose(
      [&f, whole]<bool kFtz, bool kSat>() -> Handlers {
        if (!whole) return lanes([](float a) { return result<kFtz, kSat>(input<kFtz>(a)); });
        return each_round(f, []<Round kRound>() {
          return lanes([](float a) { return result<kFtz, kSat>(to_integral<kRound>(input<kFtz>(a))); });
        });
      },
      f.has("ftz"), f.has("sat"));
}

}  // namespace

std::span<const Entry> convert_family() {
  static const Entry entries[] = {
      {"cvt[.sat].{u8|u16|u32|u64|s8|s16|s32|s64}.{u8|u16|u32|u64|s8|s16|s32|s64} d:any, a:any2",
       bind_integer},
      {"cvt.{rn|rz|rm|rp}[.sat].{f32|f64}.{u8|u16|u32|u64|s8|s16|s32|s64} d, a:any2", bind_from_integer},
      {"cvt.{rn|rz|rm|rp}.{f16|bf16}.{u8|u16|u32|u64|s8|s16|s32|s64} d, a:any2", bind_from_integer},
      {"cvt.{rni|rzi|rmi|rpi}[.ftz][.sat].{u8|u16|u32|u64|s8|s16|s32|s64}.f32 d:any, a:f32", bind_to_integer},
      {"cvt.{rni|rzi|rmi|rpi}[.sat].{u8|u16|u32|u64|s8|s16|s32|s64}.{f64|f16|bf16} d:any, a:T2",
       bind_to_integer},
      {"cvt.{rn|rz}[.ftz][.relu].f16.f32 d:b16, a:f32", bind_half},
      {"cvt.{rm|rp}.f16.f32 d:b16, a:f32", bind_half_directed},
      {"cvt.{rn|rz}[.relu].bf16.f32 d:b16, a:f32", bind_half},
      {"cvt.{rn|rz}[.relu].{f16x2|bf16x2}.f32 d, a:f32, b:f32", bind_half_pair},
      {"cvt.rna.tf32.f32 d:b32, a:f32",
       [](const Form&) { return lanes([](float a) { return tf32_from(a); }); }},
      {"cvt[.ftz][.sat].f32.f16 d, a:b16",
       [](const Form& f) {
         return choose(
             []<bool kFtz, bool kSat>() {
               return lanes([](u16 a) { return result<kFtz, kSat>(to_float(F16{a})); });
             },
             f.has("ftz"), f.has("sat"));
       }},
      {"cvt.f32.bf16 d, a:b16", [](const Form&) { return lanes([](u16 a) { return to_float(Bf16{a}); }); }},
      {"cvt.f64.f16 d, a:b16",
       [](const Form&) { return lanes([](u16 a) { return static_cast<double>(to_float(F16{a})); }); }},
      {"cvt.{rn|rz|rm|rp}.{f16|bf16}.f64 d:b16, a:f64",
       [](const Form& f) {
         const bool f16 = f.type(0) == Type::f16;
         return each_round(f, [f16]<Round kRound>() {
           return f16 ? lanes([](double a) { return to_f16(a, kRound).bits; })
                      : lanes([](double a) { return to_bf16(a, kRound).bits; });
         });
       }},
      {"cvt[.ftz][.sat].f64.f32 d, a:f32",
       [](const Form& f) {
         return choose(
             []<bool kFtz, bool kSat>() {
               return lanes([](float a) {
                 const auto x = static_cast<double>(input<kFtz>(a));
                 return kSat ? (x > 0.0 ? (x < 1.0 ? x : 1.0) : 0.0) : canonical(x);
               });
             },
             f.has("ftz"), f.has("sat"));
       }},
      {"cvt.{rn|rz|rm|rp}[.ftz][.sat].f32.f64 d, a:f64",
       [](const Form& f) {
         return each_round(f, [&f]<Round kRound>() {
           return choose(
               []<bool kFtz, bool kSat>() {
                 return lanes([](double a) { return narrowed<kFtz, kSat, kRound>(a); });
               },
               f.has("ftz"), f.has("sat"));
         });
       }},
      {"cvt[.{rni|rzi|rmi|rpi}][.ftz][.sat].f32.f32 d, a", bind_same_float},
      {"cvt[.{rni|rzi|rmi|rpi}][.sat].f64.f64 d, a", bind_same_float},
      {"cvt[.{rni|rzi|rmi|rpi}].f16.f16 d, a", bind_same_float},
  };
  return entries;
}

}  // namespace softcuda::isa
