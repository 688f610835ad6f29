#include "reports/annotations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/reports/told_by_hand.h"
#include "reports/summarise.h"

namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

CaseRecord failure(Verdict verdict, const std::string& line = "fd1 of a kind") {
  CaseRecord record;
  record.line = line;
  record.backend = "b:1,2";
  record.verdict = std::move(verdict);
  return record;
}

std::vector<std::string> annotations_of(std::vector<CaseRecord> records) {
  Told told;
  told.records = std::move(records);
  return annotations(summarise(std::move(told)), "/src/flashdiff");
}

TEST(Annotations, AFaultStandsAtTheLineThatItsReportNames) {
  EXPECT_THAT(
      annotations_of({failure(verdict::Fault{"4-byte load outside",
                                             "4-byte load\n  at /src/flashdiff/kernels/k.cu:88 inlined at "
                                             "/src/flashdiff/kernels/other.cu:9\n  block (0, 1, 0)"})}),
      ElementsAre(AllOf(StartsWith("::error file=kernels/k.cu,line=88,title=fault in b%3A1%2C2::"),
                        HasSubstr("%0Abuild/flashdiff repro 'fd1 of a kind'"), Not(HasSubstr("\n")))));
}

TEST(Annotations, WhatNamesNoLineHasNone) {
  EXPECT_THAT(
      annotations_of({failure(verdict::Crash{"100 % sure\r\n"})}),
      ElementsAre(AllOf(StartsWith("::error title=crash in b%3A1%2C2::"), HasSubstr("100 %25 sure"))));
  EXPECT_THAT(annotations_of({failure(verdict::Fault{"a fault", "at flash_forward: somewhere"})}),
              ElementsAre(StartsWith("::error title=fault")));
  EXPECT_THAT(annotations_of({failure(verdict::Pass{})}), SizeIs(0));
}

TEST(Annotations, NineAndHowManyMore) {
  std::vector<CaseRecord> many;
  for (int i = 0; i < 12; ++i) {
    many.push_back(failure(verdict::Crash{"signal 11"}));
    many.back().id = i + 1;
  }
  const auto lines = annotations_of(std::move(many));
  ASSERT_THAT(lines, SizeIs(10));
  EXPECT_EQ(lines.back(), "::error title=flashdiff::And 3 more wrong cases: the report tells them.");
}

TEST(Annotations, FailuresOfOneFindingAreNotMore) {
  const auto lines = annotations(summarise(test::told_by_hand()), {});
  EXPECT_THAT(lines, SizeIs(6)) << "seven failures, two of them one finding";
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("file=flash_forward_simt.cu,line=88,")));
}

TEST(Annotations, EscapesWhatACommandIsMadeOf) {
  EXPECT_EQ(command_escaped("a%b\nc:d,e", false), "a%25b%0Ac:d,e");
  EXPECT_EQ(command_escaped("a%b\nc:d,e", true), "a%25b%0Ac%3Ad%2Ce");
}

}  // namespace
}  // namespace flashdiff
