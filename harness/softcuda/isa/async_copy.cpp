/// "Data Movement: cp.async, cp.async.commit_group, cp.async.wait_group, cp.async.wait_all" (PTX ISA
/// 9.7.9.25).
///
/// The ISA says only that data are there after the wait. Unless somebody looks on, or Modes::late_copies,
/// they move at the issue. Late copies poison their destination at the issue and read their source at the
/// wait, so that a kernel that does not wait, or changes the source too early, computes something else.
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

/// One lane's data: the first `from_bytes` of them read, the rest zero.
void move(u64 to, u64 from, u32 from_bytes, u32 bytes) {
  alignas(16) std::byte data[16] = {};
  if (from_bytes != 0) std::memcpy(data, check::at_host(from), from_bytes);
  std::memcpy(check::at_host(to), data, bytes);
}

/// Host addresses of the sources of the active lanes; lanes that read nothing need not have a good one.
bool find_sources(Warp& w, const Op* op, AsyncCopy& copy) {
  const Op source = second_address(op);
  const u32 active = w.active;
  u32 whole = 0, part = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    whole |= static_cast<u32>(copy.from_bytes[lane] == copy.bytes) << lane;
    part |= static_cast<u32>(copy.from_bytes[lane] != copy.bytes && copy.from_bytes[lane] != 0) << lane;
  }
  Access access;
  const auto reach_for = [&](u32 lanes, u32 bytes, const Op& as) {
    if (lanes == 0) return true;
    w.active = lanes;
    const Shape shape = reach(w, &as, op->rows[1], bytes, Use::read, access);
    w.active = active;
    if (shape == Shape::faulted) {
      w.raised.op = op;
      return false;
    }
    spread(access, shape, bytes);
    return true;
  };
  if (!reach_for(whole & active, copy.bytes, source)) return false;
  for (u32 rest = whole & active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    copy.from[lane] = access.at[lane];
  }
  // A part of the bytes: first and last of them are checked one by one, which is enough inside an allocation.
  for (u32 rest = part & active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    Op last = source;
    last.imm += copy.from_bytes[lane] - 1;
    if (!reach_for(1u << lane, 1, source)) return false;
    copy.from[lane] = access.at[lane];
    if (copy.from[lane] % copy.bytes != 0) {
      w.fault(
          {check::FaultKind::misaligned, op, copy.from[lane], copy.bytes, lane, false, ptx::Space::global});
      return false;
    }
    if (!reach_for(1u << lane, 1, last)) return false;
  }
  return true;
}

/// Rows: destination, source, cp-size[, src-size].
template <bool kSized, bool kBypassesL1>
const Op* copy_async(Warp& w, const Op* op) {
  const u32 active = w.active;
  const u32 bytes = w.row<u32>(op->rows[2])[std::countr_zero(active)];
  const bool known = kBypassesL1 ? bytes == 16 : bytes == 4 || bytes == 8 || bytes == 16;
  if (!known)
    return w.fault({check::FaultKind::illegal_operand, op, bytes, 4, std::countr_zero(active), false, {}});
  AsyncCopy copy;
  copy.bytes = bytes;
  copy.lanes = active;
  const u32* sizes = w.row<u32>(op->rows[kSized ? 3 : 2]);
  for (int lane = 0; lane < kLanes; ++lane)
    copy.from_bytes[lane] = sizes[lane] < bytes ? sizes[lane] : bytes;  // "src-size less than cp-size"

  Access access;
  const Op destination = first_address(op);
  const Shape shape = reach(w, &destination, op->rows[0], bytes, Use::copy, access);
  if (shape == Shape::faulted) {
    w.raised.op = op;
    return nullptr;
  }
  spread(access, shape, bytes);
  for (int lane = 0; lane < kLanes; ++lane) copy.to[lane] = access.at[lane];
  if (!find_sources(w, op, copy)) return nullptr;

  Copies::OfWarp& mine = w.copies->of(w);
  for (int lane = 0; lane < kLanes; ++lane) mine.open[lane] += active >> lane & 1u;
  const bool late = w.modes->late_copies;
  for (u32 rest = active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (late)
      std::memset(check::at_host(copy.to[lane]), kPoison, bytes);
    else
      move(copy.to[lane], copy.from[lane], copy.from_bytes[lane], bytes);
  }
  if (w.copies->tracked()) {
    copy.op = *op;
    copy.moved = !late;
    copy.group = mine.committed;
    mine.under_way.push_back(copy);
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
