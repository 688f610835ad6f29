#include "harness/backend/cudnn/graph.h"

#include <gmock/gmock.h>

namespace flashdiff::cudnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Case case_of(const std::string& keys) {
  const auto c =
      parse_case("fd1 b=2 hq=4 hk=2 d=64 dv=32 dt=f16 q=10,40 kv=30,50 data=normal seed=1 " + keys);
  if (!c) throw std::invalid_argument(c.error().what);
  return *c;
}
Graph graph(const std::string& keys, Way way) {
  const auto made = graph_of(case_of(keys), way);
  if (!made) throw std::invalid_argument(made.error().what);
  return *made;
}
std::string why_not(const std::string& keys, Way way) {
  const auto made = graph_of(case_of(keys), way);
  return made ? "" : made.error().what;
}

TEST(CudnnGraph, RightPaddingIsLengths) {
  const Graph g = graph("lay=right mask=none pad=3", Way::lengths);
  EXPECT_TRUE(g.lengths);
  EXPECT_FALSE(g.ragged);
  EXPECT_FALSE(g.bias);
  EXPECT_THAT(g.q.dims, ElementsAre(2, 4, 40, 64));
  EXPECT_THAT(g.q.strides, ElementsAre(43 * 4 * 64, 64, 4 * 64, 1));
  EXPECT_THAT(g.v.dims, ElementsAre(2, 2, 50, 32));
  EXPECT_THAT(g.stats.dims, ElementsAre(2, 4, 40, 1));
  EXPECT_THAT(g.stats.strides, ElementsAre(160, 40, 1, 1));
}

TEST(CudnnGraph, AnInferenceHasNoStatsAndNoBackwardPass) {
  const Graph g = graph_of(case_of("lay=right mask=none"), {Way::lengths, true}).value();
  EXPECT_TRUE(g.inference);
  EXPECT_EQ(g.stats, Tensor{});
  EXPECT_THAT(graph_of(case_of("lay=right mask=none pass=backward"), {Way::lengths, true}).error().what,
              HasSubstr("inference has no backward pass"));
}

TEST(CudnnGraph, LeftPaddingIsTheGapBetweenRaggedRows) {
  const Graph g = graph("lay=left mask=none pad=3", Way::ragged);
  EXPECT_TRUE(g.lengths);
  EXPECT_TRUE(g.ragged);
  EXPECT_THAT(g.k.dims, ElementsAre(2, 2, 50, 64));
  EXPECT_THAT(g.k.strides, ElementsAre(53 * 2 * 64, 64, 2 * 64, 1));
  EXPECT_THAT(why_not("lay=left mask=none", Way::lengths),
              HasSubstr("left cannot be handed over by lengths"));
}

TEST(CudnnGraph, ABiasCoversTheWholeRectangleAndIsTheMask) {
  const Graph g = graph("lay=left mask=causal_br pad=3", Way::bias);
  EXPECT_TRUE(g.bias);
  EXPECT_FALSE(g.lengths);
  EXPECT_FALSE(g.right.has_value());
  EXPECT_THAT(g.q.dims, ElementsAre(2, 4, 43, 64));
  EXPECT_THAT(g.k.dims, ElementsAre(2, 2, 53, 64));
  EXPECT_EQ(g.bias_heads, 1);
  EXPECT_EQ(graph("lay=left mask=causal_br alibi=on", Way::bias).bias_heads, 4);
  EXPECT_EQ(way_bytes(case_of("lay=left mask=none pad=3"), Way::bias), 2 * 2 * 43 * 53);
  EXPECT_THAT(why_not("lay=packed mask=none", Way::bias), HasSubstr("packed cannot be handed over by bias"));
}

TEST(CudnnGraph, HolesGoByBiasOrCompactionAndByNothingElse) {
  const Case c = case_of("lay=right mask=none hole=7 pad=3");
  EXPECT_THAT(ways_of(c), ElementsAre(Way::bias, Way::compaction));
  EXPECT_EQ(way_of(c), Way::bias);
  const Graph g = graph_of(c, Way::bias).value();
  EXPECT_THAT(g.q.dims, ElementsAre(2, 4, 50, 64));
  EXPECT_THAT(g.k.dims, ElementsAre(2, 2, 60, 64));
  for (const Way way : {Way::lengths, Way::ragged})
    EXPECT_THAT(why_not("lay=right mask=none hole=7", way), HasSubstr("right with holes cannot be handed"));
}

TEST(CudnnGraph, OneHeadHasARectangleInEitherOrder) {
  for (const char* order : {"bshd", "bhsd"}) {
    const Case c =
        parse_case(std::string("fd1 b=2 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=10,40 kv=30,50 mask=none "
                               "data=normal seed=1 pad=3 mem=") +
                   order)
            .value();
    const Graph g = graph_of(c, Way::bias).value();
    EXPECT_THAT(g.q.dims, ElementsAre(2, 1, 43, 64)) << order;
    EXPECT_THAT(g.k.dims, ElementsAre(2, 1, 53, 64)) << order;
  }
}

TEST(CudnnGraph, AGradientInAViewHasStridesOfItsOwn) {
  const Graph g = graph("lay=left mask=none mem=bshd.view pass=backward", Way::ragged);
  EXPECT_EQ(g.dq.dims, g.q.dims);
  EXPECT_NE(g.dq.strides, g.q.strides);
  EXPECT_NE(g.d_o.strides, g.o.strides);
  EXPECT_EQ(graph("lay=left mask=none mem=bshd.view", Way::ragged).dq, Tensor{});
}

TEST(CudnnGraph, HeadsOutsideOfRowsKeepTheirStride) {
  const Graph g = graph("lay=left mem=bhsd mask=none pad=3", Way::bias);
  EXPECT_THAT(g.q.dims, ElementsAre(2, 4, 43, 64));
  EXPECT_THAT(g.q.strides, ElementsAre(4 * 43 * 64, 43 * 64, 64, 1));
}

TEST(CudnnGraph, CompactionLeavesThePaddingOut) {
  const Graph g = graph("lay=both mem=bhsd.view mask=none pad=17", Way::compaction);
  EXPECT_TRUE(g.ragged);
  EXPECT_THAT(g.q.dims, ElementsAre(2, 4, 40, 64));
  EXPECT_THAT(g.q.strides, ElementsAre(40 * 4 * 64, 64, 4 * 64, 1));
}

TEST(CudnnGraph, ItsLeftBoundCountsTheDiagonal) {
  const Graph g = graph("lay=right mask=window:5,2", Way::lengths);
  EXPECT_TRUE(g.bottom_right);
  EXPECT_EQ(g.left, 6);
  EXPECT_EQ(g.right, 2);
  const Graph top = graph("lay=right mask=causal_tl", Way::lengths);
  EXPECT_FALSE(top.bottom_right);
  EXPECT_FALSE(top.left.has_value());
  EXPECT_EQ(top.right, 0);
}

TEST(CudnnGraph, OneQueryASequenceNeedsNoCausalMask) {
  const auto decode = parse_case(
      "fd1 b=2 hq=4 hk=2 d=64 dv=64 dt=f16 lay=right q=1,1 kv=30,50 mask=causal_br data=normal seed=1");
  ASSERT_TRUE(decode);
  EXPECT_FALSE(graph_of(*decode, Way::lengths)->right.has_value());
  EXPECT_TRUE(graph("lay=right mask=causal_br", Way::lengths).right.has_value());
}

TEST(CudnnGraph, AlibiIsItsOwnOnlyWhereItMeansTheSame) {
  EXPECT_THAT(why_not("lay=right mask=causal_br alibi=on", Way::lengths), HasSubstr("LSE would shift"));
  const auto six = parse_case(
      "fd1 b=1 hq=6 hk=2 d=64 dv=64 dt=f16 lay=right q=9 kv=9 mask=causal_tl alibi=on data=normal seed=1");
  ASSERT_TRUE(six);
  EXPECT_THAT(graph_of(*six, Way::lengths).error().what, HasSubstr("6 heads, no power of two"));
}

TEST(CudnnGraph, WhatHasNoRowsOrAppendsIsNotAsked) {
  const auto empty =
      parse_case("fd1 b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=right q=4 kv=0 mask=none data=normal seed=1");
  ASSERT_TRUE(empty);
  EXPECT_THAT(graph_of(*empty, Way::lengths).error().what, HasSubstr("no tensors without rows"));
  const auto append = parse_case(
      "fd1 b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=right q=4 kv=9 mask=none data=normal seed=1 pass=append");
  ASSERT_TRUE(append) << append.error().what;
  EXPECT_THAT(graph_of(*append, Way::lengths).error().what, HasSubstr("appends no tokens"));
}

TEST(CudnnGraph, PagesAreAPoolAndATable) {
  const Graph g = graph("lay=right mask=none page=16", Way::lengths);
  EXPECT_EQ(g.page, 16);
  EXPECT_EQ(g.k.dims[0], g.pages);
  EXPECT_EQ(g.k.dims[2], 16);
  EXPECT_EQ(g.table_columns, 4);  // 50 keys
  EXPECT_THAT(why_not("lay=right mask=none page=16 pass=backward", Way::lengths),
              HasSubstr("takes no pages"));
}

}  // namespace
}  // namespace flashdiff::cudnn
