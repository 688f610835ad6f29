/// "Data Movement and Conversion Instructions: cvt" (PTX ISA 9.7.9.21), value by value.
#include "harness/softcuda/isa/conversion.h"

#include <bit>
#include <cmath>

namespace softcuda::isa {
namespace {

using ptx::Type;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
__extension__ typedef __int128 Wide;  // holds every u64 and s64

bool is_signed(Type type) {
  return type == Type::s8 || type == Type::s16 || type == Type::s32 || type == Type::s64;
}
bool is_float(Type type) {
  return type == Type::f16 || type == Type::bf16 || type == Type::f32 || type == Type::f64;
}

/// The low `bits` of x as a number.
Wide integer_of(u64 x, int bits, bool with_sign) {
  const int idle = 64 - bits;
  if (with_sign) return static_cast<std::int64_t>(x << idle) >> idle;
  return static_cast<Wide>((x << idle) >> idle);
}
Wide lowest(Type type) { return is_signed(type) ? -(Wide{1} << (ptx::bits_of(type) - 1)) : Wide{0}; }
Wide highest(Type type) { return (Wide{1} << (ptx::bits_of(type) - (is_signed(type) ? 1 : 0))) - 1; }
Wide clamped(Wide x, Type type) {
  return x < lowest(type) ? lowest(type) : x > highest(type) ? highest(type) : x;
}

/// An integer of `type` in a register of `register_bits`: extended by the sign of its type.
u64 in_register(Wide x, Type type, int register_bits) {
  const u64 extended = static_cast<u64>(integer_of(static_cast<u64>(x), ptx::bits_of(type), is_signed(type)));
  return register_bits == 64 ? extended : extended & ((u64{1} << register_bits) - 1);
}

double integral(double x, Round round) {
  switch (round) {
    case Round::zero: return std::trunc(x);
    case Round::down: return std::floor(x);
    case Round::up: return std::ceil(x);
    default: return std::nearbyint(x);
  }
}

/// "Clamped to the destination's range; NaN becomes 0, but the most significant bit alone where the source is
/// f64 or the destination has 64 bits."
Wide integer_from(double x, const Conversion& c) {
  const int bits = ptx::bits_of(c.to);
  if (x != x) return c.from == Type::f64 || bits == 64 ? Wide{1} << (bits - 1) : Wide{0};
  const double whole = integral(x, c.round);
  if (whole >= 0x1p64) return highest(c.to);
  if (whole <= -0x1p64) return lowest(c.to);
  return clamped(static_cast<Wide>(whole), c.to);
}

/// An integer as a double by any rule.
double double_from(Wide x, Round round) {
  const auto nearest = static_cast<double>(x);
  const Wide error = static_cast<Wide>(nearest) - x;  // exact: |x| < 2^64
  const bool below = round == Round::down || (round == Round::zero && x > 0);
  const bool above = round == Round::up || (round == Round::zero && x < 0);
  if (error > 0 && below) return std::nextafter(nearest, -HUGE_VAL);
  if (error < 0 && above) return std::nextafter(nearest, HUGE_VAL);
  return nearest;
}

double value_of(u64 bits, Type type) {
  switch (type) {
    case Type::f16: return to_float(F16{static_cast<u16>(bits)});
    case Type::bf16: return to_float(Bf16{static_cast<u16>(bits)});
    case Type::f32: return float_of(static_cast<u32>(bits));
    default: return std::bit_cast<double>(bits);
  }
}

double saturated_double(double x) { return x > 0.0 ? (x < 1.0 ? x : 1.0) : 0.0; }

/// A double, or an exact sum rounded to odd, in the destination's format.
u64 float_bits(double x, const Conversion& c) {
  if (c.relu && x < 0) x = 0.0;
  switch (c.to) {
    case Type::f64: return std::bit_cast<u64>(c.sat ? saturated_double(x) : canonical(x));
    case Type::f16: return to_f16(c.sat ? saturated_double(x) : x, c.round).bits;
    case Type::bf16: return to_bf16(x, c.round).bits;
    default: {
      float r = to_float(x, c.round);
      if (c.ftz) r = flushed(r);
      return bits_of(c.sat ? saturated(r) : r);
    }
  }
}

}  // namespace

std::uint64_t convert(std::uint64_t source, const Conversion& c) {
  if (!is_float(c.from)) {
    const Wide value = integer_of(source, ptx::bits_of(c.from), is_signed(c.from));
    if (!is_float(c.to)) return in_register(c.sat ? clamped(value, c.to) : value, c.to, c.to_bits);
    if (c.to == Type::f64) return float_bits(double_from(value, c.round), c);
    const auto high = static_cast<double>(static_cast<std::int64_t>(value >> 32));
    return float_bits(sum_to_odd(high * 0x1p32, static_cast<double>(static_cast<u32>(value))), c);
  }
  double x = value_of(source, c.from);
  if (c.ftz && c.from == Type::f32) x = flushed(static_cast<float>(x));
  if (!is_float(c.to)) return in_register(integer_from(x, c), c.to, c.to_bits);
  if (c.integral) x = integral(x, c.round);
  return float_bits(x, c);
}

}  // namespace softcuda::isa
