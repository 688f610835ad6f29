/// "Data Movement: mov, cvta, isspacep" (PTX ISA 9.7.9): between registers, and between address spaces.
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

Handlers bind_mov(const Form& f) {
  if (f.type() == Type::pred) return lanes([](bool a) { return a; });
  return each_bits(f.type(), []<class T>() { return lanes([](T a) { return a; }); });
}

/// mov.b32 {lo, hi}, a and its kin: kCount parts of type Part. Sinks are rows that nobody reads.
template <class Whole, class Part, int kCount, bool kFull>
const Op* unpack(Warp& w, const Op* op) {
  const Whole* a = w.row<Whole>(op->rows[kCount]);
  const std::uint32_t active = kFull ? kAllLanes : w.active;
  for (int k = 0; k < kCount; ++k) {
    Part* d = w.row<Part>(op->rows[k]);
#pragma GCC ivdep
    for (int lane = 0; lane < kLanes; ++lane) {
      const Part part = static_cast<Part>(a[lane] >> (8 * sizeof(Part) * static_cast<unsigned>(k)));
      d[lane] = (active >> lane & 1u) != 0 ? part : d[lane];
    }
  }
  return op + 1;
}
template <class Whole, class Part, int kCount>
Handlers unpacking() {
  return {&unpack<Whole, Part, kCount, true>, &unpack<Whole, Part, kCount, false>};
}

/// mov.b128, however its operands are written: a register is two rows of 64 bits. Rows: d, d, a, a; either d
/// may be the other a.
template <bool kFull>
const Op* move_wide(Warp& w, const Op* op) {
  const u32 active = kFull ? kAllLanes : w.active;
  const u64 *low = w.row<u64>(op->rows[2]), *high = w.row<u64>(op->rows[3]);
  u64 *to_low = w.row<u64>(op->rows[0]), *to_high = w.row<u64>(op->rows[1]);
  for (int lane = 0; lane < kLanes; ++lane) {
    if ((active >> lane & 1u) == 0) continue;
    const u64 a = low[lane], b = high[lane];
    to_low[lane] = a;
    to_high[lane] = b;
  }
  return op + 1;
}
Handlers bind_wide_mov(const Form&) { return {&move_wide<true>, &move_wide<false>}; }

/// cvta: the generic address of a window's address, and back. Global addresses are generic addresses.
u64 window_of(const Form& f) {
  switch (f.space()) {
    case ptx::Space::shared: return kSharedWindow;
    case ptx::Space::local: return kLocalWindow;
    case ptx::Space::param: return kParamWindow;
    default: return 0;
  }
}
template <u64 kWindow>
Handlers to_generic() {
  return lanes([](u64 a) { return a + kWindow; });
}
template <u64 kWindow>
Handlers from_generic() {
  return lanes([](u64 a) { return a - kWindow; });
}
Handlers bind_cvta(const Form& f) {
  const bool to = f.has("to");
  switch (window_of(f)) {
    case kSharedWindow: return to ? from_generic<kSharedWindow>() : to_generic<kSharedWindow>();
    case kLocalWindow: return to ? from_generic<kLocalWindow>() : to_generic<kLocalWindow>();
    case kParamWindow: return to ? from_generic<kParamWindow>() : to_generic<kParamWindow>();
    default: return lanes([](u64 a) { return a; });
  }
}
Handlers bind_isspacep(const Form& f) {
  switch (window_of(f)) {
    case kSharedWindow: return lanes([](u64 a) { return (a & kWindowMask) == kSharedWindow; });
    case kLocalWindow: return lanes([](u64 a) { return (a & kWindowMask) == kLocalWindow; });
    case kParamWindow: return lanes([](u64 a) { return (a & kWindowMask) == kParamWindow; });
    default: return lanes([](u64 a) { return (a & kWindowMask) == 0; });
  }
}

}  // namespace

std::span<const Entry> move_family() {
  static const Entry entries[] = {
      {"mov.{pred|b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64} d, a", bind_mov},
      {"mov.b32 d, a{2}:b16",
       [](const Form&) { return lanes([](u16 lo, u16 hi) { return static_cast<u32>(hi) << 16 | lo; }); }},
      {"mov.b64 d, a{2}:b32",
       [](const Form&) { return lanes([](u32 lo, u32 hi) { return static_cast<u64>(hi) << 32 | lo; }); }},
      {"mov.b64 d, a{4}:b16",
       [](const Form&) {
         return lanes(
             [](u16 a, u16 b, u16 c, u16 e) { return u64{a} | u64{b} << 16 | u64{c} << 32 | u64{e} << 48; });
       }},
      {"mov.b32 d{2}:b16, a", [](const Form&) { return unpacking<u32, u16, 2>(); }},
      {"mov.b64 d{2}:b32, a", [](const Form&) { return unpacking<u64, u32, 2>(); }},
      {"mov.b64 d{4}:b16, a", [](const Form&) { return unpacking<u64, u16, 4>(); }},
      {"mov.b128 d, a", bind_wide_mov},
      {"mov.b128 d, a{2}:b64", bind_wide_mov},
      {"mov.b128 d{2}:b64, a", bind_wide_mov},
      {"cvta[.to].{global|shared|shared::cta|local|const|param}.u64 d, a", bind_cvta},
      {"isspacep.{global|shared|shared::cta|local|const|param} p:pred, a:b64", bind_isspacep},
  };
  return entries;
}

}  // namespace softcuda::isa
