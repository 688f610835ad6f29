#pragma once
#include <cstdint>

namespace flashdiff::detail {

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): folds one more number into a key.
[[nodiscard]] constexpr std::uint64_t folded(std::uint64_t key, std::uint64_t with) {
  std::uint64_t z = key + 0x9e37'79b9'7f4a'7c15u * (with + 1);
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9u;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebu;
  return z ^ (z >> 31);
}

/// A 32-bit mixer of two multiplications (C. Wellons, hash-prospector, `lowbias32`): one element's bits from
/// its counter. 32 bits wide, because eight or sixteen of them then fit a vector register.
[[nodiscard]] constexpr std::uint32_t mixed(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb'352du;
  x = (x ^ (x >> 15)) * 0x846c'a68bu;
  return x ^ (x >> 16);
}

/// The stream of one row: element c is a pure function of the key and of c, so any part can be made alone.
struct RowKey {
  std::uint32_t a = 0, b = 0;
  constexpr explicit RowKey(std::uint64_t key)
      : a(static_cast<std::uint32_t>(key)), b(static_cast<std::uint32_t>(key >> 32)) {}
  [[nodiscard]] constexpr std::uint32_t bits(std::uint32_t c) const { return mixed(a ^ mixed(c + b)); }
};

/// Standard normal up to 3.46 sigma: four 16-bit uniforms added up (Irwin-Hall), centred, times sqrt(3) /
/// 2^16. Integer up to the last multiplication; no libm, whose last bits differ between machines.
[[nodiscard]] constexpr float normal_value(std::uint32_t one, std::uint32_t other) {
  const std::uint32_t sum = (one & 0xffffu) + (one >> 16) + (other & 0xffffu) + (other >> 16);
  return static_cast<float>(static_cast<std::int32_t>(sum) - 131070) * 0x1.bb67aep-16f;
}

/// Uniform in [0, 1), 24 bits.
[[nodiscard]] constexpr float unit_value(std::uint32_t bits) {
  return static_cast<float>(static_cast<std::int32_t>(bits >> 8)) * 0x1p-24f;
}

}  // namespace flashdiff::detail
