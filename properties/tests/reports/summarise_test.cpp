#include "reports/summarise.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/reports/told_by_hand.h"

namespace flashdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Summarise, ShrunkCasesAreNoCasesOfTheirOwn) {
  const Report report = summarise(test::told_by_hand());
  EXPECT_THAT(report.shrunk, SizeIs(2));
  EXPECT_THAT(report.cases, SizeIs(18));
  EXPECT_EQ(report.total, (Tally{7, 1, 7, 2, 1}));
}

TEST(Summarise, FailuresThatShrinkToTheSameCaseAreOneFinding) {
  const Report report = summarise(test::told_by_hand());
  ASSERT_THAT(report.findings, SizeIs(6));
  std::vector<std::string> kinds;
  for (const Finding& f : report.findings) kinds.emplace_back(name_of(report.cases[f.record].verdict));
  EXPECT_THAT(kinds,
              ElementsAre("crash", "fault", "timeout", "padding-touched", "mismatch", "not-equivalent"));
  const Finding& mismatch = report.findings[4];
  EXPECT_EQ(report.cases[mismatch.record].id, 1);
  ASSERT_TRUE(mismatch.shrunk);
  EXPECT_EQ(*report.shrunk[*mismatch.shrunk].shrunk_from, 1);
  EXPECT_THAT(mismatch.same, ElementsAre(1));
}

TEST(Summarise, EveryKindIsToldBeforeOneIsToldTwice) {
  Told told = test::told_by_hand();
  for (int i = 0; i < 3; ++i) {
    told.records.push_back(told.records[13]);  // a crash, which would come first
    told.records.back().id = 100 + i;
  }
  const Report report = summarise(std::move(told));
  ASSERT_THAT(report.findings, SizeIs(9));
  EXPECT_THAT(foremost(report, 6), ElementsAre(0, 4, 5, 6, 7, 8));
  EXPECT_THAT(foremost(report, 7), ElementsAre(0, 1, 4, 5, 6, 7, 8));
  EXPECT_THAT(foremost(report, 2), ElementsAre(0, 4));
  EXPECT_THAT(foremost(report, 100), SizeIs(9));
}

TEST(Summarise, ConcludesFromTheWorst) {
  const Report report = summarise(test::told_by_hand());
  EXPECT_EQ(report.conclusion, Conclusion::fail);
  EXPECT_EQ(report.why, "flash_forward_simt is wrong in 7 of 14 cases; 2 of them were shrunk, to one case.");
}

TEST(Summarise, AllRight) {
  const Report report = summarise(test::told_all_right());
  EXPECT_EQ(report.conclusion, Conclusion::pass);
  EXPECT_EQ(report.why, "All 4 judged cases are within their budgets.");
}

TEST(Summarise, ARunThatDidNotEndIsIncompleteThoughNothingWasWrong) {
  Told told = test::told_all_right();
  told.finished = false;
  const Report report = summarise(std::move(told));
  EXPECT_EQ(report.conclusion, Conclusion::incomplete);
  EXPECT_THAT(report.why, HasSubstr("a run ended before its last case"));
}

TEST(Summarise, WhatFailedIsWrongEvenInARunThatDidNotEnd) {
  Told told = test::told_by_hand();
  told.finished = false;
  EXPECT_EQ(summarise(std::move(told)).conclusion, Conclusion::fail);
}

TEST(Summarise, NothingJudgedIsNoPass) {
  EXPECT_EQ(summarise({}).conclusion, Conclusion::incomplete);
  Told told;
  told.records.emplace_back().verdict = verdict::Unsupported{"too wide"};
  told.records.emplace_back().verdict = verdict::NotExecuted{"no GPU"};
  const Report report = summarise(std::move(told));
  EXPECT_EQ(report.conclusion, Conclusion::incomplete);
  EXPECT_EQ(report.why, "No case was judged: 1 is unsupported and 1 was not executed.");
}

TEST(Summarise, MatricesCountEveryCaseWorstRowsFirst) {
  const Report report = summarise(test::told_by_hand());
  ASSERT_THAT(report.matrices, SizeIs(4));
  const Matrix& layout_mask = report.matrices[0];
  EXPECT_EQ(layout_mask.backend, "flash_forward_simt");
  EXPECT_THAT(layout_mask.columns, ElementsAre("none", "causal_tl", "causal_br", "window"));
  Tally all;
  for (const Matrix::Row& row : layout_mask.rows) {
    EXPECT_THAT(row.cells, SizeIs(4));
    all += row.total;
  }
  EXPECT_EQ(all.failed, 7);
  EXPECT_EQ(all.cases(), 14);
  for (std::size_t i = 1; i < layout_mask.rows.size(); ++i)
    EXPECT_FALSE(worse(layout_mask.rows[i].total, layout_mask.rows[i - 1].total));
}

TEST(Summarise, CasesOfACaptureAreToldByFile) {
  const Report report = summarise(test::told_by_hand());
  ASSERT_THAT(report.captures, SizeIs(1));
  ASSERT_THAT(report.captures[0].rows, SizeIs(1));
  EXPECT_EQ(report.captures[0].rows[0].name, "minilm_layer0.safetensors");
  EXPECT_EQ(report.captures[0].rows[0].total.passed, 1);
}

TEST(Summarise, WorstUseAndClosestPasses) {
  const Report report = summarise(test::told_by_hand());
  const BackendSummary& simt = report.backends.front();
  ASSERT_THAT(simt.worst, SizeIs(2));
  EXPECT_EQ(simt.worst[0].at.use, 420);
  EXPECT_EQ(simt.worst[1].tensor, TensorRole::lse);
  EXPECT_EQ(simt.worst[1].at.use, 0.9);
  EXPECT_EQ(report.closest.front().use, 0.9) << "the worst of O and LSE counts";
  for (std::size_t i = 1; i < report.closest.size(); ++i)
    EXPECT_LE(report.closest[i].use, report.closest[i - 1].use);
}

TEST(Summarise, ReasonsAreCounted) {
  const Report report = summarise(test::told_by_hand());
  ASSERT_THAT(report.reasons, SizeIs(2));
  EXPECT_EQ(report.reasons[0].kind, "unsupported");
  EXPECT_EQ(report.reasons[0].count, 2);
  EXPECT_EQ(report.reasons[1].kind, "not-executed");
}

CaseRecord labelled(Verdict verdict, std::vector<std::string> labels) {
  CaseRecord record;
  record.backend = "b";
  record.verdict = std::move(verdict);
  record.labels = std::move(labels);
  return record;
}

TEST(SharedByFailures, TheClassThatAllFailuresAreIn) {
  Told told;
  for (int i = 0; i < 3; ++i)
    told.records.push_back(labelled(verdict::Mismatch{}, {"layout:left", "any:all"}));
  for (int i = 0; i < 2; ++i) told.records.push_back(labelled(verdict::Pass{}, {"layout:left", "any:all"}));
  for (int i = 0; i < 5; ++i) told.records.push_back(labelled(verdict::Pass{}, {"layout:right", "any:all"}));
  const Report report = summarise(std::move(told));
  const auto& shared = report.backends[0].shared;
  ASSERT_THAT(shared, SizeIs(1)) << "a class of all cases says nothing";
  EXPECT_EQ(shared[0].label, "layout:left");
  EXPECT_EQ(shared[0].within, (Tally{2, 0, 3, 0, 0}));
  EXPECT_EQ(shared[0].outside, (Tally{5, 0, 0, 0, 0}));
  EXPECT_THAT(report.why, HasSubstr("every one is in class layout:left"));
}

TEST(SharedByFailures, AClassOfNearlyAllCasesSharesByLuck) {
  Told told;
  for (int i = 0; i < 40; ++i) told.records.push_back(labelled(verdict::Mismatch{}, {"empty:none"}));
  for (int i = 0; i < 55; ++i) told.records.push_back(labelled(verdict::Pass{}, {"empty:none"}));
  for (int i = 0; i < 2; ++i) told.records.push_back(labelled(verdict::Pass{}, {"empty:some"}));
  EXPECT_THAT(summarise(std::move(told)).backends[0].shared, IsEmpty());
}

TEST(SharedByFailures, OneFailureSharesNothing) {
  Told told;
  told.records.push_back(labelled(verdict::Mismatch{}, {"layout:left"}));
  told.records.push_back(labelled(verdict::Pass{}, {"layout:right"}));
  EXPECT_THAT(summarise(std::move(told)).backends[0].shared, IsEmpty());
}

TEST(UseHistogram, ABinHoldsItsUpperEnd) {
  UseHistogram h;
  h.add(0);
  h.add(1e-3);
  EXPECT_EQ(h.below, 2);
  h.add(1);
  EXPECT_EQ(h.bins[11], 1) << "a use of 1 is within the budget";
  h.add(std::nextafter(1.0, 2.0) + 1e-9);
  EXPECT_EQ(h.bins[12], 1);
  h.add(10);
  EXPECT_EQ(h.bins[15], 1);
  h.add(11);
  h.add(std::numeric_limits<double>::infinity());
  h.add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(h.above, 3);
  EXPECT_EQ(h.total(), 8);
}

}  // namespace
}  // namespace flashdiff
