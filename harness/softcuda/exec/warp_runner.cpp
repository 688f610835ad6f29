#include "harness/softcuda/exec/warp_runner.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "harness/softcuda/isa/control.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::exec {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// Turns of the groups of one warp, in instructions. The group that is behind runs for long, so that a loop
/// in which only some lanes stay does not lose the others, which wait for them further on. But it may be
/// waiting for something that those others do (a lock that one of them holds): now and then they get a
/// little.
constexpr std::int64_t kBehind = 4096, kAhead = 256;

}  // namespace

void WarpThread::start(isa::Warp* warp, std::span<const isa::Op> ops, std::uint32_t lanes) {
  warp_ = warp;
  end_ = ops.data() + ops.size();
  warp_->live = lanes;
  warp_->slept = 0;
  warp_instructions = 0;
  groups_.clear();
  groups_.push_back({ops.data(), lanes, GroupState::ready, false, {}});
}

bool WarpThread::can_run() const {
  for (const Group& group : groups_) {
    if (group.state == GroupState::ready) return true;
  }
  return false;
}

/// The ready group with the smallest pc among those not rested; if all are, they may all run again.
std::size_t WarpThread::pick() {
  if (groups_.size() == 1) return groups_[0].state == GroupState::ready ? 0 : kNone;
  std::size_t best = kNone, rested = kNone;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (groups_[g].state != GroupState::ready) continue;
    std::size_t& of = groups_[g].rested ? rested : best;
    if (of == kNone || groups_[g].pc < groups_[of].pc) of = g;
  }
  if (best != kNone) return best;
  for (Group& group : groups_) group.rested = false;
  return rested;
}

/// Whether no ready group has a smaller pc.
bool WarpThread::is_behind(std::size_t group) const {
  for (const Group& other : groups_) {
    if (other.state == GroupState::ready && other.pc < groups_[group].pc) return false;
  }
  return true;
}

/// The nearest place ahead where another group stands that could be met, or that should run first.
const isa::Op* WarpThread::limit_for(std::size_t group) const {
  const isa::Op* limit = end_;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (g == group || groups_[g].state == GroupState::barrier) continue;
    if (groups_[g].pc > groups_[group].pc && groups_[g].pc < limit) limit = groups_[g].pc;
  }
  return limit;
}

/// Lanes are gone for good; who waited for them need not any more.
void WarpThread::retire(std::uint32_t lanes) {
  warp_->live &= ~lanes;
  for (Group& group : groups_) {
    if (group.state == GroupState::waiting) group.state = GroupState::ready;
  }
}

/// A group has got a new pc: joins the one that stands there, or ends there at once if that is what stands
/// there, so that the rest of the warp is not taken for divergent until its own end.
void WarpThread::settle(std::size_t group) {
  const Group arrived = groups_[group];
  if (isa::ends_lanes(arrived.pc)) {
    warp_instructions += arrived.pc->extra;
    isa::count_block(*warp_, arrived.pc, arrived.lanes);
    erase(group);
    return retire(arrived.lanes);
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (g == group || groups_[g].pc != arrived.pc || groups_[g].state == GroupState::barrier) continue;
    groups_[g].lanes |= arrived.lanes;
    groups_[g].state = GroupState::ready;
    return erase(group);
  }
}

WarpEvent WarpThread::run(std::int64_t turn) {
  isa::Warp& w = *warp_;
  while (true) {
    if (groups_.empty()) return WarpEvent::finished;
    const std::size_t g = pick();
    if (g == kNone) return WarpEvent::blocked;
    const bool alone = groups_.size() == 1;
    const std::int64_t before = alone ? turn : std::min(turn, is_behind(g) ? kBehind : kAhead);
    w.turn = before;
    w.turn_end = static_cast<std::int64_t>(warp_instructions) + before;
    w.active = groups_[g].lanes;
    w.stop = isa::Stop::none;
    const isa::Op* op = groups_[g].pc;
    if (!alone) w.limit = limit_for(g);
    if (w.watch != nullptr) [[unlikely]] {
      w.watch->run(w, op, alone);
    } else if (alone) {
      while (op != nullptr) op = op->full(w, op);
    } else {
      while (op != nullptr) op = op->masked(w, op);
    }
    turn -= before - w.turn;
    warp_instructions += static_cast<std::uint64_t>(before - w.turn);

    switch (w.stop) {
      case isa::Stop::moved:
        groups_[g].pc = w.pc;
        settle(g);
        break;
      case isa::Stop::diverged: {
        groups_[g].pc = w.pc;
        groups_[g].lanes &= ~w.split;
        groups_.push_back({w.split_pc, w.split, GroupState::ready, false, {}});
        settle(groups_.size() - 1);  // the last first: the other's index stays
        settle(g);
        break;
      }
      case isa::Stop::exited: {
        const std::uint32_t lanes = groups_[g].lanes;
        erase(g);
        retire(lanes);
        break;
      }
      case isa::Stop::waiting:
        groups_[g].pc = w.pc;
        if (w.split == 0) {
          groups_[g].state = GroupState::waiting;
        } else {  // whose members are all here go on by themselves
          groups_[g].lanes &= ~w.split;
          groups_[g].state = GroupState::waiting;
          groups_.push_back({w.pc, w.split, GroupState::ready, false, {}});
        }
        break;
      case isa::Stop::barrier:
        groups_[g].pc = w.pc;
        groups_[g].state = GroupState::barrier;
        groups_[g].request = w.barrier;
        arrival_ = g;
        return WarpEvent::arrived;
      case isa::Stop::yielded:
        groups_[g].pc = w.pc;
        groups_[g].rested = true;
        if (!alone) settle(g);
        if (alone || turn <= 0) return WarpEvent::yielded;
        break;
      default: return WarpEvent::fault;
    }
  }
}

void WarpThread::release(std::uint32_t barrier) {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (groups_[g].state == GroupState::barrier && groups_[g].request.number == barrier)
      groups_[g].state = GroupState::ready;
  }
  for (std::size_t g = groups_.size(); g-- > 1;) {
    for (std::size_t other = 0; other < g; ++other) {
      if (groups_[other].pc != groups_[g].pc || groups_[other].state != GroupState::ready ||
          groups_[g].state != GroupState::ready)
        continue;
      groups_[other].lanes |= groups_[g].lanes;
      erase(g);
      break;
    }
  }
}

}  // namespace softcuda::exec
