#include "properties/simpler.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/names.h"
#include "properties/random_cases.h"
#include "properties/tests/properties/shrunk.h"

namespace flashdiff {
namespace {

using testing::shrunk;

/// What makes a case hard to hold in mind. A simpler one has less of something and more of nothing, so no
/// chain of steps goes round in circles.
std::vector<std::int64_t> burden(const Case& c) {
  const Problem& p = c.problem;
  std::int64_t queries = 0, keys = 0;
  for (const SequenceLengths& one : p.sequences) {
    queries += one.q_len;
    keys += one.kv_len;
  }
  const auto side = [](int bound) { return bound == Mask::unbounded ? 0 : bound + 1; };
  constexpr std::array kinds{MaskKind::none, MaskKind::causal_bottom_right, MaskKind::causal_top_left,
                             MaskKind::window};
  constexpr std::array paddings{Padding::right, Padding::left, Padding::both, Padding::packed};
  const auto rank = [](const auto& order, auto value) {
    return std::find(order.begin(), order.end(), value) - order.begin();
  };
  return {p.batch(),
          queries,
          keys,
          p.h_q,
          p.h_kv,
          p.d_qk,
          p.d_v,
          std::min<std::int64_t>(rank(kinds, p.mask.kind), 2),
          side(p.mask.left),
          side(p.mask.right),
          p.mask.kind == MaskKind::window ? 1 : 0,
          p.scale ? 1 : 0,
          p.softcap ? 1 : 0,
          p.alibi ? 1 : 0,
          !p.sink                 ? 0
          : p.sink->logit == 0.0f ? 1
                                  : 2,
          p.data == DataFamily::normal ? 0 : 1,
          p.dtype == DType::f32 ? 0 : 1,
          p.seed == 0 ? 0 : 1,
          rank(paddings, c.layout.padding),
          c.layout.order == Order::bshd ? 0 : 1,
          c.layout.view ? 1 : 0,
          c.layout.pad,
          c.layout.page,
          c.poison == Poison::nan ? 0 : 1,
          static_cast<std::int64_t>(c.after),
          p.rope ? 1 : 0,
          p.rope && p.rope->form == RopeForm::interleaved ? 1 : 0,
          p.rope ? p.rope->dim.value_or(0) : 0,
          p.rope && p.rope->base != Rope::usual_base ? 1 : 0};
}

RC_GTEST_PROP(Simpler, StepsAreValidAndStrictlySimpler, (std::uint64_t seed)) {
  CaseOptions options;
  options.pass = all_of<Pass>[seed % all_of<Pass>.size()];
  const Case c = draw_case(seed, 100, options).value();
  const std::vector<std::int64_t> before = burden(c);
  for (const Case& step : simpler(c)) {
    RC_ASSERT(validated(step).has_value());
    RC_ASSERT(step.problem.pass == c.problem.pass);
    const std::vector<std::int64_t> after = burden(step);
    RC_ASSERT(after != before);
    for (std::size_t i = 0; i < before.size(); ++i) RC_ASSERT(after[i] <= before[i]);
  }
}

TEST(Simpler, WhatAlwaysFailsEndsAtTheSmallestCase) {
  const auto end = shrunk(draw_case(1, 50, {}), [](const Case&) { return true; });
  EXPECT_EQ(print(end.smallest),
            "fd1 b=1 hq=1 hk=1 d=1 dv=1 dt=f32 lay=right q=0 kv=0 mask=none data=normal seed=0x0");
  EXPECT_TRUE(simpler(end.smallest).empty());
}

/// The number of the first case that fails, and what becomes of it.
testing::Shrunk first_shrunk(const std::function<bool(const Case&)>& fails) {
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const auto tree = draw_case(17, i, {});
    if (fails(tree.value())) return shrunk(tree, fails);
  }
  throw std::logic_error("no such case among 2,000");
}

TEST(Simpler, AFaultOfOneResidueEndsInOneSequenceOfIt) {
  const auto end = first_shrunk([](const Case& c) {
    return std::any_of(c.problem.sequences.begin(), c.problem.sequences.end(),
                       [](SequenceLengths s) { return s.q_len > 0 && s.kv_len > 64 && s.kv_len % 64 == 1; });
  });
  EXPECT_EQ(end.smallest.problem.batch(), 1);
  EXPECT_EQ(end.smallest.problem.sequences.front(), (SequenceLengths{1, 65}));
  EXPECT_EQ(end.smallest.problem.d_qk, 1);
  EXPECT_LT(end.executions, 200);
}

TEST(Simpler, AFaultOfShortSequencesKeepsTwo) {
  const auto end = first_shrunk([](const Case& c) {
    if (c.layout.padding != Padding::left) return false;
    const auto& all = c.problem.sequences;
    const auto most =
        std::max_element(all.begin(), all.end(), [](auto a, auto b) { return a.kv_len < b.kv_len; });
    return std::any_of(all.begin(), all.end(),
                       [&](auto s) { return s.q_len > 0 && s.kv_len > 0 && s.kv_len < most->kv_len; });
  });
  EXPECT_EQ(end.smallest.problem.batch(), 2);
  EXPECT_EQ(end.smallest.layout.padding, Padding::left);
  std::int64_t rows = 0;
  for (SequenceLengths s : end.smallest.problem.sequences) rows += s.q_len + s.kv_len;
  EXPECT_EQ(rows, 1 + 1 + 2);
  EXPECT_LT(end.executions, 250);
}

TEST(Simpler, SequencesOfACaptureLeaveWithTheirTexts) {
  const auto c = parse_case(
      "fd1 b=3 hq=4 hk=4 d=8 dv=8 dt=f16 lay=right q=5,13,24 kv=5,13,24 mask=none data=file "
      "file=x.safetensors "
      "rows=0,1,2 seed=0x0");
  ASSERT_TRUE(c.has_value());
  for (const Case& step : simpler(*c)) {
    EXPECT_TRUE(validated(step).has_value()) << print(step);
    if (step.problem.data == DataFamily::file && step.problem.batch() == 1) {
      EXPECT_EQ(step.problem.sequences.front().kv_len,
                (std::vector<int>{5, 13, 24})[static_cast<std::size_t>(step.problem.data_rows.front())]);
    }
  }
}

}  // namespace
}  // namespace flashdiff
