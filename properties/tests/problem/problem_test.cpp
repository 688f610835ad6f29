#include "harness/problem/problem.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "properties/tests/problem/any_case.h"

namespace flashdiff {
namespace {

/// The definitions of DESIGN, pair by pair, with no interval in sight.
bool sees(const Mask& mask, SequenceLengths lengths, int i, int j) {
  const int shift = lengths.kv_len - lengths.q_len;
  switch (mask.kind) {
    case MaskKind::none: return true;
    case MaskKind::causal_top_left: return j <= i;
    case MaskKind::causal_bottom_right: return j <= i + shift;
    case MaskKind::window:
      return (mask.left == Mask::unbounded || j >= i + shift - mask.left) &&
             (mask.right == Mask::unbounded || j <= i + shift + mask.right);
  }
  return false;
}

RC_GTEST_PROP(VisibleKeys, AreThePairsOfTheDefinition, ()) {
  const Mask mask = *testing::any_mask();
  const SequenceLengths lengths{*rc::gen::inRange(0, 40), *rc::gen::inRange(0, 40)};
  for (int i = 0; i < lengths.q_len; ++i) {
    const KeyRange range = visible_keys(mask, lengths, i);
    RC_ASSERT(range.begin >= 0);
    RC_ASSERT(range.begin <= range.end);
    RC_ASSERT(range.end <= lengths.kv_len);
    for (int j = 0; j < lengths.kv_len; ++j)
      RC_ASSERT((j >= range.begin && j < range.end) == sees(mask, lengths, i, j));
  }
}

RC_GTEST_PROP(Problem, PairsAreThePairsOfTheDefinition, ()) {
  const Problem p = *testing::any_problem();
  std::int64_t pairs = 0;
  for (const SequenceLengths& lengths : p.sequences)
    for (int i = 0; i < lengths.q_len; ++i)
      for (int j = 0; j < lengths.kv_len; ++j) pairs += sees(p.mask, lengths, i, j) ? 1 : 0;
  RC_ASSERT(p.pairs() == pairs);
  RC_ASSERT(p.forward_flops() == 2.0 * p.h_q * static_cast<double>(pairs) * (p.d_qk + p.d_v));
  RC_ASSERT(p.backward_flops() == 2.0 * p.h_q * static_cast<double>(pairs) * (3 * p.d_qk + 2 * p.d_v));
  if (p.pass != Pass::append)
    RC_ASSERT(p.useful_flops() == (p.pass == Pass::forward ? p.forward_flops() : p.backward_flops()));
}

TEST(Problem, AnAppendTurnsThePairsOfQueriesAndKeys) {
  Problem p;
  p.sequences = {{3, 9}, {2, 2}};
  p.h_q = 6;
  p.h_kv = 2;
  p.d_qk = 9;
  p.pass = Pass::append;
  EXPECT_EQ(p.rope_dim(), 0);
  EXPECT_EQ(p.useful_flops(), 0);
  p.rope = Rope{};
  EXPECT_EQ(p.rope_dim(), 8);
  EXPECT_EQ(p.useful_flops(), 5 * (6 + 2) * 4 * 6);
  p.rope->dim = 2;
  EXPECT_EQ(p.rope_dim(), 2);
}

TEST(VisibleKeys, BottomRightLetsTheLastQuerySeeEveryKey) {
  const Mask mask{MaskKind::causal_bottom_right};
  EXPECT_EQ(visible_keys(mask, {2, 5}, 0), (KeyRange{0, 4}));
  EXPECT_EQ(visible_keys(mask, {2, 5}, 1), (KeyRange{0, 5}));
  // More queries than keys: the first ones see nothing.
  EXPECT_TRUE(visible_keys(mask, {5, 2}, 2).empty());
  EXPECT_EQ(visible_keys(mask, {5, 2}, 3), (KeyRange{0, 1}));
}

TEST(VisibleKeys, TopLeftLetsTheFirstQuerySeeOneKey) {
  const Mask mask{MaskKind::causal_top_left};
  EXPECT_EQ(visible_keys(mask, {2, 5}, 0), (KeyRange{0, 1}));
  EXPECT_EQ(visible_keys(mask, {5, 2}, 4), (KeyRange{0, 2}));
  EXPECT_TRUE(visible_keys(mask, {5, 0}, 4).empty());
}

TEST(VisibleKeys, WindowBoundsNearTheLargestIntDoNotWrap) {
  const Mask mask{MaskKind::window, 1 << 30, 1 << 30};
  EXPECT_EQ(visible_keys(mask, {1 << 22, 1 << 22}, (1 << 22) - 1), (KeyRange{0, 1 << 22}));
}

TEST(Phase, FollowsTheLengths) {
  const auto phase = [](std::vector<SequenceLengths> sequences) {
    Problem p;
    p.sequences = std::move(sequences);
    return phase_of(p);
  };
  EXPECT_EQ(phase({{7, 7}, {1, 1}}), Phase::prefill);
  EXPECT_EQ(phase({{2, 7}, {6, 7}}), Phase::chunked);
  EXPECT_EQ(phase({{1, 7}, {1, 2}}), Phase::decode);
  EXPECT_EQ(phase({{7, 2}, {0, 3}, {1, 0}}), Phase::cross);
  EXPECT_EQ(phase({{7, 7}, {1, 7}}), Phase::mixed);
}

TEST(Problem, ScaleIsTheFloatThatAKernelIsGiven) {
  Problem p;
  p.d_qk = 33;
  EXPECT_EQ(p.softmax_scale(), static_cast<double>(static_cast<float>(p.softmax_scale())));
  EXPECT_NEAR(p.softmax_scale() * p.softmax_scale() * 33, 1.0, 1e-6);
  p.scale = 0.3f;
  EXPECT_EQ(p.softmax_scale(), static_cast<double>(0.3f));
}

}  // namespace
}  // namespace flashdiff
