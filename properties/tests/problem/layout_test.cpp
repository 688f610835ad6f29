#include "harness/problem/layout.h"

#include <set>
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
    for (int s = 0; s < static_cast<int>(p.rows.size()); ++s)
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

/// As many rows lie in front of the hole as the seed says, all others behind it; the side holds for both.
TEST(Placement, AHoleLiesInsideOfEverySequenceOfTwoRows) {
  Problem p;
  p.sequences = {{5, 5}, {1, 1}, {2, 2}};
  p.h_q = 2;
  p.d_qk = 4;
  std::set<int> drawn;
  for (p.seed = 0; p.seed < 40; ++p.seed)
    for (const Padding side : {Padding::left, Padding::right, Padding::both})
      for (const Order order : {Order::bshd, Order::bhsd}) {
        const Placement q = place(p, Layout{side, order, false, 2, 0, 3}, TensorRole::q);
        const Placement k = place(p, Layout{side, order, false, 2, 0, 3}, TensorRole::k);
        EXPECT_EQ(q.hole_at, k.hole_at) << "as many rows";
        drawn.insert(q.hole_at[0]);
        EXPECT_EQ(q.lies_at(0, 4) - q.lies_at(0, 0), 4 + 3);
        EXPECT_EQ(q.lies_at(0, q.hole_at[0]) - q.lies_at(0, q.hole_at[0] - 1), 1 + 3);
        EXPECT_EQ(q.hole_at[1], 1) << "behind its only row";
        EXPECT_EQ(q.lies_at(2, 1) - q.lies_at(2, 0), 1 + 3);
        EXPECT_EQ(q.elements, std::int64_t{3} * (5 + 2 + 3) * 2 * 4);
        EXPECT_EQ(q.first_row[0], side == Padding::left ? 2 : side == Padding::both ? 1 : 0);
        EXPECT_EQ(q.lies_at(1, 0), side == Padding::left ? 9 : side == Padding::both ? 5 : 0);
        std::set<std::int64_t> addresses;
        for (int s = 0; s < 3; ++s)
          for (int row = 0; row < q.rows[static_cast<std::size_t>(s)]; ++row)
            for (int head = 0; head < 2; ++head) addresses.insert(q.address(s, row, head));
        EXPECT_EQ(addresses.size(), 16u);
        EXPECT_GE(*addresses.begin(), 0);
        EXPECT_LE(*addresses.rbegin(), q.elements - 4);
      }
  EXPECT_EQ(drawn, (std::set<int>{1, 2, 3, 4}));
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

/// Where K lies is no matter of the pass; which rows are there to be written, is.
RC_GTEST_PROP(Placement, AnAppendHasTheLastRowsOfTheCacheThatAttentionReads, ()) {
  Case c = *testing::any_case();
  c.problem = *testing::any_append(c.problem);
  c.layout.hole = 0;  // an append has none
  for (TensorRole role : {TensorRole::k, TensorRole::v}) {
    const Placement rows = place(c.problem, c.layout, role);
    Problem attention = c.problem;
    attention.pass = Pass::forward;
    const Placement cache = place(attention, c.layout, role);
    RC_ASSERT(rows.elements == cache.elements);
    RC_ASSERT(rows.block_table == cache.block_table);
    for (int s = 0; s < c.problem.batch(); ++s) {
      const auto [q_len, kv_len] = c.problem.sequences[static_cast<std::size_t>(s)];
      RC_ASSERT(rows.rows[static_cast<std::size_t>(s)] == q_len);
      RC_ASSERT(rows.past[static_cast<std::size_t>(s)] == kv_len - q_len);
      for (int i = 0; i < q_len; ++i)
        RC_ASSERT(rows.address(s, i, 0) == cache.address(s, kv_len - q_len + i, 0));
    }
  }
}

TEST(Placement, CosinesAndSinesLieByPositionWhateverThePadding) {
  Problem p;
  p.sequences = {{3, 9}, {1, 20}};
  p.h_q = p.h_kv = 2;
  p.d_qk = 9;
  p.pass = Pass::append;
  p.dtype = DType::f16;
  EXPECT_EQ(place(p, Layout{}, TensorRole::rope).rows, std::vector<int>{0});
  p.rope = Rope{};
  for (Padding padding : all_of<Padding>) {
    const Placement table = place(p, Layout{padding, Order::bhsd, false, 3, 16}, TensorRole::rope);
    EXPECT_EQ(table.rows, std::vector<int>{20});
    EXPECT_EQ(table.heads, 1);
    EXPECT_EQ(table.width, 8);
    EXPECT_EQ(table.row_stride, 8);
    EXPECT_EQ(table.address(0, 5, 0), 40);
    EXPECT_EQ(table.elements, 23 * 8);
  }
  EXPECT_EQ(dtype_of(p, TensorRole::rope), DType::f32);
}

/// Three sequences of 40, 0 and 17 keys in pages of 16.
Placement paged(Padding padding, int pad, std::uint64_t seed = 1) {
  Problem p;
  p.sequences = {{1, 40}, {1, 0}, {1, 17}};
  p.d_qk = 8;
  p.seed = seed;
  return place(p, Layout{padding, Order::bshd, false, pad, 16}, TensorRole::k);
}

TEST(Pages, AreAsManyAsTheRowsFillAndAQuarterMore) {
  const Placement k = paged(Padding::right, 0);
  EXPECT_EQ(k.table_columns, 3);
  EXPECT_EQ(k.pages, 5 + 1);
  EXPECT_EQ(k.block_table.size(), 9u);
  EXPECT_EQ(k.elements, 6 * 16 * 8);
  EXPECT_EQ(k.batch_stride, 16 * 8);
  const Placement spare = paged(Padding::right, 16);  // a page more for each sequence, rows or not
  EXPECT_EQ(spare.table_columns, 4);
  EXPECT_EQ(spare.pages, 8 + 2);
}

TEST(Pages, PaddingIsWhatTheRowsLeaveOfTheirOwnPages) {
  using Rows = std::vector<std::int64_t>;
  EXPECT_EQ(paged(Padding::right, 0).first_row, (Rows{0, 0, 0}));
  EXPECT_EQ(paged(Padding::packed, 0).first_row, (Rows{0, 0, 0}));
  EXPECT_EQ(paged(Padding::left, 0).first_row, (Rows{8, 0, 15}));
  EXPECT_EQ(paged(Padding::both, 0).first_row, (Rows{4, 0, 8}));
  EXPECT_EQ(paged(Padding::left, 16).first_row, (Rows{24, 16, 31}));
}

TEST(Pages, ARowIsFoundThroughTheBlockTable) {
  const Placement k = paged(Padding::left, 0);
  EXPECT_EQ(k.address(0, 0, 0), k.page_of(0, 0) * 128 + 8 * 8);
  EXPECT_EQ(k.address(0, 7, 0), k.page_of(0, 0) * 128 + 15 * 8);
  EXPECT_EQ(k.address(0, 8, 0), k.page_of(0, 1) * 128);
  EXPECT_EQ(k.address(2, 1, 0), k.page_of(2, 1) * 128);
  EXPECT_EQ(k.page_of(1, 0), Placement::no_page);
  EXPECT_EQ(k.page_of(2, 2), Placement::no_page);
}

TEST(Pages, BelongToOneSequenceAndSomeToNone) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Placement k = paged(Padding::right, 3, seed);
    std::set<std::int32_t> taken;
    for (std::int32_t page : k.block_table) {
      if (page == Placement::no_page) continue;
      EXPECT_TRUE(page >= 0 && page < k.pages) << page;
      EXPECT_TRUE(taken.insert(page).second) << page;
    }
    EXPECT_LT(taken.size(), static_cast<std::size_t>(k.pages));
  }
}

TEST(Pages, AreShuffledByTheSeedAndAlikeForKeysAndValues) {
  EXPECT_NE(paged(Padding::right, 0, 1).block_table, paged(Padding::right, 0, 2).block_table);
  Problem p;
  p.sequences = {{3, 200}, {0, 90}};
  p.h_q = p.h_kv = 2;
  p.d_v = 24;
  const Layout layout{Padding::left, Order::bhsd, true, 2, 32};
  EXPECT_EQ(place(p, layout, TensorRole::k).block_table, place(p, layout, TensorRole::v).block_table);
  for (TensorRole role : {TensorRole::q, TensorRole::o, TensorRole::lse}) {
    const Placement other = place(p, layout, role);
    EXPECT_EQ(other.page, 0);
    EXPECT_TRUE(other.block_table.empty());
    EXPECT_EQ(other.first_row, (std::vector<std::int64_t>{2, 5}));
  }
}

TEST(Pages, InHeadMajorOrderHoldEachHeadsRowsTogether) {
  Problem p;
  p.sequences = {{1, 33}};
  p.h_q = p.h_kv = 2;
  p.d_qk = 8;
  const Placement k = place(p, Layout{Padding::right, Order::bhsd, false, 0, 16}, TensorRole::k);
  EXPECT_EQ(k.row_stride, 8);
  EXPECT_EQ(k.head_stride, 16 * 8);
  EXPECT_EQ(k.batch_stride, 2 * 16 * 8);
}

}  // namespace
}  // namespace flashdiff
