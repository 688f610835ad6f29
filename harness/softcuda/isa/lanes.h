#pragma once
#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "harness/softcuda/isa/entry.h"
#include "harness/softcuda/isa/warp.h"

/// From a function of one lane to the handlers of a warp. `lanes([](float a, float b) { return a + b; })`
/// reads its operands' types off the function's signature; bool stands for a predicate. The loops have a
/// fixed trip count and no branches, so that the compiler makes vector code of them.
namespace softcuda::isa {

namespace detail {

template <class T>
struct Source {  // a row of lanes
  const T* lanes;
  Source(Warp& w, std::uint32_t row) : lanes(w.row<T>(row)) {}
  T operator[](int lane) const { return lanes[lane]; }
};
template <>
struct Source<bool> {
  std::uint32_t mask;
  Source(Warp& w, std::uint32_t row) : mask(w.predicate(row)) {}
  bool operator[](int lane) const { return (mask >> lane & 1u) != 0; }
};

template <class F, class Result, class... Args>
struct Lanewise {
  template <std::size_t... kAt>
  static void all(Warp& w, const Op* op, std::index_sequence<kAt...>) {
    each_lane(w, op, Source<Args>(w, op->rows[kAt + 1])...);
  }
  static void each_lane(Warp& w, const Op* op, Source<Args>... args) {
    if constexpr (std::is_same_v<Result, bool>) {
      std::uint32_t mask = 0;
#pragma GCC unroll 1
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane)
        mask |= static_cast<std::uint32_t>(F{}(args[lane]...)) << lane;
      w.predicate(op->rows[0]) = mask;
    } else {
      auto* d = w.row<Result>(op->rows[0]);
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) d[lane] = F{}(args[lane]...);
    }
  }
  /// Never inlined into masked(): F's vector code is there once, which is half of what the compiler has to do
  /// for this folder.
  [[gnu::noinline]] static const Op* full(Warp& w, const Op* op) {
    all(w, op, std::index_sequence_for<Args...>{});
    return op + 1;
  }
  /// What idle lanes hold is put aside, and put back.
  static const Op* masked(Warp& w, const Op* op) {
    const std::uint32_t active = w.active;
    if constexpr (std::is_same_v<Result, bool>) {
      std::uint32_t& d = w.predicate(op->rows[0]);
      const std::uint32_t before = d;
      full(w, op);
      d = (before & ~active) | (d & active);
    } else {
      auto* d = w.row<Result>(op->rows[0]);
      alignas(64) Result before[kLanes];
      std::copy_n(d, kLanes, before);
      full(w, op);
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) d[lane] = (active >> lane & 1u) != 0 ? d[lane] : before[lane];
    }
    return op + 1;
  }
};

template <class F, class Signature>
struct LanewiseOf;
template <class F, class Result, class... Args>
struct LanewiseOf<F, Result (F::*)(Args...) const> : Lanewise<F, Result, Args...> {};

}  // namespace detail

/// d = f(a, b, ...), lane by lane. `f` must be captureless and total: it is called for idle lanes too.
template <class F>
Handlers lanes(F) {
  using Made = detail::LanewiseOf<F, decltype(&F::operator())>;
  return {&Made::full, &Made::masked};
}

/// Calls f.operator()<T>() with the C++ type of the lanes of `type`.
template <class... Ts, class F>
Handlers each(int chosen, F f) {
  Handlers made;
  int k = 0;
  (void)((k++ == chosen ? (made = f.template operator()<Ts>(), true) : false) || ...);
  return made;
}

/// Integers: u16..s64, and b16..b64 as unsigned.
template <class F>
Handlers each_integer(ptx::Type type, F f) {
  using enum ptx::Type;
  switch (type) {
    case u16:
    case b16: return f.template operator()<std::uint16_t>();
    case s16: return f.template operator()<std::int16_t>();
    case u32:
    case b32: return f.template operator()<std::uint32_t>();
    case s32: return f.template operator()<std::int32_t>();
    case u64:
    case b64: return f.template operator()<std::uint64_t>();
    case s64: return f.template operator()<std::int64_t>();
    default: return {};
  }
}
/// Bit patterns of 16, 32 and 64 bits, whatever the type calls them.
template <class F>
Handlers each_bits(ptx::Type type, F f) {
  switch (ptx::bits_of(type)) {
    case 16: return f.template operator()<std::uint16_t>();
    case 32: return f.template operator()<std::uint32_t>();
    case 64: return f.template operator()<std::uint64_t>();
    default: return {};
  }
}

/// Turns run-time switches into template arguments: choose([]<bool kFtz, bool kSat> {...}, ftz, sat).
template <bool... kSet, class F>
Handlers choose(F f) {
  return f.template operator()<kSet...>();
}
template <bool... kSet, class F, class... Rest>
Handlers choose(F f, bool next, Rest... rest) {
  return next ? choose<kSet..., true>(f, rest...) : choose<kSet..., false>(f, rest...);
}

}  // namespace softcuda::isa
