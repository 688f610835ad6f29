#include "harness/oracle/cross.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/run/crossed.h"
#include "properties/tests/oracle/fake_backend.h"
#include "properties/tests/reports/told_by_hand.h"
#include "reports/html.h"
#include "reports/markdown.h"

// The self-test of cross-examination (issue 7): an error is planted in the reference, in a vendor's inputs,
// and in the kernel, one at a time; what the store keeps of it goes through the report, which has to name the
// right one.

namespace flashdiff {
namespace {

using testing::FakeBackend;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string line = print(
    parse_case(
        "fd1 b=2 hq=2 hk=1 d=8 dv=8 dt=f16 lay=left q=5,17 kv=20,17 mask=causal_br data=normal seed=0x51")
        .value());

/// The answer to other inputs, as of a caller who hands over the wrong buffer.
Attention of_other_inputs(Problem problem) {
  problem.seed += 1;
  return attention_forward(problem, make_given(problem).value());
}
Outcome<void> wrong_inputs(LaidOut& io) {
  testing::write_rows(io.o, of_other_inputs(io.question.problem).o);
  return {};
}
/// The last key's tile dropped, as of a wrong loop bound.
Outcome<void> wrong_kernel(LaidOut& io) {
  Problem problem = io.question.problem;
  problem.mask = {MaskKind::causal_top_left};
  testing::write_rows(io.o, attention_forward(problem, make_given(problem).value()).o);
  return {};
}

/// The page and the Markdown of a case that failed for `failed`, as they are told after the store.
std::string told(FakeBackend::Plant in_kernel, FakeBackend::Plant in_vendor, bool in_reference) {
  FakeBackend kernel(std::move(in_kernel), "kernel"), vendor(std::move(in_vendor), "vendor");
  const Case c = parse_case(line).value();
  std::vector<Testimony> said = testimonies_of(c, {&kernel, &vendor}).value();
  if (in_reference) said[0].o = of_other_inputs(c.problem).o;
  Told told = test::told_by_hand();
  for (CaseRecord& record : told.records)
    if (record.id == 1) record.line = line;
  told.crossed[line] = crossed_of(text_of(without_answers(cross_examine(std::move(said))))).value();
  const Report report = summarise(std::move(told));
  return html_page(report) + markdown(report);
}

std::string names(const char* who) {
  return std::string(who) + " alone is contradicted by all who agree with each other";
}

TEST(CrossInTheReport, NamesTheReference) {
  const std::string text = told({}, {}, true);
  EXPECT_THAT(text, HasSubstr("<b>" + names("reference") + ".</b>"));
  EXPECT_THAT(text, HasSubstr("asked crosswise: " + names("reference")));
  EXPECT_THAT(text, HasSubstr("<th scope=\"row\" class=\"fail\">reference</th>"));
}
TEST(CrossInTheReport, NamesTheVendorWhoseInputsAreWrong) {
  EXPECT_THAT(told({}, wrong_inputs, false), HasSubstr("<b>" + names("vendor") + ".</b>"));
}
TEST(CrossInTheReport, NamesTheKernel) {
  EXPECT_THAT(told(wrong_kernel, {}, false), HasSubstr("<b>" + names("kernel") + ".</b>"));
}
TEST(CrossInTheReport, NamesNobodyWhereNobodyAgrees) {
  EXPECT_THAT(told(wrong_kernel, wrong_inputs, false), HasSubstr("nobody can say who is wrong"));
}
TEST(CrossInTheReport, SaysNothingWhereNothingWasKept) {
  EXPECT_THAT(html_page(summarise(test::told_by_hand())), Not(HasSubstr("Who agrees with whom")));
}

TEST(Crossed, WhatIsKeptComesBack) {
  Crossed crossed{{"reference", "a", "b"},
                  {{0, 1, std::numeric_limits<double>::infinity(), {TensorRole::o, 1, 2, 3, 4}},
                   {0, 2, 0.25, {}},
                   {1, 2, std::nan(""), {}}},
                  {1},
                  true};
  const Crossed back = crossed_of(text_of(crossed)).value();
  EXPECT_EQ(back.witnesses, crossed.witnesses);
  EXPECT_EQ(back.pairs[0].worst, crossed.pairs[0].worst);
  EXPECT_TRUE(std::isinf(back.pairs[0].use));
  EXPECT_EQ(back.pairs[1].use, 0.25);
  EXPECT_TRUE(std::isnan(back.pairs[2].use));
  EXPECT_EQ(back.alone, crossed.alone);
  EXPECT_TRUE(back.decided);
}

TEST(Crossed, WhatIsNoneIsRefused) {
  for (const char* text : {"", "{}", R"({"witnesses":["a"],"pairs":[],"alone":[3],"decided":true})"})
    EXPECT_FALSE(crossed_of(text)) << text;
}

}  // namespace
}  // namespace flashdiff
