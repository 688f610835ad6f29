#include "harness/softcuda/isa/access.h"

#include <bit>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/count/sectors.h"
#include "harness/softcuda/count/wavefronts.h"

namespace softcuda::isa {
namespace {

using check::FaultKind;
using ptx::Space;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// The address operand widened, with the offset added; idle lanes repeat the first active lane's address, so
/// that reductions over all 32 see active lanes only.
template <class T>
void gather_addresses(Warp& w, const Op* op, u32 row, Access& out) {
  const T* a = w.row<T>(row);
  const auto offset = static_cast<T>(op->imm);  // 32-bit addresses wrap as 32-bit sums do
  if (w.active == kAllLanes) {
#pragma GCC ivdep
    for (int lane = 0; lane < kLanes; ++lane) out.at[lane] = static_cast<T>(a[lane] + offset);
    return;
  }
  const T first = a[std::countr_zero(w.active)];
  const u32 active = w.active;
#pragma GCC ivdep
  for (int lane = 0; lane < kLanes; ++lane)
    out.at[lane] = static_cast<T>(((active >> lane & 1u) != 0 ? a[lane] : first) + offset);
}

/// uniform, contiguous or scattered; one pass, no early exit.
Shape shape_of(const Access& access, u32 active, u32 bytes) {
  const u64 first = access.at[0];
  u64 differ = 0, jump = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    differ |= access.at[lane] ^ first;
    jump |= access.at[lane] ^ (first + static_cast<u64>(lane) * bytes);
  }
  if (differ == 0) return Shape::uniform;
  return jump == 0 && active == kAllLanes ? Shape::contiguous : Shape::scattered;
}

struct Extent {
  u64 low, high, all;  ///< smallest and largest address; all addresses ORed
};
Extent extent_of(const Access& access, Shape shape, u32 bytes) {
  const u64 first = access.at[0];
  if (shape == Shape::uniform) return {first, first, first};
  // bytes is a power of two: contiguous addresses are aligned when the first one is.
  if (shape == Shape::contiguous) return {first, first + u64{kLanes - 1} * bytes, first};
  Extent e{first, first, 0};
  for (int lane = 0; lane < kLanes; ++lane) {
    const u64 a = access.at[lane];
    e.low = a < e.low ? a : e.low;
    e.high = a > e.high ? a : e.high;
    e.all |= a;
  }
  return e;
}

/// Finds the first lane for which `bad` holds and raises its fault.
template <class Bad>
Shape fault_of(Warp& w, const Op* op, const Access& access, u32 bytes, bool write, Space space,
               FaultKind kind, Bad bad) {
  for (int lane = 0; lane < kLanes; ++lane) {
    if ((w.active >> lane & 1u) == 0 || !bad(access.at[lane])) continue;
    w.fault({kind, op, access.at[lane], bytes, lane, write, space});
    return Shape::faulted;
  }
  return Shape::faulted;  // not reached: the caller has seen that some lane is bad
}

count::Traffic& traffic_of(const Warp& w, const Op* op, count::Space space) {
  return w.traffic[static_cast<std::size_t>(space)][op->extra];
}
/// One request that took `units`, and at best `ideal`.
void add(count::Traffic& traffic, u32 units, u32 ideal, u32 bytes) {
  ++traffic.requests;
  traffic.units += units;
  traffic.ideal += ideal;
  traffic.bytes += bytes;
}
void add_sectors(count::Traffic& traffic, u32 sectors, u32 bytes) {
  const u32 filled = count::filled_sectors(bytes);  // more than there are where lanes share bytes
  add(traffic, sectors, filled < sectors ? filled : sectors, bytes);
}

void count_in_global(const Warp& w, const Op* op, Shape shape, const Access& access, u32 bytes) {
  if (counting_of(op) == Counting::none) return;
  const u32 asked = static_cast<u32>(std::popcount(w.active)) * bytes;
  const u32 sectors = shape == Shape::uniform      ? count::sectors_of_run(access.at[0], bytes)
                      : shape == Shape::contiguous ? count::sectors_of_run(access.at[0], asked)
                                                   : count::sectors(access.at, w.active);
  add_sectors(traffic_of(w, op, count::Space::global), sectors, asked);
}

void add_wavefronts(const Warp& w, const Op* op, const count::SharedPattern& pattern, u32 bytes) {
  add(traffic_of(w, op, count::Space::shared), pattern.wavefronts, pattern.ideal,
      static_cast<u32>(std::popcount(w.active)) * bytes);
}
/// What the access at these offsets looks like; known already in most cases.
count::SharedPattern& pattern_of(const Warp& w, const Op* op, const u32* offset, u32 bytes) {
  count::SharedPattern& pattern = w.patterns[op->extra];
  if (!pattern.covers(offset, w.active, bytes)) [[unlikely]]
    pattern.take(offset, w.active, bytes, counting_of(op) == Counting::atomic);
  return pattern;
}

void move_by(Access& access, Shape shape, u64 distance) {
  if (shape != Shape::scattered) {
    access.at[0] += distance;
    return;
  }
  for (u64& a : access.at) a += distance;
}

/// A space that is one block of bytes, its addresses offsets into it: shared, param.
Shape in_block(Warp& w, const Op* op, u32 bytes, bool write, Access& access, const std::byte* base, u64 size,
               Space space) {
  const Shape shape = shape_of(access, w.active, bytes);
  const Extent e = extent_of(access, shape, bytes);
  if ((e.all & (bytes - 1)) != 0) {
    return fault_of(w, op, access, bytes, write, space, FaultKind::misaligned,
                    [=](u64 a) { return (a & (bytes - 1)) != 0; });
  }
  if (e.high >= size || e.high + bytes > size) {
    return fault_of(w, op, access, bytes, write, space, FaultKind::out_of_bounds,
                    [=](u64 a) { return a >= size || a + bytes > size; });
  }
  move_by(access, shape, check::address_of(base));
  return shape;
}

/// Local memory: a frame a lane.
Shape in_frames(Warp& w, const Op* op, u32 bytes, bool write, Access& access) {
  const u64 size = w.local_bytes;
  const Extent e = extent_of(access, Shape::scattered, bytes);
  if ((e.all & (bytes - 1)) != 0) {
    return fault_of(w, op, access, bytes, write, Space::local, FaultKind::misaligned,
                    [=](u64 a) { return (a & (bytes - 1)) != 0; });
  }
  if (e.high >= size || e.high + bytes > size) {
    return fault_of(w, op, access, bytes, write, Space::local, FaultKind::out_of_bounds,
                    [=](u64 a) { return a >= size || a + bytes > size; });
  }
  if (counting_of(op) != Counting::none)
    add_sectors(traffic_of(w, op, count::Space::local), count::local_sectors(access.at, w.active, bytes),
                static_cast<u32>(std::popcount(w.active)) * bytes);
  for (u64 lane = 0; lane < kLanes; ++lane) access.at[lane] += check::address_of(w.local) + lane * size;
  return Shape::scattered;
}

FaultKind why_not_global(const Warp& w, u64 address) {
  if ((address & kWindowMask) != 0) return FaultKind::wrong_space;
  if (address < 65536) return FaultKind::null_pointer;
  return w.allocations->freed_at(address) ? FaultKind::use_after_free : FaultKind::out_of_bounds;
}

/// Global memory: an address is its own host address; what has to be found is an allocation around it. The
/// last one found is kept per instruction, since an instruction nearly always works on one tensor.
Shape in_allocations(Warp& w, const Op* op, u32 bytes, bool write, Access& access, Space space) {
  const Shape shape = shape_of(access, w.active, bytes);
  const Extent e = extent_of(access, shape, bytes);
  if ((e.all & (bytes - 1)) != 0) [[unlikely]] {
    return fault_of(w, op, access, bytes, write, space, FaultKind::misaligned,
                    [=](u64 a) { return (a & (bytes - 1)) != 0; });
  }
  check::Interval& known = w.sites[op->extra];
  if (e.low >= known.begin && e.high + bytes <= known.end && e.high + bytes > e.high) [[likely]] {
    count_in_global(w, op, shape, access, bytes);
    return shape;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    if ((w.active >> lane & 1u) == 0) continue;
    const u64 a = shape == Shape::uniform ? access.at[0] : access.at[lane];
    if (a >= known.begin && a < known.end && bytes <= known.end - a) continue;
    const check::Interval found = w.allocations->interval_at(a);
    if (a >= found.begin && a < found.end && bytes <= found.end - a) {
      // Asked here only: an instruction that writes never gets to know a constant one.
      if (write && found.constant) {
        w.fault({FaultKind::constant_written, op, a, bytes, lane, write, space});
        return Shape::faulted;
      }
      known = found;
      continue;
    }
    w.fault({why_not_global(w, a), op, a, bytes, lane, write, space});
    return Shape::faulted;
  }
  count_in_global(w, op, shape, access, bytes);
  return shape;
}

/// The usual access to shared memory, by 32-bit addresses: one comparison with the instruction's access
/// before, which tells all that has to be known but where this one lies.
Shape resolve_shared32(Warp& w, const Op* op, u32 row, u32 bytes, bool write, Access& out) {
  const u32* a = w.row<u32>(row);
  const auto offset = static_cast<u32>(op->imm);
  const u32 active = w.active;
  alignas(64) u32 at[kLanes];
  if (active == kAllLanes) {
    for (int lane = 0; lane < kLanes; ++lane) at[lane] = a[lane] + offset;
  } else {
    const u32 stand_in = a[std::countr_zero(active)];
    for (int lane = 0; lane < kLanes; ++lane)
      at[lane] = ((active >> lane & 1u) != 0 ? a[lane] : stand_in) + offset;
  }
  count::SharedPattern& pattern = w.patterns[op->extra];
  u32 unaligned = at[0] & (bytes - 1);  // what is true of one lane is then true of all
  if (!pattern.covers(at, active, bytes)) [[unlikely]] {
    for (int lane = 0; lane < kLanes; ++lane) unaligned |= at[lane];
    unaligned &= bytes - 1;
    if (unaligned == 0) pattern.take(at, active, bytes, counting_of(op) == Counting::atomic);
  }
  const u64 word = at[0] & ~3u;
  if (unaligned != 0 || word < pattern.below || word + pattern.above + bytes > w.shared_bytes) [[unlikely]] {
    for (int lane = 0; lane < kLanes; ++lane) out.at[lane] = at[lane];
    return in_block(w, op, bytes, write, out, w.shared, w.shared_bytes, Space::shared);
  }
  add_wavefronts(w, op, pattern, bytes);
  const u64 base = check::address_of(w.shared);
  if (pattern.same || (pattern.in_order && active == kAllLanes)) {
    out.at[0] = base + at[0];
    return pattern.same ? Shape::uniform : Shape::contiguous;
  }
  for (int lane = 0; lane < kLanes; ++lane) out.at[lane] = base + at[lane];
  return Shape::scattered;
}

Shape in_shared(Warp& w, const Op* op, u32 bytes, bool write, Access& access) {
  const Shape shape = in_block(w, op, bytes, write, access, w.shared, w.shared_bytes, Space::shared);
  if (shape == Shape::faulted || counting_of(op) == Counting::none) return shape;
  Access whole = access;
  spread(whole, shape, bytes);
  alignas(64) u32 offset[kLanes];
  for (int lane = 0; lane < kLanes; ++lane)
    offset[lane] = static_cast<u32>(whole.at[lane] - check::address_of(w.shared));
  add_wavefronts(w, op, pattern_of(w, op, offset, bytes), bytes);
  return shape;
}
Shape in_params(Warp& w, const Op* op, u32 bytes, bool write, Access& access) {
  if (write) {
    return fault_of(w, op, access, bytes, write, Space::param, FaultKind::wrong_space,
                    [](u64) { return true; });
  }
  return in_block(w, op, bytes, write, access, w.params, w.param_bytes, Space::param);
}

/// Generic addresses: the windows' marks say which space. Lanes of one access may differ.
Shape in_generic(Warp& w, const Op* op, u32 bytes, bool write, Access& access) {
  u64 differ = 0;
  const u64 first = access.at[0] & kWindowMask;
  for (const u64 a : access.at) differ |= (a & kWindowMask) ^ first;
  const auto into = [&](u64 window, Access& part) -> Shape {
    if (window == 0) return in_allocations(w, op, bytes, write, part, Space::generic);
    for (u64& a : part.at) a -= window;
    if (window == kSharedWindow) return in_shared(w, op, bytes, write, part);
    if (window == kLocalWindow) return in_frames(w, op, bytes, write, part);
    if (window == kParamWindow) return in_params(w, op, bytes, write, part);
    for (u64& a : part.at) a += window;
    return fault_of(w, op, part, bytes, write, Space::generic, FaultKind::wrong_space,
                    [](u64) { return true; });
  };
  if (differ == 0) return into(first, access);

  const u32 active = w.active;
  Access whole = access;
  for (u32 rest = active; rest != 0;) {
    const u64 window = access.at[std::countr_zero(rest)] & kWindowMask;
    u32 here = 0;
    for (int lane = 0; lane < kLanes; ++lane)
      here |= static_cast<u32>((access.at[lane] & kWindowMask) == window) << lane;
    here &= rest;
    rest &= ~here;
    Access part = access;
    const u64 stand_in = access.at[std::countr_zero(here)];
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((here >> lane & 1u) == 0) part.at[lane] = stand_in;
    }
    w.active = here;
    const Shape shape = into(window, part);
    w.active = active;
    if (shape == Shape::faulted) return shape;
    spread(part, shape, bytes);
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((here >> lane & 1u) != 0) whole.at[lane] = part.at[lane];
    }
  }
  access = whole;
  return Shape::scattered;
}

template <class T, Shape (*kIn)(Warp&, const Op*, u32, bool, Access&)>
Shape resolve(Warp& w, const Op* op, u32 row, u32 bytes, bool write, Access& out) {
  gather_addresses<T>(w, op, row, out);
  return kIn(w, op, bytes, write, out);
}
Shape resolve_global(Warp& w, const Op* op, u32 row, u32 bytes, bool write, Access& out) {
  gather_addresses<u64>(w, op, row, out);
  return in_allocations(w, op, bytes, write, out, Space::global);
}

}  // namespace

Resolver resolver_of(AddressKind kind) {
  switch (kind) {
    case AddressKind::global64: return &resolve_global;
    case AddressKind::shared32: return &resolve_shared32;
    case AddressKind::shared64: return &resolve<u64, in_shared>;
    case AddressKind::local32: return &resolve<u32, in_frames>;
    case AddressKind::local64: return &resolve<u64, in_frames>;
    case AddressKind::param32: return &resolve<u32, in_params>;
    case AddressKind::param64: return &resolve<u64, in_params>;
    default: return &resolve<u64, in_generic>;
  }
}

Shape resolve_addresses(Warp& w, const Op* op, std::uint32_t bytes, bool write, Access& access) {
  const u64 stand_in = access.at[std::countr_zero(w.active)];
  for (int lane = 0; lane < kLanes; ++lane)
    access.at[lane] = (w.active >> lane & 1u) != 0 ? access.at[lane] : stand_in;
  switch (address_kind_of(op)) {
    case AddressKind::global64: return in_allocations(w, op, bytes, write, access, Space::global);
    case AddressKind::shared32:
    case AddressKind::shared64: return in_shared(w, op, bytes, write, access);
    default: return in_generic(w, op, bytes, write, access);
  }
}

void count_global(Warp& w, const Op* op, const u64* at, std::uint32_t asked) {
  add_sectors(traffic_of(w, op, count::Space::global), count::sectors(at, w.active), asked);
}
void count_shared(Warp& w, const Op* op, const u32* offset, std::uint32_t bytes) {
  add_wavefronts(w, op, pattern_of(w, op, offset, bytes), bytes);
}

void spread(Access& access, Shape shape, std::uint32_t bytes) {
  if (shape == Shape::scattered || shape == Shape::faulted) return;
  const u64 first = access.at[0];
  const u64 step = shape == Shape::contiguous ? bytes : 0;
  for (u64 lane = 0; lane < kLanes; ++lane) access.at[lane] = first + lane * step;
}

}  // namespace softcuda::isa
