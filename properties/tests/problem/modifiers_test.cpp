#include "harness/problem/modifiers.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace flashdiff {
namespace {

Problem with_heads(int h_q) {
  Problem p;
  p.sequences = {{3, 8}};
  p.h_q = h_q;
  p.alibi = true;
  p.sink = Sink{};
  return p;
}

/// Press et al., section 3: 1/2, 1/4, ... 1/256 for 8 heads.
TEST(Modifiers, SlopesOfEightHeadsAreThePapers) {
  const Problem p = with_heads(8);
  for (int head = 0; head < 8; ++head) EXPECT_EQ(alibi_slope(p, head), std::ldexp(1.0f, -(head + 1)));
}

TEST(Modifiers, NoSlopeWithoutAlibi) {
  Problem p = with_heads(8);
  p.alibi = false;
  EXPECT_EQ(alibi_slope(p, 3), 0.0f);
}

TEST(Modifiers, DistancesAreCountedFromTheBottomRightDiagonal) {
  EXPECT_EQ(alibi_distance({3, 8}, 2, 7), 0);
  EXPECT_EQ(alibi_distance({3, 8}, 0, 7), 2);
  EXPECT_EQ(alibi_distance({3, 8}, 0, 0), 5);
  EXPECT_EQ(alibi_distance({8, 3}, 0, 2), 7);
}

TEST(Modifiers, SeededSinksDifferByHeadAndSeed) {
  std::set<float> sinks;
  Problem p = with_heads(16);
  for (std::uint64_t seed : {1, 2})
    for (int head = 0; head < 16; ++head) {
      p.seed = seed;
      sinks.insert(sink_logit(p, head));
      EXPECT_LE(std::fabs(sink_logit(p, head)), 7.0f);
    }
  EXPECT_EQ(sinks.size(), 32u);
}

TEST(Modifiers, OneSinkForAllHeads) {
  Problem p = with_heads(4);
  p.sink = Sink{1.5f};
  for (int head = 0; head < 4; ++head) EXPECT_EQ(sink_logit(p, head), 1.5f);
}

}  // namespace
}  // namespace flashdiff
