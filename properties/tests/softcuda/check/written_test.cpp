#include "harness/softcuda/check/written.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace softcuda::check {
namespace {

/// Against a vector of flags.
RC_GTEST_PROP(Written, DoesAsFlagsWould, ()) {
  constexpr std::uint64_t kBegin = 4096, kBytes = 200;
  Written written(kBegin, kBytes);
  std::vector<bool> flags(kBytes, false);
  const auto steps = *rc::gen::inRange(1, 30);
  for (int step = 0; step < steps; ++step) {
    const auto at = *rc::gen::inRange<std::uint64_t>(0, kBytes);
    const auto bytes = *rc::gen::inRange<std::uint64_t>(1, std::min<std::uint64_t>(kBytes - at, 70) + 1);
    const auto what = *rc::gen::inRange(0, 3);
    const auto bits = *rc::gen::arbitrary<std::uint32_t>();
    const auto part = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, 32));
    if (what == 0) written.set(kBegin + at, bytes);
    if (what == 1) written.clear(kBegin + at, bytes);
    if (what == 2) written.put(kBegin + at, part, bits);
    for (std::uint64_t k = 0; k < (what == 2 ? part : bytes); ++k)
      flags[at + k] = what == 2 ? (bits >> k & 1u) != 0 : what == 0;
    bool all = true;
    std::uint32_t seen = 0;
    for (std::uint64_t k = 0; k < bytes; ++k) all = all && flags[at + k];
    for (std::uint32_t k = 0; k < part; ++k) seen |= static_cast<std::uint32_t>(flags[at + k]) << k;
    RC_ASSERT(written.all(kBegin + at, bytes) == all);
    RC_ASSERT(written.get(kBegin + at, part) == seen);
  }
}

TEST(Written, ManyLanesAtOnce) {
  Written written(0, 1024);
  written.set(16, 64);
  const std::vector<std::uint64_t> at{16, 32, 48, 64, 72, 80};
  EXPECT_TRUE(written.all_of(at.data(), 0b001111, 16));
  EXPECT_TRUE(written.all_of(at.data(), 0b011111, 8));
  EXPECT_FALSE(written.all_of(at.data(), 0b111111, 8));
  EXPECT_FALSE(written.all_of(at.data(), 0b011000, 16));
  const std::vector<std::uint64_t> outside{16, 5000};
  EXPECT_FALSE(written.all_of(outside.data(), 0b11, 4));
}

TEST(Written, HoldsItsRangeOnly) {
  const Written written(4096, 64);
  EXPECT_TRUE(written.holds(4096, 64));
  EXPECT_FALSE(written.holds(4096, 65));
  EXPECT_FALSE(written.holds(4095, 1));
  EXPECT_FALSE(written.holds(4160, 1));
}

}  // namespace
}  // namespace softcuda::check
