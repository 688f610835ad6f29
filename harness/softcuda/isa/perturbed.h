#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "harness/softcuda/isa/floating.h"
#include "harness/softcuda/isa/lanes.h"

/// Results of .approx and .full instructions of f32, moved within the error that the ISA allows them: what is
/// right only when ex2 is correctly rounded is wrong on some GPU.
namespace softcuda::isa {

/// From -1 to 1, by seed, instruction and lane (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
[[nodiscard]] inline double direction(std::uint64_t seed, std::uint32_t instruction, int lane) {
  const auto mixed = [](std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
  };
  const std::uint64_t drawn =
      mixed(mixed(seed) + instruction * std::uint64_t{kLanes} + static_cast<unsigned>(lane));
  return static_cast<double>(static_cast<std::int64_t>(drawn) >> 11) * 0x1p-52;
}

/// Runs kPlain, and where the launch wants it moves its results: Exact::at(a[, b]) is the value in double and
/// Exact::kRelative how far it may be moved before it is rounded. Values that the ISA's tables list (zeros,
/// infinities, NaN, what becomes of a zero or a subnormal number) stay as they are.
template <Handler kPlain, class Exact, bool kFtz, bool kTwo>
const Op* may_move(Warp& w, const Op* op) {
  if (!w.modes->perturbed) [[likely]]
    return kPlain(w, op);
  float a[kLanes], b[kLanes];
  std::copy_n(w.row<float>(op->rows[1]), kLanes, a);
  std::copy_n(w.row<float>(op->rows[kTwo ? 2 : 1]), kLanes, b);
  const Op* next = kPlain(w, op);
  float* d = w.row<float>(op->rows[0]);
  for (std::uint32_t rest = w.active; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const bool listed = !std::isnormal(d[lane]) || !std::isnormal(a[lane]) || !std::isnormal(b[lane]);
    if (listed) continue;
    double exact = 0;
    if constexpr (kTwo)
      exact = Exact::at(a[lane], b[lane]);
    else
      exact = Exact::at(a[lane]);
    const auto moved =
        static_cast<float>(exact * (1.0 + Exact::kRelative * direction(w.modes->seed, op->number, lane)));
    // A sine above 1 is within the bound, and on no GPU.
    constexpr bool kWithinOne = requires { Exact::kWithinOne; };
    if (std::isnormal(moved) && !(kWithinOne && std::fabs(moved) > 1.0f)) d[lane] = result<kFtz>(moved);
  }
  return next;
}

/// As lanes(f), of one or two f32 operands.
template <class Exact, bool kFtz, class F>
Handlers movable(F) {
  using Made = detail::LanewiseOf<F, decltype(&F::operator())>;
  constexpr bool kTwo = requires { Exact::at(0.0f, 0.0f); };
  return {&may_move<&Made::full, Exact, kFtz, kTwo>, &may_move<&Made::masked, Exact, kFtz, kTwo>};
}

}  // namespace softcuda::isa
