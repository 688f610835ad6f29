#include "reference/row_blocks.h"

#include <gmock/gmock.h>

namespace flashdiff::detail {
namespace {

TEST(RowBlocks, CoverEveryRowOnceAndNeverSpanTheEndOfAHead) {
  for (int q_len : {0, 1, 3, 31, 63, 64, 65, 100, 128, 1000})
    for (int group : {1, 2, 3, 7}) {
      int next = 0;
      for (const RowBlock block : row_blocks(q_len, group, 64)) {
        EXPECT_EQ(block.first, next);
        EXPECT_GT(block.count, 0);
        EXPECT_LE(block.count, 64);
        const bool whole_heads = block.first % q_len == 0 && block.count % q_len == 0;
        const bool inside_one = block.first / q_len == (block.first + block.count - 1) / q_len;
        EXPECT_TRUE(whole_heads || inside_one) << q_len << " queries, " << group << " heads";
        next += block.count;
      }
      EXPECT_EQ(next, q_len * group);
    }
}

TEST(RowBlocks, DecodeReadsKeysOnceForAllHeadsOfAGroup) { EXPECT_EQ(row_blocks(1, 7, 64).size(), 1u); }

TEST(RowBlocks, KeysOfABlockAreTheUnionOfItsRows) {
  const SequenceLengths lengths{128, 128};
  const Mask causal{.kind = MaskKind::causal_bottom_right};
  EXPECT_EQ(keys_of({64, 64}, causal, lengths).all, (KeyRange{0, 128}));
  EXPECT_EQ(keys_of({0, 64}, causal, lengths).all, (KeyRange{0, 64}));
  const Mask window{.kind = MaskKind::window, .left = 8, .right = 0};
  EXPECT_EQ(keys_of({64, 64}, window, lengths).all, (KeyRange{56, 128}));
  EXPECT_TRUE(keys_of({0, 4}, causal, {8, 4}).all.empty());
  EXPECT_EQ(keys_of({0, 8}, causal, {8, 4}).all, (KeyRange{0, 4}));
}

}  // namespace
}  // namespace flashdiff::detail
