#include "harness/problem/layout.h"

#include <unordered_set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/numbers.h"
#include "harness/problem/rows_in_memory.h"
#include "properties/tests/problem/any_case.h"

namespace flashdiff {
namespace {

using testing::every_role;

RC_GTEST_PROP(Placement, EveryLogicalElementHasAnAddressOfItsOwnInsideTheBuffer, ()) {
  const Case c = *testing::any_case();
  for (TensorRole role : every_role) {
    const Placement p = place(c.problem, c.layout, role);
    std::unordered_set<std::int64_t> taken;
    for (int s = 0; s < c.problem.batch(); ++s)
      for (int row = 0; row < p.rows[static_cast<std::size_t>(s)]; ++row)
        for (int head = 0; head < p.heads; ++head)
          for (int column = 0; column < p.width; ++column) {
            const std::int64_t at = p.address(s, row, head) + column;
            RC_ASSERT(at >= 0);
            RC_ASSERT(at < p.elements);
            RC_ASSERT(taken.insert(at).second);
          }
  }
}

RC_GTEST_PROP(Placement, RowsAreVisitedOnceEachInTheOrderOfTheirAddresses, ()) {
  const Case c = *testing::any_case();
  for (TensorRole role : every_role) {
    const Placement p = place(c.problem, c.layout, role);
    std::int64_t rows = 0;
    for (int r : p.rows) rows += std::int64_t{r} * p.heads;
    std::int64_t before = -1;
    detail::for_each_row_in_memory(p, [&](int s, int row, int head, std::int64_t at) {
      RC_ASSERT(at == p.address(s, row, head));
      RC_ASSERT(at > before);
      before = at;
      --rows;
    });
    RC_ASSERT(rows == 0);
  }
}

RC_GTEST_PROP(Placement, AViewKeepsRowsAtSixteenBytesWhereThePitchAllowsIt, ()) {
  Case c = *testing::any_case();
  c.layout.view = true;
  for (TensorRole role : every_role) {
    const auto in_16_bytes = static_cast<std::int64_t>(16 / bytes_of(dtype_of(c.problem, role)));
    Layout plain = c.layout;
    plain.view = false;
    const Placement inside = place(c.problem, c.layout, role);
    const Placement alone = place(c.problem, plain, role);
    RC_ASSERT(inside.origin > 0);
    RC_ASSERT(inside.row_stride > alone.row_stride);
    if (alone.row_stride % in_16_bytes == 0) {
      RC_ASSERT(inside.origin % in_16_bytes == 0);
      RC_ASSERT(inside.row_stride % in_16_bytes == 0);
    }
  }
}

/// Two sequences of 3 and 1 rows, two heads, four columns, and two rows of padding beyond the longest.
Placement small(Padding padding, Order order) {
  Problem p;
  p.sequences = {{3, 3}, {1, 1}};
  p.h_q = 2;
  p.h_kv = 1;
  p.d_qk = 4;
  return place(p, Layout{padding, order, false, 2}, TensorRole::q);
}

TEST(Placement, FirstRowsFollowThePaddingSide) {
  using Rows = std::vector<std::int64_t>;
  EXPECT_EQ(small(Padding::left, Order::bshd).first_row, (Rows{2, 4}));
  EXPECT_EQ(small(Padding::right, Order::bshd).first_row, (Rows{0, 0}));
  EXPECT_EQ(small(Padding::both, Order::bshd).first_row, (Rows{1, 2}));
  EXPECT_EQ(small(Padding::packed, Order::bshd).first_row, (Rows{0, 3}));
}

TEST(Placement, PaddingOnBothSidesPutsTheOddRowInFront) {
  Problem p;
  p.sequences = {{3, 3}, {1, 1}};
  // One row of padding beside the longest, three beside the other.
  EXPECT_EQ(place(p, Layout{Padding::both, Order::bshd, false, 1}, TensorRole::q).first_row,
            (std::vector<std::int64_t>{1, 2}));
}

TEST(Placement, StridesFollowTheOrder) {
  const Placement bshd = small(Padding::left, Order::bshd);
  EXPECT_EQ(bshd.row_stride, 8);
  EXPECT_EQ(bshd.head_stride, 4);
  EXPECT_EQ(bshd.batch_stride, 5 * 8);
  EXPECT_EQ(bshd.elements, 2 * 5 * 8);
  const Placement bhsd = small(Padding::left, Order::bhsd);
  EXPECT_EQ(bhsd.row_stride, 4);
  EXPECT_EQ(bhsd.head_stride, 5 * 4);
  EXPECT_EQ(bhsd.batch_stride, 2 * 5 * 4);
  EXPECT_EQ(bhsd.elements, 2 * 5 * 8);
  const Placement htd = small(Padding::packed, Order::bhsd);
  EXPECT_EQ(htd.head_stride, 6 * 4);
  EXPECT_EQ(htd.batch_stride, 0);
  EXPECT_EQ(htd.elements, 6 * 8);
}

TEST(Placement, KeysFollowTheirOwnLengthsAndLseIsOneColumn) {
  Problem p;
  p.sequences = {{3, 9}};
  p.h_q = 6;
  p.h_kv = 2;
  p.d_v = 5;
  const Placement v = place(p, Layout{}, TensorRole::v);
  EXPECT_EQ(v.rows, std::vector<int>{9});
  EXPECT_EQ(v.heads, 2);
  EXPECT_EQ(v.width, 5);
  const Placement lse = place(p, Layout{}, TensorRole::lse);
  EXPECT_EQ(lse.rows, std::vector<int>{3});
  EXPECT_EQ(lse.heads, 6);
  EXPECT_EQ(lse.width, 1);
  EXPECT_EQ(lse.elements, 18);
}

TEST(Placement, GradientsLieAsWhatTheyAreOf) {
  Problem p;
  p.sequences = {{3, 9}, {1, 4}};
  p.h_q = 6;
  p.h_kv = 2;
  p.d_v = 5;
  using enum TensorRole;
  for (const auto& [gradient, of] : {std::pair{d_o, o}, {dq, q}, {dk, k}, {dv, v}}) {
    const Placement one = place(p, Layout{}, gradient), other = place(p, Layout{}, of);
    EXPECT_EQ(one.rows, other.rows);
    EXPECT_EQ(one.heads, other.heads);
    EXPECT_EQ(one.width, other.width);
    // In a view each has margins of its own.
    const Layout view{Padding::right, Order::bshd, true, 0};
    EXPECT_NE(place(p, view, gradient).row_stride, place(p, view, of).row_stride);
  }
}

}  // namespace
}  // namespace flashdiff
