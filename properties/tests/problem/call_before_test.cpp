#include "harness/problem/call_before.h"

#include <stdexcept>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "properties/tests/problem/any_case.h"

namespace flashdiff {
namespace {

Case after(After which) {
  Case c = parse_case(
               "fd1 b=3 hq=4 hk=2 d=64 dv=32 dt=f16 lay=left page=16 q=5,17,0 kv=5,64,12 mask=causal_br "
               "data=normal scale=0.5 softcap=30 seed=0x2a")
               .value();
  c.after = which;
  return c;
}

TEST(CallBefore, ItselfIsTheSameCase) { EXPECT_EQ(call_before(after(After::itself)), after(After::nothing)); }

TEST(CallBefore, AnotherHasMoreOfEverythingInAnotherOrder) {
  const Case before = call_before(after(After::another));
  EXPECT_EQ(before.problem.sequences,
            (std::vector<SequenceLengths>{{0, 12 + 128}, {17 + 64, 64 + 128}, {5, 5 + 128}}));
  EXPECT_EQ(before.after, After::nothing);
  EXPECT_EQ(before.problem.data, DataFamily::huge);
  EXPECT_NE(before.problem.seed, 0x2au);
  EXPECT_EQ(before.problem.softcap, 30.0f) << "it asks for the same entries";
  EXPECT_EQ(before.layout, after(After::nothing).layout);
}

TEST(CallBefore, OfACaptureHasValuesOfItsOwn) {
  Case c = after(After::another);
  c.problem.data = DataFamily::file;
  c.problem.data_file = "x.safetensors";
  c.problem.data_rows = {0, 1, 0};
  EXPECT_TRUE(validated(call_before(c)).has_value());
}

TEST(CallBefore, IsNotWhereNothingWasAsked) {
  EXPECT_THROW((void)call_before(after(After::nothing)), std::invalid_argument);
}

RC_GTEST_PROP(CallBefore, IsAValidCaseAndTheSameEveryTime, ()) {
  Case c = *testing::any_case();
  RC_PRE(c.after != After::nothing);
  RC_ASSERT(validated(call_before(c)).has_value());
  RC_ASSERT(call_before(c) == call_before(c));
}

}  // namespace
}  // namespace flashdiff
