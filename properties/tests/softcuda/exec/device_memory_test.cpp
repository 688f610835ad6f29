#include "harness/softcuda/exec/device_memory.h"

#include <cstring>
#include <map>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace softcuda::exec {
namespace {

TEST(DeviceMemory, CopiesAreChecked) {
  DeviceMemory memory(1 << 20);
  const auto a = *memory.allocate(100);
  const auto b = *memory.allocate(100);
  std::vector<unsigned char> in(100), out(100);
  std::iota(in.begin(), in.end(), static_cast<unsigned char>(0));
  EXPECT_TRUE(memory.copy_in(a, in.data(), 100));
  EXPECT_TRUE(memory.copy(b, a, 100));
  EXPECT_TRUE(memory.copy_out(out.data(), b, 100));
  EXPECT_EQ(in, out);
  EXPECT_EQ(memory.copy_in(a, in.data(), 101).error(), MemoryError::out_of_range);
  EXPECT_EQ(memory.copy_in(a + 1, in.data(), 100).error(), MemoryError::out_of_range);
  EXPECT_EQ(memory.copy_out(out.data(), a - 1, 4).error(), MemoryError::out_of_range);
  EXPECT_EQ(memory.copy(b, a + 99, 2).error(), MemoryError::out_of_range);
  EXPECT_TRUE(memory.copy_out(out.data(), a + 100, 0));
}

TEST(DeviceMemory, Fills) {
  DeviceMemory memory(1 << 20);
  const auto a = *memory.allocate(16);
  EXPECT_TRUE(memory.fill(a, 0x11223344, 4, 2));
  EXPECT_TRUE(memory.fill(a + 8, 0x5566, 2, 3));
  EXPECT_TRUE(memory.fill(a + 14, 0x77, 1, 2));
  unsigned char out[16];
  EXPECT_TRUE(memory.copy_out(out, a, 16));
  const unsigned char wanted[16] = {0x44, 0x33, 0x22, 0x11, 0x44, 0x33, 0x22, 0x11,
                                    0x66, 0x55, 0x66, 0x55, 0x66, 0x55, 0x77, 0x77};
  EXPECT_EQ(std::memcmp(out, wanted, 16), 0);
  EXPECT_EQ(memory.fill(a, 0, 4, 5).error(), MemoryError::out_of_range);
  EXPECT_EQ(memory.fill(a, 0, 4, std::size_t{1} << 62).error(), MemoryError::out_of_range);
}

TEST(DeviceMemory, LimitsAndFrees) {
  DeviceMemory memory(1000);
  EXPECT_EQ(memory.allocate(1001).error(), MemoryError::out_of_memory);
  const auto a = *memory.allocate(600);
  EXPECT_EQ(memory.allocate(401).error(), MemoryError::out_of_memory);
  EXPECT_EQ(memory.used_bytes(), 600u);
  EXPECT_EQ(memory.free(a + 4).error(), MemoryError::not_an_allocation);
  EXPECT_TRUE(memory.free(a));
  EXPECT_EQ(memory.free(a).error(), MemoryError::not_an_allocation);
  EXPECT_TRUE(memory.allocate(1000));
}

TEST(DeviceMemory, FreedRangesWaitInQuarantine) {
  DeviceMemory memory(1 << 30, 1 << 16);
  const auto a = *memory.allocate(1000);
  ASSERT_TRUE(memory.free(a));
  EXPECT_NE(*memory.allocate(1000), a);
  EXPECT_EQ(memory.allocations().freed_at(a + 5)->base, a);
  bool again = false;
  for (int k = 0; k < 200 && !again; ++k) {
    const auto b = *memory.allocate(1000);
    again = b == a;
    ASSERT_TRUE(memory.free(b));
  }
  EXPECT_TRUE(again) << "quarantined for ever";
}

TEST(DeviceMemory, KnowsItsOwn) {
  DeviceMemory memory(1 << 20);
  const auto a = *memory.allocate(10, "mine");
  int here = 0;
  EXPECT_TRUE(memory.in_device_range(a));
  EXPECT_FALSE(memory.in_device_range(reinterpret_cast<std::uint64_t>(&here)));
  EXPECT_EQ(memory.find(a + 9)->what, "mine");
  EXPECT_FALSE(memory.find(a + 10));
  EXPECT_EQ(a % 512, 0u);
}

/// Any sequence of allocations and frees: live ranges never touch, and what was freed can be told.
RC_GTEST_PROP(DeviceMemory, LiveRangesNeverTouch, ()) {
  DeviceMemory memory(1 << 24, 1 << 14);
  std::map<std::uint64_t, std::uint64_t> live;
  for (const auto step : *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0u, 20000u))) {
    if (step % 3 == 0 && !live.empty()) {
      auto victim = live.begin();
      std::advance(victim, step % live.size());
      RC_ASSERT(memory.free(victim->first).has_value());
      live.erase(victim);
      continue;
    }
    const auto base = memory.allocate(step);
    RC_ASSERT(base.has_value());
    const auto after = live.lower_bound(*base);
    RC_ASSERT((after == live.end() || *base + step < after->first));
    RC_ASSERT((after == live.begin() || std::prev(after)->first + std::prev(after)->second < *base));
    live[*base] = std::max(step, 1u);
  }
  RC_ASSERT(memory.live().size() == live.size());
}

}  // namespace
}  // namespace softcuda::exec
