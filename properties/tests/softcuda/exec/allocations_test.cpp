#include "harness/softcuda/check/allocations.h"

#include <gtest/gtest.h>

namespace softcuda::check {
namespace {

TEST(Allocations, FindsByAnyByte) {
  Allocations all;
  EXPECT_EQ(all.add(1000, 100), 1u);
  EXPECT_EQ(all.add(2000, 50, "table"), 2u);
  EXPECT_EQ(all.live_at(1000)->what, "allocation 1");
  EXPECT_EQ(all.live_at(1099)->number, 1u);
  EXPECT_FALSE(all.live_at(1100));
  EXPECT_FALSE(all.live_at(999));
  EXPECT_EQ(all.interval_at(2049).begin, 2000u);
  EXPECT_EQ(all.interval_at(2049).end, 2050u);
  EXPECT_GT(all.interval_at(2050).begin, all.interval_at(2050).end);
}

TEST(Allocations, NearestByDistanceToItsBytes) {
  Allocations all;
  EXPECT_FALSE(all.nearest(5));
  all.add(1000, 100);
  all.add(2000, 50);
  EXPECT_EQ(all.nearest(5)->number, 1u);
  EXPECT_EQ(all.nearest(1100)->number, 1u);
  EXPECT_EQ(all.nearest(1600)->number, 2u);
  EXPECT_EQ(all.nearest(1500)->number, 1u);
  EXPECT_EQ(all.nearest(9999)->number, 2u);
}

TEST(Allocations, RememberWhatWasFreed) {
  Allocations all;
  all.add(1000, 100);
  EXPECT_FALSE(all.retire(1001));
  EXPECT_EQ(all.retire(1000)->bytes, 100u);
  EXPECT_FALSE(all.live_at(1000));
  EXPECT_EQ(all.freed_at(1050)->number, 1u);
  all.forget_freed(1000, 100);
  EXPECT_FALSE(all.freed_at(1050));
}

}  // namespace
}  // namespace softcuda::check
