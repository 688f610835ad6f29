#include "harness/softcuda/isa/meeting.h"

#include <bit>

#include "harness/softcuda/isa/watch.h"

namespace softcuda::isa {
namespace {

using u32 = std::uint32_t;

bool gathered(Warp& w, const Op* op, const u32* masks, std::int64_t back) {
  const u32 active = w.active;
  u32 ready = 0;
  for (u32 rest = active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if ((masks[lane] >> lane & 1u) == 0) {
      w.fault({check::FaultKind::divergent_sync, op, masks[lane], 4, lane, false, ptx::Space::generic});
      return false;
    }
    if ((masks[lane] & w.live & ~active) == 0) ready |= 1u << lane;
  }
  if (ready == active) return true;
  w.stop = Stop::waiting;
  w.pc = op + back;
  w.split = ready;
  return false;
}

}  // namespace

bool members_are_here(Warp& w, const Op* op, u32 mask_row, std::int64_t back) {
  const u32* masks = w.row<u32>(mask_row);
  u32 all = kAllLanes;
  for (int lane = 0; lane < kLanes; ++lane) all &= masks[lane];
  // The usual case: all masks say "everyone", and everyone is here.
  if (all == kAllLanes && w.active == kAllLanes && w.watch == nullptr) [[likely]]
    return true;
  const bool here = (all == kAllLanes && w.active == w.live) || gathered(w, op, masks, back);
  if (w.sync != nullptr && here) w.sync->met(w, op, mask_row);
  return here;
}

bool warp_is_here(Warp& w, const Op* op, std::int64_t back) {
  if (w.active != w.live) {
    w.stop = Stop::waiting;
    w.pc = op + back;
    w.split = 0;
    return false;
  }
  if (w.watch != nullptr) [[unlikely]]
    w.watch->converged(w);
  return true;
}

}  // namespace softcuda::isa
