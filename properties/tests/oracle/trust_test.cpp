#include "harness/oracle/trust.h"

#include <gtest/gtest.h>

#include "properties/tests/oracle/subject.h"

namespace flashdiff {
namespace {

using testing::right_answer;
using testing::Subject;
using testing::subject;

std::string verdict_on(const std::string& rest) {
  const Subject s = subject("fd1 b=1 hq=1 hk=1 d=32 dv=32 lay=right " + rest + " seed=5");
  return name_of(s.judged(right_answer(s)));
}

TEST(Trust, OrdinaryCasesAreTrusted) {
  EXPECT_EQ(verdict_on("dt=f32 q=9 kv=300 mask=none data=normal"), "pass");
  EXPECT_EQ(verdict_on("dt=f16 q=9 kv=100 mask=causal_br data=normal"), "pass");
}

TEST(Trust, NothingCanHideWhereThereAreNoKeys) {
  EXPECT_EQ(verdict_on("dt=f16 q=9 kv=0 mask=none data=normal"), "pass");
  EXPECT_EQ(verdict_on("dt=f16 q=0 kv=9 mask=none data=normal"), "pass");
}

TEST(Trust, OutputsBelowTheNormalRangeHideAKey) {
  // V near the smallest normal number of f16: O is a few units of its last place.
  const Subject s =
      subject("fd1 b=1 hq=1 hk=1 d=32 dv=32 dt=f16 lay=right q=3 kv=4000 mask=none data=tiny seed=5");
  const Verdict v = s.judged(right_answer(s));
  const auto* weak = std::get_if<verdict::PassWeak>(&v);
  ASSERT_NE(weak, nullptr) << explain(v);
  EXPECT_GT(weak->effect, 1.0 / 4000);
  EXPECT_LE(weak->effect, 1);
}

TEST(Trust, OneBlindHeadMakesACaseWeak) {
  const Subject s =
      subject("fd1 b=2 hq=2 hk=1 d=8 dv=8 dt=f32 lay=right q=4,4 kv=9,9 mask=none data=normal seed=5");
  BudgetedAttention expected = s.expected;
  for (int row = 0; row < 4; ++row) *expected.smallest_drop.row(1, 0, row) = 0.25;
  const auto weight = detail::blind_spot(s.problem(), wanted(expected));
  ASSERT_TRUE(weight.has_value());
  EXPECT_DOUBLE_EQ(weight->weight, 1 / (9 * 0.25));
  *expected.smallest_drop.row(1, 0, 3) = 1.5;  // one row that sees is enough
  EXPECT_FALSE(detail::blind_spot(s.problem(), wanted(expected)).has_value());
}

}  // namespace
}  // namespace flashdiff
