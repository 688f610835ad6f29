#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/oracle/judge.h"
#include "properties/tests/oracle/fake_backend.h"

namespace flashdiff {
namespace {

using testing::FakeBackend;
using ::testing::HasSubstr;
using testing::ragged;

TEST(WithoutLse, WhoSaysSoIsJudgedByOAndKeepsItsBitsThere) {
  FakeBackend backend([](LaidOut&) { return Outcome<void>{}; });
  backend.writes_lse = false;
  backend.gives_lse = false;
  const Verdict verdict = examine(backend, ragged()).verdict;
  ASSERT_STREQ(name_of(verdict), "pass") << explain(verdict);
  const BudgetUse& use = std::get<verdict::Pass>(verdict).use;
  ASSERT_EQ(use.outputs.size(), 1u);
  EXPECT_EQ(use.outputs.front().tensor, TensorRole::o);
  EXPECT_GT(backend.asked.size(), 1u);  // other poisons lay in LSE there
}

TEST(WithoutLse, WhoDeclaresLseAndLeavesItPoisonFails) {
  for (const Poison poison : {Poison::nan, Poison::inf, Poison::huge, Poison::dirty}) {
    FakeBackend backend([](LaidOut&) { return Outcome<void>{}; });
    backend.writes_lse = false;
    Case c = ragged();
    c.poison = poison;
    const Verdict verdict = examine(backend, c).verdict;
    ASSERT_STREQ(name_of(verdict), "mismatch") << name_of(poison);
    EXPECT_THAT(explain(verdict), HasSubstr("never written")) << name_of(poison);
  }
}

TEST(WithoutLse, AWrongOIsStillFoundAndItsCauseByOAlone) {
  // What a mask at the other corner gives, in O.
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    Problem other = io.question.problem;
    other.mask = {MaskKind::causal_top_left};
    testing::write_rows(io.o, attention_forward(other, make_given(other).value()).o);
    return {};
  });
  backend.writes_lse = false;
  backend.gives_lse = false;
  const Verdict verdict = examine(backend, ragged()).verdict;
  ASSERT_STREQ(name_of(verdict), "mismatch");
  EXPECT_EQ(std::get<verdict::Mismatch>(verdict).use.outputs.size(), 1u);
  EXPECT_THAT(explain(verdict), HasSubstr("as if the causal mask were aligned top-left"));
}

TEST(WithoutLse, OneBitOfOThatALayoutChangesIsNotEquivalent) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.padding != Padding::right) return {};
    std::byte* row = io.o.body() + io.o.place.address(0, 0, 0) * 2;
    *row = static_cast<std::byte>(std::to_integer<unsigned>(*row) ^ 1u);
    return {};
  });
  backend.writes_lse = false;
  backend.gives_lse = false;
  const Verdict verdict = examine(backend, ragged()).verdict;
  ASSERT_STREQ(name_of(verdict), "not-equivalent");
  EXPECT_EQ(std::get<verdict::NotEquivalent>(verdict).at.tensor, TensorRole::o);
}

}  // namespace
}  // namespace flashdiff
