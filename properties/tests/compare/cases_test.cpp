#include "harness/compare/cases.h"

#include <gmock/gmock.h>

#include "properties/tests/run/temporary_folder.h"

namespace flashdiff::compare {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Verdict pass(double o) { return verdict::Pass{{{{TensorRole::o, o}, {TensorRole::lse, 0.1}}}}; }

struct Told {
  std::string line;
  Verdict verdict;
  std::string backend = "b";
};

CaseRecord record_of(const Told& told) {
  CaseRecord record;
  record.line = told.line;
  record.backend = told.backend;
  record.verdict = told.verdict;
  return record;
}

class Cases : public ::testing::Test {
 protected:
  Store store(const std::string& name, const std::vector<Told>& cases) const {
    Store store = Store::open(folder_.path() / name).value();
    const auto run = store.begin_run({}).value();
    for (const Told& one : cases) {
      EXPECT_TRUE(store.append(run, record_of(one)).has_value());
    }
    return store;
  }
  CaseChanges changes(const std::vector<Told>& base, const std::vector<Told>& next) const {
    return compare_cases(store("base.db", base), store("next.db", next)).value();
  }
  test::TemporaryFolder folder_;
};

TEST_F(Cases, ThatAreTheSameAreClean) {
  const std::vector<Told> told{
      {"a", pass(0.5)}, {"b", verdict::Unsupported{"f32"}}, {"c", verdict::Crash{"signal 11"}}};
  const CaseChanges same = changes(told, told);
  EXPECT_EQ(same.both, 3);
  EXPECT_EQ(same.as_before, 3);
  EXPECT_THAT(same.changed, IsEmpty());
  EXPECT_EQ(same.worse(), 0);
  EXPECT_EQ(same.use_rose + same.use_fell, 0);
}

TEST_F(Cases, ChangeForTheWorseOrTheBetter) {
  const verdict::Crash crash{"signal 11"};
  const verdict::Timeout hang{60};
  const verdict::PassWeak weak{{{{TensorRole::o, 0.5}}}, 0.5, TensorRole::o};
  const CaseChanges c = changes({{"failure", pass(0.5)},
                                 {"lost", pass(0.5)},
                                 {"weaker", pass(0.5)},
                                 {"hangs", crash},
                                 {"mended", crash},
                                 {"taken", verdict::Unsupported{"f32"}},
                                 {"of old", pass(0.5)}},
                                {{"mended", pass(0.5)},
                                 {"hangs", hang},
                                 {"weaker", weak},
                                 {"taken", pass(0.5)},
                                 {"lost", verdict::NotExecuted{"no GPU"}},
                                 {"failure", crash},
                                 {"of new", crash}});
  std::vector<std::string> told;
  for (const ChangedCase& one : c.changed) told.push_back(std::string(name_of(one.change)) + ": " + one.line);
  EXPECT_THAT(told, ElementsAre("new failure: failure", "lost pass: lost", "other verdict: hangs",
                                "other verdict: weaker", "other verdict: taken", "mended: mended"));
  EXPECT_EQ(c.worse(), 2);
  EXPECT_EQ(c.both, 6);
  EXPECT_EQ(c.only_base, 1);
  EXPECT_EQ(c.only_next, 1);
  EXPECT_EQ(c.changed[0].was, "pass");
  EXPECT_EQ(c.changed[0].is, "crash");
}

TEST_F(Cases, OfTwoBackendsAreTwoAndOfTwoRunsTheLast) {
  const CaseChanges c =
      changes({{"a", verdict::Crash{"signal 11"}}, {"a", pass(0.5)}, {"a", pass(0.5), "other"}},
              {{"a", verdict::Crash{"signal 11"}}, {"a", pass(0.5)}});
  EXPECT_EQ(c.both, 1);
  EXPECT_EQ(c.only_base, 1);
  EXPECT_THAT(c.changed, IsEmpty());
}

TEST_F(Cases, BudgetUseThatRoseIsDrift) {
  const CaseChanges c = changes({{"a", pass(0.5)}, {"b", pass(0.7)}, {"c", pass(0.2)}},
                                {{"a", pass(0.9)}, {"b", pass(0.6)}, {"c", pass(0.2)}});
  EXPECT_EQ(c.use_rose, 1);
  EXPECT_EQ(c.use_fell, 1);
  ASSERT_THAT(c.drift, SizeIs(2));
  EXPECT_EQ(c.drift[0].tensor, TensorRole::o);
  EXPECT_EQ(c.drift[0].was, 0.7);
  EXPECT_EQ(c.drift[0].is, 0.9);
  EXPECT_EQ(c.drift[0].line, "a");
  EXPECT_EQ(c.worse(), 0) << "within the budget";
}

TEST_F(Cases, WhatFailuresWereShrunkToIsNotCompared) {
  Store base = store("base.db", {{"a", pass(0.5)}});
  Store next = store("next.db", {{"a", pass(0.5)}});
  CaseRecord shrunk = record_of({"a", verdict::Crash{"signal 11"}});
  shrunk.shrunk_from = 1;
  ASSERT_TRUE(next.append(1, shrunk).has_value());
  EXPECT_THAT(compare_cases(base, next)->changed, IsEmpty());
}

}  // namespace
}  // namespace flashdiff::compare
