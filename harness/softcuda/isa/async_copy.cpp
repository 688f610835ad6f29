/// "Data Movement: cp.async, cp.async.commit_group, cp.async.wait_group, cp.async.wait_all" (PTX ISA
/// 9.7.9.25).
///
/// The ISA says only that data are there after the wait. Unless somebody looks on, or Modes::late_copies,
/// they move at the issue. Late copies poison their destination at the issue and read their source at the
/// wait, so that a kernel that does not wait, or changes the source too early, computes something else.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/copies.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/mbarrier.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr int kPoison = 0xff;  // a NaN in every format

/// Who copies what from where to where; every lane's own.
struct Lanewise {
  Access to, from;
  std::array<u32, kLanes> from_bytes;
  u32 bytes;
};

/// One lane's data: the first `from_bytes` of them read, the rest zero.
void move(u64 to, u64 from, u32 from_bytes, u32 bytes) {
  alignas(16) std::byte data[16] = {};
  if (from_bytes != 0) std::memcpy(data, check::at_host(from), from_bytes);
  std::memcpy(check::at_host(to), data, bytes);
}
template <int kBytes>
void move_whole(const Lanewise& copy) {
  for (int lane = 0; lane < kLanes; ++lane)
    std::memcpy(check::at_host(copy.to.at[lane]), check::at_host(copy.from.at[lane]), kBytes);
}
void move_all(const Lanewise& copy, u32 active, u32 whole) {
  if (active == kAllLanes && whole == kAllLanes) {
    if (copy.bytes == 16) return move_whole<16>(copy);
    if (copy.bytes == 8) return move_whole<8>(copy);
    return move_whole<4>(copy);
  }
  for (u32 rest = active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    move(copy.to.at[lane], copy.from.at[lane], copy.from_bytes[static_cast<std::size_t>(lane)], copy.bytes);
  }
}

/// A part of the bytes of one lane: the first and the last of them are checked, which is enough inside an
/// allocation. Who looks on is told of all of them.
bool find_part(Warp& w, const Op* op, const Op& source, Lanewise& copy, int lane) {
  const u32 active = w.active;
  const auto lane_at = static_cast<std::size_t>(lane);
  Op last = source;
  last.imm += copy.from_bytes[lane_at] - 1;
  Access access;
  w.active = 1u << lane;
  Shape shape = Shape::faulted;
  for (const Op* as : {static_cast<const Op*>(&last), &source}) {
    shape = reach(w, as, op->rows[1], 1, Use::read, access);
    if (shape == Shape::faulted) break;
    spread(access, shape, 1);
  }
  for (u32 k = 1; w.watch != nullptr && shape != Shape::faulted && k + 1 < copy.from_bytes[lane_at]; ++k) {
    Access byte;
    byte.at[lane] = access.at[lane] + k;
    w.watch->touched(w, {&source, Shape::scattered, &byte, 1, Use::read});
  }
  w.active = active;
  copy.from.at[lane] = access.at[lane];
  if (shape != Shape::faulted && copy.from.at[lane] % copy.bytes != 0)
    w.fault(
        {check::FaultKind::misaligned, op, copy.from.at[lane], copy.bytes, lane, false, ptx::Space::global});
  else if (shape != Shape::faulted)
    return true;
  w.raised.op = op;
  return false;
}

/// One request of all lanes that read anything.
void count_sources(Warp& w, const Op& source, const Lanewise& copy, u32 reading) {
  const u32 active = w.active;
  u32 asked = 0;
  for (u32 rest = reading; rest != 0; rest &= rest - 1)
    asked += copy.from_bytes[static_cast<std::size_t>(std::countr_zero(rest))];
  w.active = reading;
  count_global(w, &source, copy.from.at, asked);
  w.active = active;
}

/// Host addresses of the sources; lanes that read nothing need not have a good one.
bool find_sources(Warp& w, const Op* op, Lanewise& copy, u32 whole, u32 part) {
  const Op source = part == 0 ? second_address(op) : uncounted(second_address(op));
  const u32 active = w.active;
  if (whole != 0) {
    Access access;
    w.active = whole;
    const Shape shape = reach(w, &source, op->rows[1], copy.bytes, Use::read, access);
    w.active = active;
    if (shape == Shape::faulted) {
      w.raised.op = op;
      return false;
    }
    spread(access, shape, copy.bytes);
    copy.from = access;
  }
  for (u32 rest = part; rest != 0; rest &= rest - 1) {
    if (!find_part(w, op, source, copy, std::countr_zero(rest))) return false;
  }
  if (part != 0) count_sources(w, source, copy, whole | part);
  return true;
}

void record(Warp& w, const Op* op, const Lanewise& from) {
  AsyncCopy copy;
  copy.op = *op;
  copy.lanes = w.active;
  copy.bytes = from.bytes;
  copy.moved = !w.modes->late_copies;
  std::copy_n(from.to.at, kLanes, copy.to.begin());
  std::copy_n(from.from.at, kLanes, copy.from.begin());
  copy.from_bytes = from.from_bytes;
  copy.group = w.copies->of(w).committed;
  w.copies->of(w).under_way.push_back(copy);
}

/// Rows: destination, source, cp-size[, src-size].
template <bool kSized, bool kBypassesL1>
const Op* copy_async(Warp& w, const Op* op) {
  const u32 active = w.active;
  Lanewise copy;
  copy.bytes = w.row<u32>(op->rows[2])[std::countr_zero(active)];
  const u32 bytes = copy.bytes;
  const bool known = kBypassesL1 ? bytes == 16 : bytes == 4 || bytes == 8 || bytes == 16;
  if (!known)
    return w.fault({check::FaultKind::illegal_operand, op, bytes, 4, std::countr_zero(active), false, {}});
  u32 whole = active, part = 0;
  copy.from_bytes.fill(bytes);
  if constexpr (kSized) {
    const u32* sizes = w.row<u32>(op->rows[3]);
    whole = 0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const u32 size = sizes[lane] < bytes ? sizes[lane] : bytes;  // "src-size less than cp-size"
      copy.from_bytes[lane] = size;
      whole |= static_cast<u32>(size == bytes) << lane;
      part |= static_cast<u32>(size != bytes && size != 0) << lane;
    }
    whole &= active;
    part &= active;
  }
  const Op destination = first_address(op);
  const Shape shape = reach(w, &destination, op->rows[0], bytes, Use::copy, copy.to);
  if (shape == Shape::faulted) {
    w.raised.op = op;
    return nullptr;
  }
  spread(copy.to, shape, bytes);
  if (!find_sources(w, op, copy, whole, part)) return nullptr;

  u32* open = w.copies->of(w).open.data();
  for (int lane = 0; lane < kLanes; ++lane) open[lane] += active >> lane & 1u;
  if (w.copies->tracked()) [[unlikely]]
    record(w, op, copy);
  if (w.modes->late_copies) [[unlikely]] {
    for (u32 rest = active; rest != 0; rest &= rest - 1)
      std::memset(check::at_host(copy.to.at[std::countr_zero(rest)]), kPoison, bytes);
  } else {
    move_all(copy, active, whole);
  }
  return op + 1;
}
template <bool kSized>
Handlers bind_copy(const Form& f) {
  if (f.has("cg")) return {&copy_async<kSized, true>, &copy_async<kSized, true>};
  return {&copy_async<kSized, false>, &copy_async<kSized, false>};
}

const Op* commit(Warp& w, const Op* op) {
  Copies::OfWarp& mine = w.copies->of(w);
  for (int lane = 0; lane < kLanes; ++lane) {
    const u32 here = w.active >> lane & 1u;
    mine.committed[lane] += here;
    mine.open[lane] = here != 0 ? 0 : mine.open[lane];
  }
  return op + 1;
}

/// Delivers, for the active lanes, all groups but the `keep` youngest ones; `open` ones as well.
void wait_for(Warp& w, u32 keep, bool open) {
  Copies::OfWarp& mine = w.copies->of(w);
  if (mine.under_way.empty()) return;
  for (AsyncCopy& copy : mine.under_way) {
    u32 done = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
      const bool committed = copy.group[lane] < mine.committed[lane];
      const bool old = committed && mine.committed[lane] - copy.group[lane] > keep;
      done |= static_cast<u32>(old || (open && !committed)) << lane;
    }
    done &= copy.lanes & w.active;
    if (done != 0) deliver(w, copy, done);
  }
  std::erase_if(mine.under_way, [](const AsyncCopy& copy) { return copy.lanes == 0; });
}

/// Rows: N.
const Op* wait_group(Warp& w, const Op* op) {
  const Copies::OfWarp& mine = w.copies->of(w);
  u32 forgotten = 0;
  for (int lane = 0; lane < kLanes; ++lane)
    forgotten |= static_cast<u32>(mine.open[lane] != 0 && mine.committed[lane] == 0) << lane;
  if ((forgotten & w.active) != 0 && w.sync != nullptr) [[unlikely]]
    w.sync->uncommitted(w, op, forgotten & w.active);
  wait_for(w, w.row<u32>(op->rows[0])[std::countr_zero(w.active)], false);
  return op + 1;
}
const Op* wait_all(Warp& w, const Op* op) {
  Copies::OfWarp& mine = w.copies->of(w);
  wait_for(w, 0, true);
  for (int lane = 0; lane < kLanes; ++lane)
    mine.open[lane] = (w.active >> lane & 1u) != 0 ? 0 : mine.open[lane];
  return op + 1;
}

/// cp.async.mbarrier.arrive: arrives when the lane's copies before it are complete. Without .noinc the
/// arrival is pending on top of what the barrier expects, so that it changes nothing once it is made.
template <bool kCounted>
const Op* arrive_when_copied(Warp& w, const Op* op) {
  Access access;
  const Shape shape = reach(w, op, op->rows[0], 8, Use::update, access);
  if (shape == Shape::faulted) return nullptr;
  spread(access, shape, 8);
  AsyncCopy arrival;
  arrival.op = *op;
  arrival.arrival = true;
  arrival.counted = kCounted;
  arrival.lanes = w.active;
  arrival.group = w.copies->of(w).committed;
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    arrival.to[lane] = access.at[lane];
    auto* state = check::at_host<u64>(access.at[lane]);
    if (!kCounted) *state = mbarrier::one_more(*state);
  }
  if (w.copies->tracked())
    w.copies->of(w).under_way.push_back(arrival);
  else
    deliver(w, arrival, w.active);
  return op + 1;
}

}  // namespace

void deliver(Warp& w, AsyncCopy& copy, std::uint32_t lanes) {
  for (u32 rest = lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (copy.arrival) {
      auto* state = check::at_host<u64>(copy.to[lane]);
      *state = mbarrier::arrived(*state, 1);
    } else if (!copy.moved) {
      move(copy.to[lane], copy.from[lane], copy.from_bytes[lane], copy.bytes);
    }
  }
  if (w.watch != nullptr) [[unlikely]]
    w.watch->delivered(w, copy, lanes);
  copy.lanes &= ~lanes;
}

void deliver_for(Warp& w, std::uint64_t barrier) {
  for (Copies::OfWarp& one : w.copies->all()) {
    for (std::size_t at = 0; at < one.under_way.size(); ++at) {
      if (!one.under_way[at].arrival) continue;
      u32 lanes = 0;
      for (int lane = 0; lane < kLanes; ++lane)
        lanes |= static_cast<u32>(one.under_way[at].to[lane] == barrier) << lane;
      lanes &= one.under_way[at].lanes;
      if (lanes == 0) continue;
      // The issuing warp's copies: the arrival comes behind all that its lanes issued before it.
      Warp& issuer = w.copies->warp(one);
      for (std::size_t before = 0; before <= at; ++before) {
        const u32 these = one.under_way[before].lanes & lanes;
        if (these != 0) deliver(issuer, one.under_way[before], these);
      }
    }
    std::erase_if(one.under_way, [](const AsyncCopy& copy) { return copy.lanes == 0; });
  }
}

std::span<const Entry> async_copy_family() {
  static const Entry entries[] = {
      {"cp.async.{ca|cg}.{shared|shared::cta}.global[.L2::cache_hint][.{L2::64B|L2::128B|L2::256B}] "
       "[a:shared], [b:global], n:u32",
       bind_copy<false>, Flow::memory},
      {"cp.async.{ca|cg}.{shared|shared::cta}.global[.{L2::64B|L2::128B|L2::256B}] "
       "[a:shared], [b:global], n:u32, s:u32",
       bind_copy<true>, Flow::memory},
      {"cp.async.{ca|cg}.{shared|shared::cta}.global.L2::cache_hint[.{L2::64B|L2::128B|L2::256B}] "
       "[a:shared], [b:global], n:u32, c:b64",
       bind_copy<false>, Flow::memory},
      {"cp.async.{ca|cg}.{shared|shared::cta}.global.L2::cache_hint[.{L2::64B|L2::128B|L2::256B}] "
       "[a:shared], [b:global], n:u32, s:u32, c:b64",
       bind_copy<true>, Flow::memory},
      {"cp.async.commit_group",
       [](const Form&) {
         return Handlers{&commit, &commit};
       }},
      {"cp.async.wait_group n:u32",
       [](const Form&) {
         return Handlers{&wait_group, &wait_group};
       }},
      {"cp.async.wait_all",
       [](const Form&) {
         return Handlers{&wait_all, &wait_all};
       }},
      {"cp.async.mbarrier.arrive[.noinc][.{shared|shared::cta}].b64 [a]",
       [](const Form& f) {
         return f.has("noinc") ? Handlers{&arrive_when_copied<true>, &arrive_when_copied<true>}
                               : Handlers{&arrive_when_copied<false>, &arrive_when_copied<false>};
       },
       Flow::memory},
  };
  return entries;
}

}  // namespace softcuda::isa
