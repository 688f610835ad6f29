#include "harness/softcuda/check/clocks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace softcuda::check {
namespace {

Clocks started(std::uint32_t warps) {
  Clocks clocks;
  clocks.start(warps);
  return clocks;
}

TEST(Clocks, ABarrierOrdersWhatCameBeforeItAndNothingAfter) {
  Clocks clocks = started(3);
  const auto before = clocks.now();
  clocks.barrier(std::vector<std::uint32_t>{0, 1});
  const auto after = clocks.now();
  EXPECT_GE(clocks.seen(1, 0), before);
  EXPECT_LT(clocks.seen(1, 0), after);
  EXPECT_LT(clocks.seen(2, 0), before);  // was not there
  EXPECT_EQ(clocks.floor(2), 0u);
  clocks.barrier(std::vector<std::uint32_t>{1, 2});
  EXPECT_GE(clocks.seen(2, 0), before);  // through warp 1
  clocks.barrier(std::vector<std::uint32_t>{0, 1, 2});
  EXPECT_GE(clocks.floor(0), after);
  EXPECT_LT(clocks.floor(0), clocks.now());
}

TEST(Clocks, ReleaseAndAcquireNeedBothFencesOrBothSemantics) {
  constexpr std::uint64_t kFlag = 64;
  struct Case {
    bool fence_before, releases, fence_after, acquires, ordered;
  };
  for (const Case& c : {Case{true, false, true, false, true}, Case{false, true, false, true, true},
                        Case{true, false, false, true, true}, Case{false, false, true, false, false},
                        Case{true, false, false, false, false}, Case{false, false, false, false, false}}) {
    Clocks clocks = started(2);
    const auto data = clocks.now();
    if (c.fence_before) clocks.fence(0, true, true);
    clocks.strong_write(0, kFlag, c.releases);
    clocks.strong_read(1, kFlag, c.acquires);
    if (c.fence_after) clocks.fence(1, true, true);
    EXPECT_EQ(clocks.seen(1, 0) >= data, c.ordered);
  }
}

/// What a warp does behind its release is not part of it.
TEST(Clocks, AReleaseCoversOnlyWhatCameBeforeIt) {
  Clocks clocks = started(2);
  clocks.fence(0, true, false);
  const auto later = clocks.now();
  clocks.strong_write(0, 8, false);
  clocks.strong_read(1, 8, true);
  EXPECT_LT(clocks.seen(1, 0), later);
}

TEST(Clocks, LanesAreOrderedByMeetingDirectlyOrThroughOthers) {
  Clocks clocks = started(1);
  const auto step = clocks.step(0);
  EXPECT_TRUE(clocks.lane_ordered(0, 3, step, 3));
  EXPECT_FALSE(clocks.lane_ordered(0, 3, step, 4));
  clocks.lanes_met(0, 0b11000, false);  // 3 and 4
  EXPECT_TRUE(clocks.lane_ordered(0, 3, step, 4));
  EXPECT_FALSE(clocks.lane_ordered(0, 3, step, 5));
  EXPECT_FALSE(clocks.lane_ordered(0, 3, clocks.step(0), 4));
  clocks.lanes_met(0, 0b110000, false);  // 4 and 5
  EXPECT_TRUE(clocks.lane_ordered(0, 3, step, 5));
  EXPECT_FALSE(clocks.lane_ordered(0, 3, step, 6));
  clocks.lanes_met(0, 0xffffffffu, true);
  EXPECT_TRUE(clocks.lane_ordered(0, 3, step, 6));
  EXPECT_TRUE(clocks.lane_ordered(0, 3, step, kWarpLanes));  // for several lanes at once
}

/// Against reachability in the graph of events, computed the slow way.
RC_GTEST_PROP(Clocks, AgreeWithReachabilityThroughBarriers, ()) {
  const auto warps = *rc::gen::inRange<std::uint32_t>(1, 7);
  const auto barriers =
      *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(1, 1u << warps));
  Clocks clocks = started(warps);
  struct Did {
    std::uint32_t warp;
    Clocks::Moment moment;
    std::vector<bool> reaches;
  };
  std::vector<Did> all;
  const auto act = [&] {
    for (std::uint32_t w = 0; w < warps; ++w) {
      std::vector<bool> reaches(warps, false);
      reaches[w] = true;
      all.push_back({w, clocks.now(), reaches});
    }
  };
  act();
  for (const std::uint32_t members : barriers) {
    std::vector<std::uint32_t> there;
    for (std::uint32_t w = 0; w < warps; ++w) {
      if ((members >> w & 1u) != 0) there.push_back(w);
    }
    for (Did& did : all) {
      bool any = false;
      for (const std::uint32_t w : there) any = any || did.reaches[w];
      for (const std::uint32_t w : there) did.reaches[w] = did.reaches[w] || any;
    }
    clocks.barrier(there);
    act();
  }
  for (const Did& did : all) {
    for (std::uint32_t w = 0; w < warps; ++w) {
      if (w != did.warp) RC_ASSERT((clocks.seen(w, did.warp) >= did.moment) == did.reaches[w]);
    }
  }
}

}  // namespace
}  // namespace softcuda::check
