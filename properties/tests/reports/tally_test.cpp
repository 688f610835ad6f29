#include "reports/tally.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace flashdiff {
namespace {

TEST(Tally, EveryVerdictIsCountedOnce) {
  Tally tally;
  for (const Verdict& each : std::initializer_list<Verdict>{
           verdict::Pass{}, verdict::PassWeak{}, verdict::Mismatch{}, verdict::PaddingTouched{},
           verdict::Bias{}, verdict::BrokenRelation{}, verdict::NotEquivalent{}, verdict::Fault{},
           verdict::Crash{}, verdict::Timeout{}, verdict::Unsupported{}, verdict::NotExecuted{}})
    tally.add(each);
  EXPECT_EQ(tally, (Tally{1, 1, 8, 1, 1}));
  EXPECT_EQ(tally.judged(), 10);
  EXPECT_EQ(tally.cases(), 12);
}

Tally any_tally() {
  const auto count = rc::gen::inRange<std::int64_t>(0, 5);
  return {*count, *count, *count, *count, *count};
}

RC_GTEST_PROP(Tally, WorseIsAStrictWeakOrder, ()) {
  const Tally a = any_tally(), b = any_tally(), c = any_tally();
  RC_ASSERT(!worse(a, a));
  RC_ASSERT(!(worse(a, b) && worse(b, a)));
  if (worse(a, b) && worse(b, c)) RC_ASSERT(worse(a, c));
  const auto alike = [](const Tally& x, const Tally& y) { return !worse(x, y) && !worse(y, x); };
  if (alike(a, b) && alike(b, c)) RC_ASSERT(alike(a, c));
}

RC_GTEST_PROP(Tally, SumsAndDifferencesUndoEachOther, ()) {
  const Tally a = any_tally(), b = any_tally();
  Tally sum = a;
  sum += b;
  RC_ASSERT(sum - b == a);
  RC_ASSERT(sum.cases() == a.cases() + b.cases());
}

TEST(Tally, WhatFailsMoreOftenIsWorse) {
  EXPECT_TRUE(worse({.passed = 1, .failed = 1}, {.passed = 9, .failed = 2}));
  EXPECT_TRUE(worse({.failed = 2}, {.failed = 1}));
  EXPECT_TRUE(worse({.weak = 1}, {.passed = 1}));
  EXPECT_FALSE(worse({.unsupported = 5}, {.passed = 1}));
}

TEST(UseOf, OnlyWhatWasComparedHasAUse) {
  EXPECT_TRUE(use_of(verdict::Pass{}));
  EXPECT_TRUE(use_of(verdict::Mismatch{}));
  EXPECT_FALSE(use_of(verdict::Crash{}));
  EXPECT_FALSE(use_of(verdict::Unsupported{}));
}

TEST(UsesMore, NaNIsAboveEverything) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(uses_more(nan, inf));
  EXPECT_FALSE(uses_more(inf, nan));
  EXPECT_FALSE(uses_more(nan, nan));
  EXPECT_TRUE(uses_more(2, 1));
}

}  // namespace
}  // namespace flashdiff
