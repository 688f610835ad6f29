#pragma once
#include <cstdint>

/// The 64 bits of an mbarrier object in shared memory (PTX ISA 9.7.13.15, "mbarrier": "an opaque object").
/// Ours: pending arrivals in bits 0 to 19, expected ones in 20 to 39, the phase from bit 40 on.
namespace softcuda::isa::mbarrier {

inline constexpr std::uint64_t kCount = 0xfffff;  ///< also the largest count: "2^20 - 1"

[[nodiscard]] constexpr std::uint64_t fresh(std::uint64_t count) { return count | count << 20; }
[[nodiscard]] constexpr std::uint64_t pending(std::uint64_t state) { return state & kCount; }
[[nodiscard]] constexpr std::uint64_t expected(std::uint64_t state) { return state >> 20 & kCount; }
[[nodiscard]] constexpr std::uint64_t phase(std::uint64_t state) { return state >> 40; }

/// After `count` arrivals; the phase completes when none is pending, and the next one expects what is
/// expected then.
[[nodiscard]] constexpr std::uint64_t arrived(std::uint64_t state, std::uint64_t count) {
  const std::uint64_t left = pending(state) - count;
  if (left != 0) return (state & ~kCount) | (left & kCount);
  return (phase(state) + 1) << 40 | expected(state) << 20 | expected(state);
}
/// One more arrival pending in this phase only.
[[nodiscard]] constexpr std::uint64_t one_more(std::uint64_t state) {
  return (state & ~kCount) | ((pending(state) + 1) & kCount);
}
/// `count` fewer expected from the next phase on.
[[nodiscard]] constexpr std::uint64_t dropped(std::uint64_t state, std::uint64_t count) {
  return (state & ~(kCount << 20)) | ((expected(state) - count) & kCount) << 20;
}

}  // namespace softcuda::isa::mbarrier
