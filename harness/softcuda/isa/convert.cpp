/// "Data Movement and Conversion Instructions: cvt" (PTX ISA 9.7.9.21): every form through convert() value by
/// value, and vector code for the forms that kernels are full of.
#include <bit>
#include <cmath>

#include "harness/softcuda/isa/conversion.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using i32 = std::int32_t;
using i64 = std::int64_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

Round round_of(const Form& f) {
  if (f.has("rz") || f.has("rzi")) return Round::zero;
  if (f.has("rm") || f.has("rmi")) return Round::down;
  if (f.has("rp") || f.has("rpi")) return Round::up;
  return f.has("rna") ? Round::nearest_away : Round::nearest_even;
}

u64 read_lane(Warp& w, u32 row, int bits, int lane) {
  return bits == 16 ? w.row<u16>(row)[lane] : bits == 32 ? w.row<u32>(row)[lane] : w.row<u64>(row)[lane];
}
void write_lane(Warp& w, u32 row, int bits, int lane, u64 value) {
  if (bits == 16)
    w.row<u16>(row)[lane] = static_cast<u16>(value);
  else if (bits == 32)
    w.row<u32>(row)[lane] = static_cast<u32>(value);
  else
    w.row<u64>(row)[lane] = value;
}

const Op* convert_lanes(Warp& w, const Op* op) {
  const auto c = std::bit_cast<Conversion>(op->imm);
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    write_lane(w, op->rows[0], c.to_bits, lane, convert(read_lane(w, op->rows[1], c.from_bits, lane), c));
  }
  return op + 1;
}

Handlers bind_any(const Form& f) {
  Conversion c;
  c.to = f.type(0);
  c.from = f.type(1);
  c.round = round_of(f);
  c.integral = !f.which({"rni", "rzi", "rmi", "rpi"}).empty();
  c.ftz = f.has("ftz");
  c.sat = f.has("sat");
  c.relu = f.has("relu");
  c.to_bits = static_cast<std::uint8_t>(f.bits[0]);
  c.from_bits = static_cast<std::uint8_t>(f.bits[1]);
  return {&convert_lanes, &convert_lanes, std::bit_cast<std::int64_t>(c), 0};
}

/// Whether both registers are exactly as wide as their types.
bool exact(const Form& f) {
  return f.bits[0] == ptx::bits_of(f.type(0)) && f.bits[1] == ptx::bits_of(f.type(1));
}

/// Without saturation and with registers as wide as the types, the destination's sign does not matter.
Handlers bind_integer(const Form& f) {
  if (f.has("sat") || !exact(f)) return bind_any(f);
  return each_bits(f.type(0), [&]<class D>() {
    return each_integer(f.type(1), []<class S>() { return lanes([](S a) { return static_cast<D>(a); }); });
  });
}

Handlers bind_from_integer(const Form& f) {
  const bool nearest = round_of(f) == Round::nearest_even && !f.has("sat") && exact(f);
  if (nearest && f.type(0) == Type::f32) {
    if (f.type(1) == Type::s32) return lanes([](i32 a) { return static_cast<float>(a); });
    if (f.type(1) == Type::u32) return lanes([](u32 a) { return static_cast<float>(a); });
    if (f.type(1) == Type::s64) return lanes([](i64 a) { return static_cast<float>(a); });
    if (f.type(1) == Type::u64) return lanes([](u64 a) { return static_cast<float>(a); });
  }
  if (nearest && f.type(0) == Type::f64) {
    if (f.type(1) == Type::s32) return lanes([](i32 a) { return static_cast<double>(a); });
    if (f.type(1) == Type::u32) return lanes([](u32 a) { return static_cast<double>(a); });
  }
  return bind_any(f);
}

/// f32 to s32: 2^31 is the first value above the range, and exact. Each rule is a vector instruction.
template <class F>
i32 s32_from(float x, F whole_of) {
  const float whole = whole_of(x);
  const bool fits = whole >= -0x1p31f && whole < 0x1p31f;
  const i32 inside = static_cast<i32>(fits ? whole : 0.0f);
  const i32 outside = whole > 0.0f ? 0x7fffffff : whole < 0.0f ? static_cast<i32>(0x80000000u) : 0;
  return fits ? inside : outside;
}
Handlers bind_to_integer(const Form& f) {
  if (f.type(0) != Type::s32 || f.type(1) != Type::f32 || !exact(f)) return bind_any(f);
  switch (round_of(f)) {  // a subnormal rounds as its flushed zero does, but by .rmi and .rpi
    case Round::zero:
      return lanes([](float a) { return s32_from(a, [](float x) { return __builtin_truncf(x); }); });
    case Round::nearest_even:
      return lanes([](float a) { return s32_from(a, [](float x) { return __builtin_nearbyintf(x); }); });
    default: return bind_any(f);
  }
}

template <bool kRelu>
float rectified(float x) {
  return kRelu && x < 0.0f ? 0.0f : x;
}
template <bool kRelu, bool kF16>
u16 half_from(float x) {
  if constexpr (kF16)
    return to_f16(rectified<kRelu>(x)).bits;
  else
    return to_bf16(rectified<kRelu>(x)).bits;
}
Handlers bind_half(const Form& f) {
  if (f.has("ftz") || round_of(f) != Round::nearest_even) return bind_any(f);
  return choose(
      []<bool kRelu, bool kF16>() { return lanes([](float a) { return half_from<kRelu, kF16>(a); }); },
      f.has("relu"), f.type(0) == Type::f16);
}

/// d = {a in the upper half, b in the lower}
template <bool kRelu, bool kF16, Round kRound>
u16 half_by(float x) {
  if constexpr (kRound == Round::nearest_even)
    return half_from<kRelu, kF16>(x);
  else if constexpr (kF16)
    return to_f16(static_cast<double>(rectified<kRelu>(x)), kRound).bits;
  else
    return to_bf16(static_cast<double>(rectified<kRelu>(x)), kRound).bits;
}
Handlers bind_half_pair(const Form& f) {
  return choose(
      []<bool kRelu, bool kF16, bool kNearest>() {
        constexpr Round kRound = kNearest ? Round::nearest_even : Round::zero;
        return lanes([](float a, float b) {
          return u32{half_by<kRelu, kF16, kRound>(a)} << 16 | half_by<kRelu, kF16, kRound>(b);
        });
      },
      f.has("relu"), f.type(0) == Type::f16x2, round_of(f) == Round::nearest_even);
}

Handlers bind_widening(const Form& f) {
  if (f.has("ftz") || f.has("sat")) return bind_any(f);
  if (f.type(1) == Type::f16) return lanes([](u16 a) { return to_float(F16{a}); });
  return lanes([](u16 a) { return to_float(Bf16{a}); });
}

/// cvt.rna.tf32.f32: 10 bits of fraction, ties away from zero; the low 13 bits come out as zero.
u32 tf32_from(float x) {
  const u32 bits = bits_of(x);
  const u32 rounded = (bits + 0x1000u) & 0xffffe000u;
  const u32 special = (bits & 0x7fffffu) != 0 ? kNan32 : bits;
  return (bits & 0x7f800000u) == 0x7f800000u ? special : rounded;
}

/// "cvt.pack": two s32, each clamped to a narrow type, side by side below what c holds. Op::imm: bits of the
/// narrow type, and whether it has a sign.
template <bool kMore>
const Op* pack(Warp& w, const Op* op) {
  const auto bits = static_cast<u32>(op->imm >> 1);
  const bool with_sign = (op->imm & 1) != 0;
  const i32 low = with_sign ? -(1 << (bits - 1)) : 0, high = (1 << (with_sign ? bits - 1 : bits)) - 1;
  const u32 mask = (1u << bits) - 1;
  const i32 *a = w.row<i32>(op->rows[1]), *b = w.row<i32>(op->rows[2]);
  const u32* c = kMore ? w.row<u32>(op->rows[3]) : nullptr;
  u32* d = w.row<u32>(op->rows[0]);
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto narrow = [&](i32 x) { return static_cast<u32>(x < low ? low : x > high ? high : x) & mask; };
    u32 value = narrow(a[lane]) << bits | narrow(b[lane]);
    if constexpr (kMore) value |= c[lane] << 2 * bits;
    d[lane] = (w.active >> lane & 1u) != 0 ? value : d[lane];
  }
  return op + 1;
}
template <bool kMore>
Handlers bind_pack(const Form& f) {
  const std::string_view type = f.which({"u2", "s2", "u4", "s4", "u8", "s8", "u16", "s16"});
  const std::int64_t bits = type.ends_with("16") ? 16 : type[1] - '0';
  return {&pack<kMore>, &pack<kMore>, bits << 1 | static_cast<std::int64_t>(type[0] == 's'), 0};
}

}  // namespace

#define FLASHDIFF_INTEGERS "{u8|u16|u32|u64|s8|s16|s32|s64}"

std::span<const Entry> convert_family() {
  static const Entry entries[] = {
      {"cvt[.sat]." FLASHDIFF_INTEGERS "." FLASHDIFF_INTEGERS " d:any, a:any2", bind_integer},
      {"cvt.{rn|rz|rm|rp}[.sat].{f32|f64}." FLASHDIFF_INTEGERS " d, a:any2", bind_from_integer},
      {"cvt.{rn|rz|rm|rp}.{f16|bf16}." FLASHDIFF_INTEGERS " d, a:any2", bind_from_integer},
      {"cvt.{rni|rzi|rmi|rpi}[.ftz][.sat]." FLASHDIFF_INTEGERS ".f32 d:any, a:f32", bind_to_integer},
      {"cvt.{rni|rzi|rmi|rpi}[.sat]." FLASHDIFF_INTEGERS ".{f64|f16|bf16} d:any, a:T2", bind_to_integer},
      {"cvt.{rn|rz}[.ftz][.relu].f16.f32 d:b16, a:f32", bind_half},
      {"cvt.{rm|rp}[.ftz].f16.f32 d:b16, a:f32", bind_any},
      {"cvt.{rn|rz|rm|rp}[.ftz].sat.f16.f32 d:b16, a:f32", bind_any},
      {"cvt.pack.sat.{u16|s16}.s32 d:b32, a:s32, b:s32", bind_pack<false>},
      {"cvt.pack.sat.{u2|s2|u4|s4|u8|s8}.s32.b32 d:b32, a:s32, b:s32, c:b32", bind_pack<true>},
      {"cvt.{rn|rz}[.relu].bf16.f32 d:b16, a:f32", bind_half},
      {"cvt.{rn|rz}[.relu].{f16x2|bf16x2}.f32 d, a:f32, b:f32", bind_half_pair},
      {"cvt.rna.tf32.f32 d:b32, a:f32",
       [](const Form&) { return lanes([](float a) { return tf32_from(a); }); }},
      {"cvt[.ftz][.sat].f32.f16 d, a:b16", bind_widening},
      {"cvt.f32.bf16 d, a:b16", bind_widening},
      {"cvt.f64.f16 d, a:b16", bind_any},
      {"cvt.sat.f64.f16 d, a:b16", bind_any},
      {"cvt.{rn|rz|rm|rp}.{f16|bf16}.f64 d:b16, a:f64", bind_any},
      {"cvt.{rn|rz|rm|rp}.sat.f16.f64 d:b16, a:f64", bind_any},
      {"cvt.{rn|rz|rm|rp}.sat.f16." FLASHDIFF_INTEGERS " d, a:any2", bind_from_integer},
      {"cvt[.ftz][.sat].f64.f32 d, a:f32",
       [](const Form& f) {
         if (f.has("ftz") || f.has("sat")) return bind_any(f);
         return lanes([](float a) { return canonical(static_cast<double>(a)); });
       }},
      {"cvt.{rn|rz|rm|rp}[.ftz][.sat].f32.f64 d, a:f64",
       [](const Form& f) {
         if (f.has("ftz") || f.has("sat") || round_of(f) != Round::nearest_even) return bind_any(f);
         return lanes([](double a) { return canonical(static_cast<float>(a)); });
       }},
      {"cvt[.{rni|rzi|rmi|rpi}][.ftz][.sat].f32.f32 d, a", bind_any},
      {"cvt[.{rni|rzi|rmi|rpi}][.sat].f64.f64 d, a", bind_any},
      {"cvt[.{rni|rzi|rmi|rpi}][.sat].f16.f16 d, a", bind_any},
  };
  return entries;
}
#undef FLASHDIFF_INTEGERS

}  // namespace softcuda::isa
