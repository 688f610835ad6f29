#include "harness/softcuda/exec/order.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace softcuda::exec {
namespace {

using Order = std::vector<int>;

TEST(RankOrder, StraightAndDiamond) {
  EXPECT_EQ(rank_order({{1}, {2}, {}}), (Order{0, 1, 2}));
  EXPECT_EQ(rank_order({{1, 2}, {3}, {3}, {}}), (Order{0, 1, 2, 3}));
}
TEST(RankOrder, ALoopsBodyComesBeforeItsExitWhereverItStands) {
  EXPECT_EQ(rank_order({{1}, {3, 2}, {}, {1}}),
            (Order{0, 1, 3, 2}));  // the exit, 2, stands before the body, 3
}
TEST(RankOrder, NestedLoopsStayInOnePiece) {
  // 1: outer head, 2: inner head, 3: inner body, 4: outer latch, 5: exit
  EXPECT_EQ(rank_order({{1}, {5, 2}, {4, 3}, {2}, {1}, {}}), (Order{0, 1, 2, 3, 4, 5}));
}
TEST(RankOrder, UnreachedBlocksAreLeftOut) { EXPECT_EQ(rank_order({{2}, {2}, {}}), (Order{0, 2})); }
TEST(RankOrder, IrreducibleLoops) {
  const Order order = rank_order({{1, 2}, {2}, {1, 3}, {}});
  ASSERT_EQ(order.size(), 4u);
  EXPECT_EQ(order.front(), 0);
  EXPECT_EQ(order.back(), 3);
}

/// On any graph: each reached block once; an edge goes up in rank unless its target can reach its source.
RC_GTEST_PROP(RankOrder, EdgesGoUpExceptInCycles, ()) {
  const int count = *rc::gen::inRange(1, 14);
  Graph graph(static_cast<std::size_t>(count));
  for (auto& successors : graph) {
    successors = *rc::gen::resize(3, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, count)));
  }
  const auto reach = [&](int from) {
    std::set<int> seen{from};
    Order work{from};
    while (!work.empty()) {
      const int at = work.back();
      work.pop_back();
      for (const int to : graph[static_cast<std::size_t>(at)]) {
        if (seen.insert(to).second) work.push_back(to);
      }
    }
    return seen;
  };
  const Order order = rank_order(graph);
  const std::set<int> reached = reach(0);
  RC_ASSERT(std::set<int>(order.begin(), order.end()) == reached);
  RC_ASSERT(order.size() == reached.size());
  RC_ASSERT(order.front() == 0);
  const auto rank = [&](int block) { return std::ranges::find(order, block) - order.begin(); };
  for (const int from : order) {
    for (const int to : graph[static_cast<std::size_t>(from)]) {
      if (rank(to) <= rank(from)) RC_ASSERT(reach(to).contains(from));
    }
  }
}

}  // namespace
}  // namespace softcuda::exec
