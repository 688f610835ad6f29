#include "harness/oracle/other_layouts.h"

#include <array>

#include <fmt/format.h>

#include "harness/problem/hashes.h"
#include "harness/problem/names.h"
#include "harness/problem/random_bits.h"

namespace flashdiff::detail {
namespace {

/// Below this many useful multiply-adds a run costs little more than its launch.
constexpr double kSmall = 1e5;

}  // namespace

std::vector<Case> other_layouts(const Case& c, const std::function<bool(const Case&)>& supported) {
  const std::uint64_t hash = hash_of(c);
  const auto poisons = all_of<Poison>.size();
  std::vector<Case> others;
  const auto add = [&](Padding padding, int page, std::uint64_t which) {
    const std::uint64_t bits = folded(hash, which);
    Case other = c;
    other.after = After::nothing;  // so that a used workspace and a fresh one are compared
    other.layout.padding = padding;
    other.layout.order = (bits & 1) != 0 ? Order::bhsd : Order::bshd;
    other.layout.view = (bits & 2) != 0;
    other.layout.pad = static_cast<int>(bits >> 2 & 3);
    other.layout.page = page;
    other.layout.hole = 0;  // who takes holes is held to what it says without them
    // Never the case's own poison: a leak of plausible values shows as a difference of bits.
    const auto turned = static_cast<std::size_t>(c.poison) + 1 + (bits >> 4) % (poisons - 1);
    other.poison = all_of<Poison>[turned % poisons];
    if (supported(other)) others.push_back(other);
  };
  for (Padding padding : all_of<Padding>)
    if (padding != c.layout.padding) add(padding, c.layout.page, static_cast<std::uint64_t>(padding));
  // In pages where the case is not, and out of them where it is.
  const auto paddings = all_of<Padding>.size();
  const std::uint64_t bits = folded(hash, paddings);
  const std::array sizes{16, 32, 48, 64, 128, 256};
  const int page = sizes[(bits >> 4) % sizes.size()];
  add(all_of<Padding>[bits % paddings], c.layout.page == 0 ? page : 0, paddings);
  if (c.problem.useful_flops() / 2 > kSmall && !others.empty()) return {others[hash % others.size()]};
  return others;
}

std::string layout_words(const Case& other) {
  return fmt::format("lay={}{} poison={}", name_of(other.layout.padding),
                     other.layout.page > 0 ? fmt::format(" page={}", other.layout.page) : "",
                     name_of(other.poison));
}

}  // namespace flashdiff::detail
