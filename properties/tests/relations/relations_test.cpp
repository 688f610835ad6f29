#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/oracle/judge.h"
#include "harness/problem/names.h"
#include "properties/random_cases.h"
#include "properties/tests/relations/reading_backend.h"
#include "properties/tests/relations/tried.h"

namespace flashdiff {
namespace {

using relations::Relation;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReadingBackend;
using ::testing::SizeIs;

constexpr const char* kLine =
    "fd1 b=2 hq=4 hk=2 d=16 dv=24 dt=f16 lay=left q=9,20 kv=17,40 mask=none data=normal seed=0x7";

TEST(Relations, NamesAreWordsAndNoTwoAreTheSame) {
  std::set<std::string> names;
  for (const Relation& relation : relations::relations()) {
    EXPECT_TRUE(names.insert(relation.name).second) << relation.name;
    EXPECT_EQ(std::string(relation.name).find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos);
    EXPECT_FALSE(relation.passes.empty()) << relation.name;
    EXPECT_NE(relation.name, std::string(layouts_relation));
    EXPECT_EQ(relations::relation_named(relation.name), &relation);
  }
  EXPECT_EQ(relations::relation_named("all"), nullptr);
}

class RelationsOfPass : public ::testing::TestWithParam<Pass> {};

// What a right answer is, up to its own rounding, breaks none of them, and each says something of some cases.
TEST_P(RelationsOfPass, HoldForTheReference) {
  constexpr std::uint64_t cases = 40;
  ReadingBackend backend;
  CaseOptions options;
  options.pass = GetParam();
  std::map<std::string, int> held;
  for (std::uint64_t i = 0; i < cases; ++i) {
    const Case c = draw_case(11, i, options).value();
    for (const Relation& relation : relations::relations()) {
      if (std::ranges::count(relation.passes, GetParam()) == 0) continue;
      const relations::Tried one = testing::tried(backend, c, relation);
      EXPECT_FALSE(one.failure.has_value()) << print(c) << "\n" << explain(*one.failure);
      held[relation.name] += one.why_not.empty() ? 1 : 0;
    }
  }
  for (const auto& [name, count] : held)
    EXPECT_GT(count, 0) << name << " said nothing of " << cases << " cases";
}

INSTANTIATE_TEST_SUITE_P(Passes, RelationsOfPass, ::testing::ValuesIn(all_of<Pass>),
                         [](const auto& pass) { return std::string(name_of(pass.param)); });

Related related(Backend& backend, const Case& c, const std::string& which) {
  const auto found = detail::expected_of(c.problem, backend.numerics(c.problem));
  const Answer own = backend.run(lay_out(c, found->expected->data)).value();
  return relations::relate(backend, c, own, which);
}

TEST(Relate, OneIsAFunctionOfTheCaseAndAllComeToTheirTurn) {
  ReadingBackend backend;
  Case c = parse_case(kLine).value();
  std::set<std::string> chosen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    c.problem.seed = seed;
    const Related one = related(backend, c, "one");
    EXPECT_FALSE(one.failure.has_value());
    ASSERT_THAT(one.tried, SizeIs(1));
    EXPECT_EQ(related(backend, c, "one").tried, one.tried);
    chosen.insert(one.tried.front());
  }
  EXPECT_EQ(std::vector<std::string>(chosen.begin(), chosen.end()), [&] {
    std::vector<std::string> all = related(backend, c, "all").tried;
    std::ranges::sort(all);
    return all;
  }());
}

TEST(Relate, AllEndsWithTheFirstThatFailsAndANameAsksItAlone) {
  ReadingBackend wrong({}, [](Answer& said) {
    for (float& value : said.o.values()) value *= 1.01f;
  });
  const Case c = parse_case(kLine).value();
  const Related all = related(wrong, c, "all");
  EXPECT_THAT(all.tried, ElementsAre("one-sequence-alone", "ones-in-v"));
  ASSERT_TRUE(all.failure.has_value());
  EXPECT_THAT(explain(*all.failure), HasSubstr("ones-in-v: V = 1 gives O = 1 does not hold for"));
  EXPECT_THAT(related(wrong, c, "wide-window").tried, ElementsAre("wide-window"));
  EXPECT_FALSE(related(wrong, c, "wide-window").failure.has_value());
  EXPECT_THAT(related(wrong, c, "append-in-two-steps").tried, IsEmpty());
  EXPECT_THAT(related(wrong, c, "no-such").tried, IsEmpty());
}

TEST(Relate, AFaultAndTouchedPaddingOfWhatARelationAsksAreFailuresThatNameIt) {
  const Case c = parse_case(kLine).value();
  ReadingBackend backend;
  bool faulty = true;
  ErrorKind kind = ErrorKind::device_fault;
  backend.last = [&](LaidOut& io) -> Outcome<void> {
    if (io.question.problem == c.problem) return {};
    if (faulty) return fail(kind, "illegal address", "the report");
    *io.o.bytes.data() ^= std::byte{1};
    return {};
  };
  const Related fault = related(backend, c, "decode-is-last-row");
  ASSERT_TRUE(fault.failure.has_value());
  EXPECT_EQ(explain(*fault.failure), "the device reports: in relation decode-is-last-row: illegal address");
  kind = ErrorKind::crash;
  const Related died = related(backend, c, "decode-is-last-row");
  ASSERT_TRUE(died.failure.has_value());
  EXPECT_EQ(explain(*died.failure), "the process died: in relation decode-is-last-row: illegal address");
  faulty = false;
  const Related touched = related(backend, c, "decode-is-last-row");
  ASSERT_TRUE(touched.failure.has_value());
  EXPECT_THAT(explain(*touched.failure), HasSubstr("in relation decode-is-last-row: O: guard band"));
}

TEST(Relate, WhatABackendDoesNotTakeIsNotTried) {
  class Narrow : public ReadingBackend {
   public:
    [[nodiscard]] Support supports(const Case& c) const override {
      return c.problem.mask.kind == MaskKind::window ? Support{false, "no windows"} : Support{};
    }
  } narrow;
  const Case c = parse_case(kLine).value();
  EXPECT_THAT(related(narrow, c, "wide-window").tried, IsEmpty());
  EXPECT_THAT(related(narrow, c, "all").tried, ::testing::Not(Contains("wide-window")));
  EXPECT_THAT(related(narrow, c, "one").tried, SizeIs(1));
}

}  // namespace
}  // namespace flashdiff
