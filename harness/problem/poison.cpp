#include "harness/problem/poison.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/problem/numbers.h"
#include "harness/problem/random_bits.h"

namespace flashdiff::detail {
namespace {

/// fixed | (hash of the address & varied): every poison but `dirty`.
struct Pattern {
  std::uint32_t fixed = 0;
  std::uint32_t varied = 0;
};

Pattern pattern_of(Poison poison, DType dtype) {
  const bool f16 = dtype == DType::f16;
  // The upper half of an f32 pattern is the bf16 one.
  const std::uint32_t sign = f16 ? 0x8000u : 0x8000'0000u;
  const std::uint32_t mantissa = f16 ? 0x03ffu : 0x007f'ffffu;
  const std::uint32_t infinity = f16 ? 0x7c00u : 0x7f80'0000u;
  const std::uint32_t quiet = f16 ? 0x0200u : 0x0040'0000u;
  const std::uint32_t largest_binade = infinity - (mantissa + 1);
  switch (poison) {
    case Poison::nan: return {infinity | quiet, sign | (mantissa & ~quiet)};
    case Poison::inf: return {infinity, sign};
    case Poison::huge:
    case Poison::dirty: break;
  }
  return {largest_binade, sign | mantissa};
}

template <class Bits>
void fill_pattern(Pattern pattern, int drop, RowKey key, std::uint32_t first, std::span<std::byte> bytes) {
  const std::size_t count = bytes.size() / sizeof(Bits);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t hash = key.bits(first + static_cast<std::uint32_t>(i));
    const Bits bits = static_cast<Bits>((pattern.fixed | (hash & pattern.varied)) >> drop);
    std::memcpy(bytes.data() + i * sizeof(Bits), &bits, sizeof(Bits));
  }
}

void fill_dirty(DType dtype, RowKey key, std::uint32_t first, std::span<std::byte> bytes) {
  std::array<float, 1024> values;
  const std::size_t count = bytes.size() / bytes_of(dtype);
  for (std::size_t done = 0; done < count; done += values.size()) {
    const std::size_t now = std::min(values.size(), count - done);
    for (std::size_t i = 0; i < now; ++i) {
      const std::uint32_t counter = 2 * (first + static_cast<std::uint32_t>(done + i));
      values[i] = normal_value(key.bits(counter), key.bits(counter + 1));
    }
    store_elements(dtype, bytes.data() + done * bytes_of(dtype), {values.data(), now});
  }
}

}  // namespace

void fill_poison(Poison poison, DType dtype, TensorRole role, std::int64_t first,
                 std::span<std::byte> bytes) {
  const RowKey key(folded(0x706f'6973'6f6e, static_cast<std::uint64_t>(role)));  // "poison"
  const auto counter = static_cast<std::uint32_t>(static_cast<std::uint64_t>(first));
  if (poison == Poison::dirty) return fill_dirty(dtype, key, counter, bytes);
  const Pattern pattern = pattern_of(poison, dtype);
  if (dtype == DType::f32) return fill_pattern<std::uint32_t>(pattern, 0, key, counter, bytes);
  fill_pattern<std::uint16_t>(pattern, dtype == DType::bf16 ? 16 : 0, key, counter, bytes);
}

}  // namespace flashdiff::detail
