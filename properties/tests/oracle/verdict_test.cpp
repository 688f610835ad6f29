#include "harness/oracle/verdict.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "harness/oracle/deviations.h"
#include "harness/oracle/in_words.h"

namespace flashdiff {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Verdict, NamesAndSides) {
  const std::pair<Verdict, std::pair<const char*, bool>> all[] = {
      {verdict::Pass{}, {"pass", false}},
      {verdict::PassWeak{}, {"pass-weak", false}},
      {verdict::Mismatch{}, {"mismatch", true}},
      {verdict::PaddingTouched{}, {"padding-touched", true}},
      {verdict::Bias{}, {"bias", true}},
      {verdict::BrokenRelation{}, {"broken-relation", true}},
      {verdict::NotEquivalent{}, {"not-equivalent", true}},
      {verdict::Fault{}, {"fault", true}},
      {verdict::Crash{}, {"crash", true}},
      {verdict::Timeout{}, {"timeout", true}},
      {verdict::Unsupported{}, {"unsupported", false}},
      {verdict::NotExecuted{}, {"not-executed", false}},
  };
  ASSERT_EQ(std::size(all), std::variant_size_v<Verdict>);
  for (const auto& [verdict, expected] : all) {
    EXPECT_STREQ(name_of(verdict), expected.first);
    EXPECT_EQ(is_failure(verdict), expected.second) << expected.first;
    EXPECT_FALSE(explain(verdict).empty());
    EXPECT_EQ(explain(verdict).find('\n'), std::string::npos) << "one sentence, one line";
  }
}

TEST(Verdict, AMismatchSaysWhereHowMuchAndHowFarOut) {
  verdict::Mismatch m;
  m.worst = {{TensorRole::o, 2, 1, 30, 7}, 0.5, 0.25, 0.001};
  m.wrong = 24;
  m.total = 1280;
  m.words = "O and LSE in sequence 2";
  EXPECT_EQ(
      explain(m),
      "24 of 1280 elements outside of their budgets; worst O[sequence 2, head 1, row 30, column 7] = 0.5, "
      "expected 0.25 +- 0.001 (250 times the budget); O and LSE in sequence 2");
  m.worst = {{TensorRole::lse, 2, 1, 30, 0}, kNaN, 0.25, 0.001};
  EXPECT_NE(explain(m).find("LSE[sequence 2, head 1, row 30] = nan, expected 0.25 +- 0.001 (NaN is outside"),
            std::string::npos)
      << explain(m);
}

TEST(Verdict, ABiasSaysWhatLeansHowFarAndHowLikelyThatIs) {
  const verdict::Bias bias{
      {{{TensorRole::o, 0.4}}}, TensorRole::o, verdict::BiasTest::gain, 2, -0.01, 0.001, 3e-12, ""};
  EXPECT_EQ(explain(bias),
            "within budget (O 0.4), but O leans to one side: gain of head 2 is -0.01, 10 standard deviations "
            "of a correct kernel's (chance 3e-12)");
}

TEST(Verdict, ABrokenRelationSaysWhichAndByHowMuch) {
  const verdict::BrokenRelation broken{
      "ones-in-v", "V = 1 gives O = 1", {TensorRole::o, 2, 1, 30, 7}, 0.5, 1, 0.001, 24, 1280};
  EXPECT_EQ(explain(broken),
            "ones-in-v: V = 1 gives O = 1 does not hold for 24 of 1280 elements; worst O[sequence 2, head 1, "
            "row 30, column 7] = 0.5, expected 1 +- 0.001");
}

TEST(Verdict, GradientsOfKeysAreToldByKey) {
  EXPECT_EQ(place_of({TensorRole::dq, 2, 1, 30, 7}), "sequence 2, head 1, row 30, column 7");
  EXPECT_EQ(place_of({TensorRole::dk, 2, 1, 30, 7}), "sequence 2, kv-head 1, key 30, column 7");
  EXPECT_EQ(in_words(ElementAt{TensorRole::k, 2, 1, 30, 7}),
            "K, sequence 2, kv-head 1, new token 30, column 7");
  const BudgetUse use{{{TensorRole::dq, 0.5}, {TensorRole::dk, 0.25}, {TensorRole::dv, 0.125}}};
  EXPECT_EQ(explain(verdict::Pass{use}),
            "every element is within its budget; the most that was used: dQ 0.5, dK 0.25, dV 0.125");
  EXPECT_EQ(explain(verdict::PassWeak{use, 0.25, TensorRole::dk}),
            "within budget (dQ 0.5, dK 0.25, dV 0.125), but the budget is so wide that a dropped pair could "
            "hide: dK shows only pairs that are 0.25 of a row's sum and more");
}

TEST(BudgetUse, OfOneElement) {
  EXPECT_EQ(detail::budget_use(1, 1, 0), 0);
  EXPECT_EQ(detail::budget_use(1.5, 1, 1), 0.5);
  EXPECT_EQ(detail::budget_use(0.5, 1, 0), kInf);
  EXPECT_EQ(detail::budget_use(-kInf, -kInf, 0), 0);
  EXPECT_EQ(detail::budget_use(kInf, -kInf, 1), kInf);
  EXPECT_EQ(detail::budget_use(kInf, 70000, kInf), 0);
  EXPECT_TRUE(std::isnan(detail::budget_use(kNaN, 1, kInf)));
  EXPECT_TRUE(std::isnan(detail::budget_use(kNaN, kNaN, 1))) << "a NaN that both share is not a pass";
  EXPECT_TRUE(detail::is_wrong(detail::budget_use(kNaN, 1, kInf)));
  EXPECT_FALSE(detail::is_wrong(detail::budget_use(2, 1, 1)));
  EXPECT_TRUE(detail::is_wrong(detail::budget_use(std::nextafter(2.0, 3.0), 1, 1)));
}

TEST(BudgetUse, TheWorstOfTwoIsNaNIfEitherIs) {
  const auto worst = [](double o, double lse) {
    return BudgetUse{{{TensorRole::o, o}, {TensorRole::lse, lse}}}.worst();
  };
  EXPECT_EQ(worst(0.5, 0.25), 0.5);
  EXPECT_EQ(worst(0.5, 2), 2);
  EXPECT_TRUE(std::isnan(worst(kNaN, 0.3)));
  EXPECT_TRUE(std::isnan(worst(0.3, kNaN)));
  EXPECT_EQ(BudgetUse{}.worst(), 0);
}

}  // namespace
}  // namespace flashdiff
