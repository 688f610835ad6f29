/// "Parallel Synchronization: mbarrier" (PTX ISA 9.7.13.15), as sm_80 has it. Threads of a block run on one
/// host thread, so that reading and writing the object in two steps is atomic among them.
#include "harness/softcuda/isa/mbarrier.h"

#include <bit>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/copies.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// Calls `act(lane, state)` for each active lane with the barrier that its address names.
template <class F>
const Op* each_barrier(Warp& w, const Op* op, u32 row, Use use, F act) {
  Access access;
  const Shape shape = reach(w, op, row, 8, use, access);
  if (shape == Shape::faulted) return nullptr;
  spread(access, shape, 8);
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (!act(lane, *check::at_host<u64>(access.at[lane]), access.at[lane])) return nullptr;
  }
  return op + 1;
}

/// Rows: address, count.
const Op* init(Warp& w, const Op* op) {
  const u32* counts = w.row<u32>(op->rows[1]);
  return each_barrier(w, op, op->rows[0], Use::write, [&](int lane, u64& state, u64) {
    if (counts[lane] == 0 || counts[lane] > mbarrier::kCount) {
      w.fault({check::FaultKind::illegal_operand, op, counts[lane], 4, lane, false, {}});
      return false;
    }
    state = mbarrier::fresh(counts[lane]);
    return true;
  });
}
const Op* invalidate(Warp& w, const Op* op) {
  return each_barrier(w, op, op->rows[0], Use::write, [&](int, u64& state, u64) {
    state = ~u64{0};
    return true;
  });
}

/// Rows: d, address[, count].
template <bool kCounts, bool kDrops>
const Op* arrive(Warp& w, const Op* op) {
  const u32* counts = kCounts ? w.row<u32>(op->rows[2]) : nullptr;
  u64* d = w.row<u64>(op->rows[0]);
  return each_barrier(w, op, op->rows[1], Use::update, [&](int lane, u64& state, u64 at) {
    const u64 count = kCounts ? counts[lane] : 1;
    if (count == 0 || count > mbarrier::pending(state)) {  // "count ... in the range 1 to pending"
      w.fault({check::FaultKind::illegal_operand, op, count, 4, lane, false, {}});
      return false;
    }
    d[lane] = state;
    if (kDrops) state = mbarrier::dropped(state, count);
    const u32 active = w.active;
    w.active = 1u << lane;
    if (w.watch != nullptr) w.watch->arrived(w, at);
    w.active = active;
    state = mbarrier::arrived(state, count);
    return true;
  });
}

/// Rows: p, address, state or parity. "waits for the completion of the phase that `state` indicates", or of
/// the one whose parity is given.
template <bool kParity>
const Op* test_wait(Warp& w, const Op* op) {
  u32 complete = 0;
  const Op* next = each_barrier(w, op, op->rows[1], Use::update, [&](int lane, u64& state, u64 at) {
    if (w.copies->tracked()) deliver_for(w, at);
    const u64 now = mbarrier::phase(state);
    const bool done = kParity ? (now & 1) != (w.row<u32>(op->rows[2])[lane] & 1)
                              : now != mbarrier::phase(w.row<u64>(op->rows[2])[lane]);
    complete |= static_cast<u32>(done) << lane;
    const u32 active = w.active;
    w.active = 1u << lane;
    if (done && w.watch != nullptr) w.watch->waited(w, at);
    w.active = active;
    return true;
  });
  if (next == nullptr) return nullptr;
  u32& p = w.predicate(op->rows[0]);
  p = (p & ~w.active) | complete;
  return next;
}

template <const Op* (*kHandler)(Warp&, const Op*)>
Handlers same(const Form&) {
  return {kHandler, kHandler};
}

}  // namespace

std::span<const Entry> mbarrier_family() {
  static const Entry entries[] = {
      {"mbarrier.init[.{shared|shared::cta}].b64 [a], n:u32", same<init>, Flow::memory},
      {"mbarrier.inval[.{shared|shared::cta}].b64 [a]", same<invalidate>, Flow::memory},
      {"mbarrier.arrive[.noComplete][.release][.cta][.{shared|shared::cta}].b64 d, [a], n:u32",
       same<arrive<true, false>>, Flow::memory},
      {"mbarrier.arrive[.release][.cta][.{shared|shared::cta}].b64 d, [a]", same<arrive<false, false>>,
       Flow::memory},
      {"mbarrier.arrive_drop[.noComplete][.release][.cta][.{shared|shared::cta}].b64 d, [a], n:u32",
       same<arrive<true, true>>, Flow::memory},
      {"mbarrier.arrive_drop[.release][.cta][.{shared|shared::cta}].b64 d, [a]", same<arrive<false, true>>,
       Flow::memory},
      {"mbarrier.{test_wait|try_wait}[.acquire][.cta][.{shared|shared::cta}].b64 d:pred, [a], s:b64",
       same<test_wait<false>>, Flow::memory},
      {"mbarrier.{test_wait|try_wait}.parity[.acquire][.cta][.{shared|shared::cta}].b64 d:pred, [a], s:u32",
       same<test_wait<true>>, Flow::memory},
      {"mbarrier.pending_count.b64 d:b32, s:b64",
       [](const Form&) {
         return lanes([](u64 state) { return static_cast<u32>(mbarrier::pending(state)); });
       }},
  };
  return entries;
}

}  // namespace softcuda::isa
