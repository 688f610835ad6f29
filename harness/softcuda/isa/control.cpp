/// "Control Flow Instructions" (PTX ISA 9.7.12) and "Miscellaneous Instructions" (9.7.19).
#include "harness/softcuda/isa/control.h"

#include <algorithm>
#include <bit>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"

namespace softcuda::isa {
namespace {

using u32 = std::uint32_t;

/// Leaves a block towards `next`. With other groups about (not kFull), the group stops where one of them may
/// have to run first or may be met: at `limit`, and at every step back, behind which the limit may be
/// another.
template <bool kFull>
const Op* leave(Warp& w, const Op* op, const Op* next) {
  count_block(w, op, w.active);
  w.turn -= op->extra;
  if (w.turn <= 0) [[unlikely]] {
    w.pc = next;
    w.stop = Stop::yielded;
    return nullptr;
  }
  if constexpr (!kFull) {
    if (next >= w.limit || next <= op) {
      w.pc = next;
      w.stop = Stop::moved;
      return nullptr;
    }
  }
  return next;
}

template <bool kFull>
const Op* jump_to(Warp& w, const Op* op) {
  return leave<kFull>(w, op, op + op->imm);
}

template <bool kFull>
const Op* branch(Warp& w, const Op* op, u32 taken) {
  if (taken == w.active) return leave<kFull>(w, op, op + op->imm);
  if (taken == 0) return leave<kFull>(w, op, op + 1);
  count_block(w, op, w.active);
  ++w.blocks[op->rows[6]].divergences;
  w.turn -= op->extra;
  w.pc = op + 1;
  w.split_pc = op + op->imm;
  w.split = taken;
  w.stop = Stop::diverged;
  return nullptr;
}
template <bool kFull, bool kUnless>
const Op* branch_on(Warp& w, const Op* op) {
  const u32 p = w.predicate(op->rows[0]);
  return branch<kFull>(w, op, (kUnless ? ~p : p) & w.active);
}
template <bool kFull>
const Op* branch_at(Warp& w, const Op* op) {
  const u32* index = w.row<u32>(op->rows[0]);
  u32 taken = 0;
  for (int lane = 0; lane < kLanes; ++lane) taken |= static_cast<u32>(index[lane] == op->rows[1]) << lane;
  return branch<kFull>(w, op, taken & w.active);
}

template <bool kUnless>
const Op* guard(Warp& w, const Op* op) {
  const u32 p = w.predicate(op->rows[0]);
  const u32 active = w.active;
  const u32 chosen = (kUnless ? ~p : p) & active;
  if (chosen == 0) return op + op->imm;
  w.active = chosen;
  const Op* next = op[1].masked(w, op + 1);
  w.active = active;
  return next;
}

const Op* exit_lanes(Warp& w, const Op* op) {
  count_block(w, op, w.active);
  w.turn -= op->extra;
  w.stop = Stop::exited;
  return nullptr;
}
const Op* trap(Warp& w, const Op* op) {
  return w.fault({check::FaultKind::trap, op, 0, 0, __builtin_ctz(w.active), false, {}});
}

/// nanosleep: gives the other warps a turn, which is what a waiting loop wants of it; the warp's clock moves
/// by as much as was asked for ("in [0, 2*t]").
const Op* sleep(Warp& w, const Op* op) {
  const u32* nanoseconds = w.row<u32>(op->rows[0]);
  u32 longest = 0;
  for (u32 rest = w.active; rest != 0; rest &= rest - 1)
    longest = std::max(longest, nanoseconds[std::countr_zero(rest)]);
  w.slept += longest;
  w.pc = op + 1;
  w.stop = Stop::yielded;
  return nullptr;
}
const Op* nothing(Warp&, const Op* op) { return op + 1; }

const Op* clock_now(Warp& w, const Op* op) {
  const auto issued = static_cast<std::uint64_t>(w.turn_end - w.turn + op->imm);
  const std::uint64_t now = (issued + w.slept) >> op->rows[1];
  auto* d = w.row<std::uint64_t>(op->rows[0]);
  for (int lane = 0; lane < kLanes; ++lane) d[lane] = (w.active >> lane & 1u) != 0 ? now : d[lane];
  return op + 1;
}

}  // namespace

Handlers jump() { return {&jump_to<true>, &jump_to<false>}; }
Handlers branch_if() { return {&branch_on<true, false>, &branch_on<false, false>}; }
Handlers branch_unless() { return {&branch_on<true, true>, &branch_on<false, true>}; }
Handlers branch_on_index() { return {&branch_at<true>, &branch_at<false>}; }
Handlers guard_if() { return {&guard<false>, &guard<false>}; }
Handlers guard_unless() { return {&guard<true>, &guard<true>}; }
bool ends_lanes(const Op* op) { return op->full == &exit_lanes; }
Handlers read_clock() { return {&clock_now, &clock_now}; }
void set_clock_read(Op& op, std::uint32_t position, bool high) {
  op.imm = position;
  op.rows[1] = high ? 32 : 0;
}

std::span<const Entry> control_family() {
  static const Entry entries[] = {
      {"bra[.uni] <target>", [](const Form&) { return jump(); }, Flow::branch},
      {"brx.idx[.uni] a:u32, <targets>", [](const Form&) { return branch_on_index(); }, Flow::indexed_branch},
      {"call[.uni] <function>", [](const Form&) { return jump(); }, Flow::call},
      {"call[.uni] <function>, <parameters>", [](const Form&) { return jump(); }, Flow::call},
      {"call[.uni] <results>, <function>, <parameters>", [](const Form&) { return jump(); }, Flow::call},
      {"ret[.uni]",
       [](const Form&) {
         return Handlers{&exit_lanes, &exit_lanes};
       },
       Flow::exit},
      {"exit",
       [](const Form&) {
         return Handlers{&exit_lanes, &exit_lanes};
       },
       Flow::exit},
      {"trap",
       [](const Form&) {
         return Handlers{&trap, &trap};
       }},
      {"brkpt",
       [](const Form&) {
         return Handlers{&trap, &trap};
       }},
      {"nanosleep.u32 a",
       [](const Form&) {
         return Handlers{&sleep, &sleep};
       }},
      {"pmevent.mask a:u32",
       [](const Form&) {
         return Handlers{&nothing, &nothing};
       }},
      {"pmevent a:u32",
       [](const Form&) {
         return Handlers{&nothing, &nothing};
       }},
  };
  return entries;
}

}  // namespace softcuda::isa
