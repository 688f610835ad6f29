/// What the lanes of a warp do together: shfl, vote, match, redux, activemask, bar.warp.sync (PTX
/// ISA 9.7.9.6, 9.7.13). The lanes that a member mask names wait for each other; until all of them that still
/// live have arrived, nobody goes on.
#include <bit>

#include "harness/softcuda/isa/families.h"
#include "harness/softcuda/isa/lanes.h"
#include "harness/softcuda/isa/meeting.h"

namespace softcuda::isa {
namespace {

using ptx::Type;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

bool together(Warp& w, const Op* op, u32 mask_row) { return members_are_here(w, op, mask_row, op->imm); }

template <class T>
void put(Warp& w, u32 row, const T* values) {
  T* d = w.row<T>(row);
  const u32 active = w.active;
  for (int lane = 0; lane < kLanes; ++lane) d[lane] = (active >> lane & 1u) != 0 ? values[lane] : d[lane];
}
void put_predicate(Warp& w, u32 row, u32 value) {
  u32& p = w.predicate(row);
  p = (p & ~w.active) | (value & w.active);
}

enum class Way : std::uint8_t { up, down, bfly, idx };

/// shfl.sync: rows d, p, a, b, c, membermask. The pseudocode of "shfl.sync", lane by lane.
template <Way kWay>
const Op* shuffle(Warp& w, const Op* op) {
  if (!together(w, op, op->rows[5])) return nullptr;
  const u32* a = w.row<u32>(op->rows[2]);
  const u32* b = w.row<u32>(op->rows[3]);
  const u32* c = w.row<u32>(op->rows[4]);
  alignas(64) u32 from[kLanes];
  u32 valid = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    const int bound = static_cast<int>(c[lane] & 0x1f);
    const int segment = static_cast<int>(c[lane] >> 8 & 0x1f);
    const int by = static_cast<int>(b[lane] & 0x1f);
    const int max_lane = (lane & segment) | (bound & ~segment);
    const int min_lane = lane & segment;
    int source = 0;
    bool inside = false;
    if constexpr (kWay == Way::up) {
      source = lane - by;
      inside = source >= max_lane;
    } else if constexpr (kWay == Way::down) {
      source = lane + by;
      inside = source <= max_lane;
    } else if constexpr (kWay == Way::bfly) {
      source = lane ^ by;
      inside = source <= max_lane;
    } else {
      source = min_lane | (by & ~segment);
      inside = source <= max_lane;
    }
    source = inside ? source : lane;
    valid |= static_cast<u32>(inside) << lane;
    from[lane] = static_cast<u32>(source) & 31u;
  }
  alignas(64) u32 values[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) values[lane] = a[from[lane]];
  put(w, op->rows[0], values);
  put_predicate(w, op->rows[1], valid);
  return op + 1;
}

template <class F>
Handlers same(F* handler) {
  return {handler, handler};
}

enum class Vote : std::uint8_t { all, any, uni, ballot };
/// vote.sync: rows d, a, membermask. The mask's members vote; others are not asked.
template <Vote kVote>
const Op* vote(Warp& w, const Op* op) {
  if (!together(w, op, op->rows[2])) return nullptr;
  const u32 votes = w.predicate(op->rows[1]) & w.active;
  const u32* masks = w.row<u32>(op->rows[2]);
  if constexpr (kVote == Vote::ballot) {
    alignas(64) u32 values[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) values[lane] = votes & masks[lane];
    put(w, op->rows[0], values);
  } else {
    u32 result = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
      const u32 asked = masks[lane] & w.active, yes = votes & asked;
      const bool r = kVote == Vote::all   ? yes == asked
                     : kVote == Vote::any ? yes != 0
                                          : yes == 0 || yes == asked;
      result |= static_cast<u32>(r) << lane;
    }
    put_predicate(w, op->rows[0], result);
  }
  return op + 1;
}

/// match.any.sync: rows d, a, membermask.
template <class T>
const Op* match_any(Warp& w, const Op* op) {
  if (!together(w, op, op->rows[2])) return nullptr;
  const T* a = w.row<T>(op->rows[1]);
  const u32* masks = w.row<u32>(op->rows[2]);
  alignas(64) u32 values[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    u32 equal = 0;
    for (int other = 0; other < kLanes; ++other) equal |= static_cast<u32>(a[other] == a[lane]) << other;
    values[lane] = equal & masks[lane] & w.active;
  }
  put(w, op->rows[0], values);
  return op + 1;
}
/// match.all.sync: rows d, p, a, membermask.
template <class T>
const Op* match_all(Warp& w, const Op* op) {
  if (!together(w, op, op->rows[3])) return nullptr;
  const T* a = w.row<T>(op->rows[2]);
  const u32* masks = w.row<u32>(op->rows[3]);
  alignas(64) u32 values[kLanes];
  u32 all = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    u32 equal = 0;
    for (int other = 0; other < kLanes; ++other) equal |= static_cast<u32>(a[other] == a[lane]) << other;
    const u32 asked = masks[lane] & w.active;
    const bool same = (equal & asked) == asked;
    values[lane] = same ? asked : 0;
    all |= static_cast<u32>(same) << lane;
  }
  put(w, op->rows[0], values);
  put_predicate(w, op->rows[1], all);
  return op + 1;
}

/// redux.sync: rows d, a, membermask; combines the values of the members that are here.
template <class T, class F>
const Op* reduce(Warp& w, const Op* op) {
  if (!together(w, op, op->rows[2])) return nullptr;
  const T* a = w.row<T>(op->rows[1]);
  const u32* masks = w.row<u32>(op->rows[2]);
  alignas(64) T values[kLanes] = {};
  for (u32 rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    u32 asked = masks[lane] & w.active;
    T r = a[std::countr_zero(asked)];
    for (asked &= asked - 1; asked != 0; asked &= asked - 1) r = F{}(r, a[std::countr_zero(asked)]);
    values[lane] = r;
  }
  put(w, op->rows[0], values);
  return op + 1;
}
template <class T>
Handlers bind_redux(const Form& f) {
  using U = u32;
  const auto with = [](auto op) { return same(&reduce<T, decltype(op)>); };
  if (f.has("add"))
    return with([](T a, T b) { return static_cast<T>(static_cast<U>(a) + static_cast<U>(b)); });
  if (f.has("min")) return with([](T a, T b) { return a < b ? a : b; });
  if (f.has("max")) return with([](T a, T b) { return a > b ? a : b; });
  if (f.has("and")) return with([](T a, T b) { return static_cast<T>(a & b); });
  if (f.has("or")) return with([](T a, T b) { return static_cast<T>(a | b); });
  return with([](T a, T b) { return static_cast<T>(a ^ b); });
}

const Op* warp_barrier(Warp& w, const Op* op) { return together(w, op, op->rows[0]) ? op + 1 : nullptr; }

const Op* active_mask(Warp& w, const Op* op) {
  alignas(64) u32 values[kLanes];
  for (u32& v : values) v = w.active;
  put(w, op->rows[0], values);
  return op + 1;
}

}  // namespace

std::span<const Entry> warp_family() {
  static const Entry entries[] = {
      {"shfl.sync.{up|down|bfly|idx}.b32 d|p:pred, a, b, c, m:b32",
       [](const Form& f) {
         if (f.has("up")) return same(&shuffle<Way::up>);
         if (f.has("down")) return same(&shuffle<Way::down>);
         return f.has("bfly") ? same(&shuffle<Way::bfly>) : same(&shuffle<Way::idx>);
       },
       Flow::meeting},
      {"vote.sync.{all|any|uni}.pred d:pred, a:pred, m:b32",
       [](const Form& f) {
         return f.has("all")   ? same(&vote<Vote::all>)
                : f.has("any") ? same(&vote<Vote::any>)
                               : same(&vote<Vote::uni>);
       },
       Flow::meeting},
      {"vote.sync.ballot.b32 d, a:pred, m:b32", [](const Form&) { return same(&vote<Vote::ballot>); },
       Flow::meeting},
      {"match.any.sync.{b32|b64} d:b32, a, m:b32",
       [](const Form& f) { return f.type() == Type::b32 ? same(&match_any<u32>) : same(&match_any<u64>); },
       Flow::meeting},
      {"match.all.sync.{b32|b64} d:b32|p:pred, a, m:b32",
       [](const Form& f) { return f.type() == Type::b32 ? same(&match_all<u32>) : same(&match_all<u64>); },
       Flow::meeting},
      {"redux.sync.{add|min|max}.u32 d, a, m:b32", bind_redux<u32>, Flow::meeting},
      {"redux.sync.{add|min|max}.s32 d, a, m:b32", bind_redux<std::int32_t>, Flow::meeting},
      {"redux.sync.{and|or|xor}.b32 d, a, m:b32", bind_redux<u32>, Flow::meeting},
      {"bar.warp.sync m:b32", [](const Form&) { return same(&warp_barrier); }, Flow::meeting},
      {"activemask.b32 d", [](const Form&) { return same(&active_mask); }},
  };
  return entries;
}

}  // namespace softcuda::isa
