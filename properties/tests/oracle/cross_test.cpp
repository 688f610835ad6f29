#include "harness/oracle/cross.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/oracle/fake_backend.h"

namespace flashdiff {
namespace {

using ::testing::AllOf;
using testing::FakeBackend;
using ::testing::HasSubstr;
using testing::ragged;

/// What a mask at the other corner gives.
Attention at_the_other_corner(Problem problem) {
  problem.mask = {MaskKind::causal_top_left};
  return attention_forward(problem, make_given(problem).value());
}
Outcome<void> mask_wrong(LaidOut& io) {
  testing::write_rows(io.o, at_the_other_corner(io.question.problem).o);
  return {};
}

std::vector<std::string> alone(const CrossExamination& examined) {
  std::vector<std::string> names;
  for (const std::size_t i : examined.alone) names.push_back(examined.testimonies[i].by);
  return names;
}

/// Two backends and the reference, whose values `spoil` may change first.
CrossExamination of_three(FakeBackend::Plant first, FakeBackend::Plant second, bool wrong_reference = false) {
  FakeBackend one(std::move(first)), other(std::move(second));
  std::vector<Testimony> said = testimonies_of(ragged(), {&one, &other}).value();
  said[1].by = "one";
  said[2].by = "other";
  if (wrong_reference) said[0].o = at_the_other_corner(ragged().problem).o;
  return cross_examine(std::move(said));
}

TEST(Cross, ThreeWhoAreRightAgree) {
  const CrossExamination examined = of_three({}, {});
  EXPECT_EQ(examined.pairs.size(), 3u);
  EXPECT_TRUE(examined.decided);
  EXPECT_THAT(alone(examined), ::testing::IsEmpty());
  EXPECT_THAT(explain(examined), HasSubstr("all agree"));
}

TEST(Cross, WhoIsWrongStandsAloneTheReferenceToo) {
  EXPECT_THAT(alone(of_three(mask_wrong, {})), ::testing::ElementsAre("one"));
  EXPECT_THAT(alone(of_three({}, mask_wrong)), ::testing::ElementsAre("other"));
  const CrossExamination reference = of_three({}, {}, true);
  EXPECT_THAT(alone(reference), ::testing::ElementsAre("reference"));
  EXPECT_THAT(explain(reference),
              AllOf(HasSubstr("one and other: agree"), HasSubstr("reference and one: DISAGREE"),
                    HasSubstr("reference alone is contradicted")));
}

TEST(Cross, TwoWhoAgreeOnAWrongAnswerOutvoteTheThird) {
  // The limit of a vote: it says who stands alone, not who is right.
  EXPECT_THAT(alone(of_three(mask_wrong, mask_wrong)), ::testing::ElementsAre("reference"));
}

TEST(Cross, WhoIsWrongInAnotherLayoutAloneIsFoundThere) {
  const auto wrong_in_both = [](LaidOut& io) -> Outcome<void> {
    return io.question.layout.padding == Padding::both ? mask_wrong(io) : Outcome<void>();
  };
  FakeBackend one(wrong_in_both, "one"), other({}, "other");
  const Outcome<CrossExamination> examined = cross_examine(ragged(), {&one, &other});
  ASSERT_TRUE(examined) << examined.error().what;
  EXPECT_THAT(alone(*examined), ::testing::ElementsAre("one"));
  EXPECT_THAT(explain(*examined), HasSubstr("one alone is contradicted with lay=both poison="));
  FakeBackend right({}, "right");
  EXPECT_THAT(explain(cross_examine(ragged(), {&right, &other}).value()),
              HasSubstr("all agree within their budgets, in every layout that was asked"));
}

TEST(Cross, WhereNobodyAgreesNobodyIsNamed) {
  const auto zero = [](LaidOut& io) -> Outcome<void> {
    Attention none = at_the_other_corner(io.question.problem);
    std::ranges::fill(none.o.values(), 0.0);
    testing::write_rows(io.o, none.o);
    return {};
  };
  const CrossExamination examined = of_three(mask_wrong, zero);
  EXPECT_FALSE(examined.decided);
  EXPECT_THAT(alone(examined), ::testing::IsEmpty());
  EXPECT_THAT(explain(examined), HasSubstr("nobody can say"));
}

TEST(Cross, NaNAgreesWithNobody) {
  const auto nan = [](LaidOut& io) -> Outcome<void> {
    Attention none = at_the_other_corner(io.question.problem);
    std::ranges::fill(none.o.values(), std::nan(""));
    testing::write_rows(io.o, none.o);
    return {};
  };
  EXPECT_THAT(alone(of_three(nan, {})), ::testing::ElementsAre("one"));
}

TEST(Cross, WhoRefusesTheCaseIsNamed) {
  FakeBackend refusing;
  refusing.refuses = [](const Case&) { return true; };
  const auto said = testimonies_of(ragged(), {&refusing});
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(said.error().what, HasSubstr("fake: not by a fake"));
}

}  // namespace
}  // namespace flashdiff
