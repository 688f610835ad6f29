#include "reference/row_blocks.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "properties/tests/reference/any_problem.h"
#include "reference/attention.h"
#include "reference/backward.h"

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

TEST(RowBlocks, KnowWhetherAQuerySeesNothingAndAKeyIsNeverSeen) {
  int blind = 0, hidden = 0;
  for (std::uint64_t number = 0; number < 2000; ++number) {
    const Problem problem = testing::small_problem(number);
    bool all_see = true, all_are_seen = true;
    for (const SequenceLengths& lengths : problem.sequences) {
      std::set<int> seen;
      for (int query = 0; query < lengths.q_len; ++query) {
        const KeyRange keys = visible_keys(problem.mask, lengths, query);
        all_see = all_see && !keys.empty();
        for (int key = keys.begin; key < keys.end; ++key) seen.insert(key);
      }
      all_are_seen = all_are_seen && static_cast<int>(seen.size()) == lengths.kv_len;
    }
    ASSERT_EQ(every_query_sees(problem), all_see) << number;
    ASSERT_EQ(every_key_is_seen(problem), all_are_seen) << number;
    blind += all_see ? 0 : 1;
    hidden += all_are_seen ? 0 : 1;
  }
  for (int some : {blind, hidden}) {
    EXPECT_GT(some, 200);
    EXPECT_LT(some, 1800);
  }
}

#ifdef __GLIBC__
/// Memory that was not written is 0xfe..., which no budget is: a negative number.
TEST(RowBlocks, EveryBudgetIsWritten) {
  const auto perturbed = [](auto reference) {
    mallopt(M_PERTURB, 0x01);
    auto budgeted = reference();
    mallopt(M_PERTURB, 0);
    return budgeted;
  };
  const Numerics numerics{.p = DType::f16, .ds = DType::f16, .out = DType::f16};
  const auto least = [](const LogicalTensor<double>& budget) {
    return budget.values().empty() ? 0.0 : *std::ranges::min_element(budget.values());
  };
  for (std::uint64_t number = 0; number < 500; ++number) {
    const Problem forward = testing::small_problem(number);
    const LogicalData data = testing::data_of(forward);
    const auto o = perturbed([&] { return attention_forward_with_budget(forward, data, numerics); });
    ASSERT_GE(least(o.o_budget), 0.0) << number;
    const Problem backward = testing::small_backward_problem(number);
    const LogicalData given = testing::data_of(backward);
    const auto d = perturbed([&] { return attention_backward_with_budget(backward, given, numerics); });
    for (const auto* budget : {&d.budget.dq, &d.budget.dk, &d.budget.dv})
      ASSERT_GE(least(*budget), 0.0) << number;
  }
}
#endif

}  // namespace
}  // namespace flashdiff::detail
