/// "Parallel Synchronization: barrier, bar, membar, fence" (PTX ISA 9.7.13). Barriers count lanes, as sm_70
/// and later do: a warp's lanes may arrive apart. exec/ keeps the counts; a handler only says what was asked
/// for.
#include <atomic>
#include <bit>

#include "harness/softcuda/isa/control.h"
#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using u32 = std::uint32_t;
using Kind = BarrierRequest::Kind;

u32 first_lane_of(Warp& w, u32 row) { return w.row<u32>(row)[std::countr_zero(w.active)]; }

/// Rows: barrier[, threads]; of a reduction: d, barrier, [threads,] predicate.
template <Kind kKind, bool kCounted, bool kAligned>
const Op* barrier(Warp& w, const Op* op) {
  constexpr bool kReduce = kKind != Kind::sync && kKind != Kind::arrive;
  constexpr int kAt = kReduce ? 1 : 0;
  w.barrier = {};
  w.barrier.kind = kKind;
  w.barrier.aligned = kAligned;
  w.barrier.number = first_lane_of(w, op->rows[kAt]);
  w.barrier.threads = kCounted ? first_lane_of(w, op->rows[kAt + 1]) : 0;
  if constexpr (kReduce) {
    w.barrier.result = op->rows[0];
    w.barrier.votes = w.predicate(op->rows[kAt + 1 + static_cast<int>(kCounted)]) & w.active;
  }
  count_block(w, op, w.active);
  w.turn -= op->extra;
  w.pc = op + 1;
  w.stop = Stop::barrier;
  return nullptr;
}
template <Kind kKind, bool kCounted>
Handlers bind_barrier(const Form& f) {
  if (f.opcode() == "bar" || f.has("aligned"))
    return {&barrier<kKind, kCounted, true>, &barrier<kKind, kCounted, true>};
  return {&barrier<kKind, kCounted, false>, &barrier<kKind, kCounted, false>};
}
template <bool kCounted>
Handlers bind_reduction(const Form& f) {
  if (f.has("popc")) return bind_barrier<Kind::reduce_popc, kCounted>(f);
  if (f.has("and")) return bind_barrier<Kind::reduce_and, kCounted>(f);
  return bind_barrier<Kind::reduce_or, kCounted>(f);
}

#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"  // it does not see fences: at worst it reports a race too many
#endif
template <Order kOrder>
const Op* fence(Warp& w, const Op* op) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (w.watch != nullptr) [[unlikely]]
    w.watch->fenced(w, kOrder);
  return op + 1;
}
Handlers bind_fence(const Form& f) {
  if (f.has("acquire")) return {&fence<Order::acquire>, &fence<Order::acquire>};
  if (f.has("release")) return {&fence<Order::release>, &fence<Order::release>};
  return {&fence<Order::acq_rel>, &fence<Order::acq_rel>};
}

}  // namespace

std::span<const Entry> barrier_family() {
  static const Entry entries[] = {
      {"bar[.cta].sync a:u32", bind_barrier<Kind::sync, false>, Flow::barrier},
      {"bar[.cta].sync a:u32, b:u32", bind_barrier<Kind::sync, true>, Flow::barrier},
      {"bar[.cta].arrive a:u32, b:u32", bind_barrier<Kind::arrive, true>, Flow::barrier},
      {"bar[.cta].red.popc.u32 d, a:u32, c:pred", bind_reduction<false>, Flow::barrier},
      {"bar[.cta].red.popc.u32 d, a:u32, b:u32, c:pred", bind_reduction<true>, Flow::barrier},
      {"bar[.cta].red.{and|or}.pred d:pred, a:u32, c:pred", bind_reduction<false>, Flow::barrier},
      {"bar[.cta].red.{and|or}.pred d:pred, a:u32, b:u32, c:pred", bind_reduction<true>, Flow::barrier},
      {"barrier[.cta].sync[.aligned] a:u32", bind_barrier<Kind::sync, false>, Flow::barrier},
      {"barrier[.cta].sync[.aligned] a:u32, b:u32", bind_barrier<Kind::sync, true>, Flow::barrier},
      {"barrier[.cta].arrive[.aligned] a:u32, b:u32", bind_barrier<Kind::arrive, true>, Flow::barrier},
      {"barrier[.cta].red.popc[.aligned].u32 d, a:u32, c:pred", bind_reduction<false>, Flow::barrier},
      {"barrier[.cta].red.popc[.aligned].u32 d, a:u32, b:u32, c:pred", bind_reduction<true>, Flow::barrier},
      {"barrier[.cta].red.{and|or}[.aligned].pred d:pred, a:u32, c:pred", bind_reduction<false>,
       Flow::barrier},
      {"barrier[.cta].red.{and|or}[.aligned].pred d:pred, a:u32, b:u32, c:pred", bind_reduction<true>,
       Flow::barrier},
      {"membar.{cta|gl|sys}", bind_fence},
      // Aliases, several virtual addresses of one memory, are not there: an ordinary fence is more than that.
      {"membar.proxy.alias", bind_fence},
      {"fence.proxy.alias", bind_fence},
      {"fence[.{sc|acq_rel|acquire|release}].{cta|cluster|gpu|sys}", bind_fence},
  };
  return entries;
}

}  // namespace softcuda::isa
