#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/warp.h"

/// Between lanes' registers and the host addresses that an access resolved to: kCount elements of memory type
/// M a lane, each in a register of type R.
namespace softcuda::isa {

template <class M>
[[nodiscard]] M read_at(std::uint64_t at) {
  M value;
  std::memcpy(&value, check::at_host(at), sizeof(M));
  return value;
}
template <class M>
void write_at(std::uint64_t at, M value) {
  std::memcpy(check::at_host(at), &value, sizeof(M));
}

/// A value of memory type M in a register of type R: signed types are extended by their sign, all others by
/// zeros.
template <class R, class M>
[[nodiscard]] R extended(M value) {
  return static_cast<R>(
      static_cast<std::conditional_t<std::is_signed_v<M>, std::int64_t, std::uint64_t>>(value));
}

namespace detail {

using Quad = std::uint32_t __attribute__((vector_size(16)));

/// Four lanes' vectors of four, turned into four registers' lanes, or back: a transposition either way.
inline void transpose(Quad& a, Quad& b, Quad& c, Quad& e) {
  const Quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
             ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Quad ce_low = __builtin_shufflevector(c, e, 0, 4, 1, 5),
             ce_high = __builtin_shufflevector(c, e, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab_low, ce_low, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab_low, ce_low, 2, 3, 6, 7);
  c = __builtin_shufflevector(ab_high, ce_high, 0, 1, 4, 5);
  e = __builtin_shufflevector(ab_high, ce_high, 2, 3, 6, 7);
}

/// The form that kernels live on, vectors of four words: 16 bytes at a time instead of 4.
template <class M, class R, int kCount>
inline constexpr bool kQuads = kCount == 4 && sizeof(M) == 4 && sizeof(R) == 4;

inline void load_quads(Warp& w, const std::uint32_t* rows, const Access& access) {
  for (int lane = 0; lane < kLanes; lane += 4) {
    Quad q[4];
    for (int k = 0; k < 4; ++k) q[k] = read_at<Quad>(access.at[lane + k]);
    transpose(q[0], q[1], q[2], q[3]);
    for (int k = 0; k < 4; ++k) std::memcpy(w.row<std::uint32_t>(rows[k]) + lane, &q[k], sizeof(Quad));
  }
}
inline void store_quads(Warp& w, const std::uint32_t* rows, const Access& access) {
  for (int lane = 0; lane < kLanes; lane += 4) {
    Quad q[4];
    for (int k = 0; k < 4; ++k) std::memcpy(&q[k], w.row<std::uint32_t>(rows[k]) + lane, sizeof(Quad));
    transpose(q[0], q[1], q[2], q[3]);
    for (int k = 0; k < 4; ++k) write_at(access.at[lane + k], q[k]);
  }
}

template <class M, class R, int kCount>
void load_lane(Warp& w, const std::uint32_t* rows, std::uint64_t at, int lane) {
  for (int k = 0; k < kCount; ++k) {
    w.row<R>(rows[k])[lane] = extended<R>(read_at<M>(at + static_cast<std::uint64_t>(k) * sizeof(M)));
  }
}
template <class M, class R, int kCount>
void store_lane(Warp& w, const std::uint32_t* rows, std::uint64_t at, int lane) {
  for (int k = 0; k < kCount; ++k) {
    write_at<M>(at + static_cast<std::uint64_t>(k) * sizeof(M), static_cast<M>(w.row<R>(rows[k])[lane]));
  }
}

}  // namespace detail

/// Into the registers at rows[0 .. kCount).
template <class M, class R, int kCount>
void load_lanes(Warp& w, const std::uint32_t* rows, Shape shape, const Access& access) {
  const std::uint32_t active = w.active;
  if (shape == Shape::uniform) {
    for (int k = 0; k < kCount; ++k) {
      const R value = extended<R>(read_at<M>(access.at[0] + static_cast<std::uint64_t>(k) * sizeof(M)));
      R* d = w.row<R>(rows[k]);
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) d[lane] = (active >> lane & 1u) != 0 ? value : d[lane];
    }
  } else if (shape == Shape::contiguous) {
    M values[kLanes * kCount];
    std::memcpy(values, check::at_host(access.at[0]), sizeof values);
    for (int k = 0; k < kCount; ++k) {
      R* d = w.row<R>(rows[k]);
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) d[lane] = extended<R>(values[lane * kCount + k]);
    }
  } else if (active != kAllLanes) {
    for (std::uint32_t rest = active; rest != 0; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      detail::load_lane<M, R, kCount>(w, rows, access.at[lane], lane);
    }
  } else if constexpr (detail::kQuads<M, R, kCount>) {
    detail::load_quads(w, rows, access);
  } else {
    for (int lane = 0; lane < kLanes; ++lane) detail::load_lane<M, R, kCount>(w, rows, access.at[lane], lane);
  }
}

/// From the registers at rows[0 .. kCount). Of lanes that write the same place the last one wins; the ISA
/// leaves open which.
template <class M, class R, int kCount>
void store_lanes(Warp& w, const std::uint32_t* rows, Shape shape, const Access& access) {
  const std::uint32_t active = w.active;
  if (shape == Shape::uniform) {
    detail::store_lane<M, R, kCount>(w, rows, access.at[0], 31 - std::countl_zero(active));
  } else if (shape == Shape::contiguous) {
    M values[kLanes * kCount];
    for (int k = 0; k < kCount; ++k) {
      const R* s = w.row<R>(rows[k]);
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) values[lane * kCount + k] = static_cast<M>(s[lane]);
    }
    std::memcpy(check::at_host(access.at[0]), values, sizeof values);
  } else if (detail::kQuads<M, R, kCount> && active == kAllLanes) {
    detail::store_quads(w, rows, access);
  } else {
    for (std::uint32_t rest = active; rest != 0; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      detail::store_lane<M, R, kCount>(w, rows, access.at[lane], lane);
    }
  }
}

}  // namespace softcuda::isa
