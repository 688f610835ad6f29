#include "harness/run/runner.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "harness/run/crossed.h"
#include "properties/random_cases.h"
#include "properties/simpler.h"
#include "properties/tests/run/stand_in.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using test::stand_in;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Heard : public RunListener {
 public:
  void on_case(const CaseRecord& record) override {
    records.push_back(record);
    if (stop_after != 0 && records.size() >= stop_after) stop = true;
  }
  void on_shrinking(const CaseRecord& failure) override { shrinking.push_back(failure.id); }
  void on_left_out(const CaseRecord& record) override { left_out.push_back(record.backend); }
  std::vector<CaseRecord> records;
  std::vector<std::int64_t> shrinking;
  std::vector<std::string> left_out;
  std::size_t stop_after = 0;
  std::atomic<bool> stop{false};
};

/// The same line `count` times.
class Line : public CaseSource {
 public:
  Line(const std::string& line, std::uint64_t count) : case_(parse_case(line).value()), count_(count) {}
  std::optional<Drawn> draw(std::uint64_t index) override {
    if (index >= count_) return std::nullopt;
    return drawn(shrinkable(case_));
  }

 private:
  Case case_;
  std::uint64_t count_;
};

/// How many lines a file has; 0 where there is none.
int lines_in(const std::filesystem::path& file) {
  std::ifstream in(file);
  int count = 0;
  for (std::string line; std::getline(in, line);) ++count;
  return count;
}

class Runner : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }

  static RunPlan plan(const std::string& how) {
    RunPlan plan;
    plan.worker = stand_in(how);
    plan.backends = {"fake"};
    plan.devices = {{"fake", "cpu"}};
    plan.jobs = 2;
    return plan;
  }
  Outcome<RunEnd> run(const RunPlan& plan, CaseSource& source) {
    return run_cases(plan, source, store_, store_.begin_run({}).value(), told_, told_.stop);
  }
  std::vector<CaseRecord> stored() const {
    std::vector<CaseRecord> records;
    EXPECT_TRUE(store_.for_each_case([&](CaseRecord record) { records.push_back(std::move(record)); }));
    return records;
  }

  test::TemporaryFolder folder_;
  Store store_ = Store::open(folder_.path() / "run.db").value();
  Heard told_;
};

TEST_F(Runner, GoesOnWithTheWorkerThatWasReady) {
  RunPlan p = plan("nothing");
  p.jobs = 1;
  p.cases = 3;
  const std::filesystem::path started = folder_.path() / "started";
  p.worker = {"/bin/sh", "-c",
              fmt::format("echo >> {}; exec {}", started.string(), fmt::join(p.worker, " "))};
  auto ready = std::make_unique<Worker>(p.worker, p.timeout_seconds);
  ASSERT_TRUE(ready->ready());
  RandomCases source(5, {});
  ASSERT_TRUE(
      run_cases(p, source, store_, store_.begin_run({}).value(), told_, told_.stop, std::move(ready)));
  EXPECT_EQ(stored().size(), 3u);
  EXPECT_EQ(lines_in(started), 1) << "processes";
}

TEST_F(Runner, EveryCaseIsStoredOnceAndTold) {
  CaseOptions small;
  small.largest_head_dim = 16;
  RandomCases source(5, small);
  RunPlan p = plan("nothing");
  p.cases = 60;
  p.jobs = 3;
  ASSERT_EQ(run(p, source).value(), RunEnd::finished);
  const auto records = stored();
  ASSERT_THAT(records, SizeIs(60));
  ASSERT_THAT(told_.records, SizeIs(60));
  std::vector<std::uint64_t> indices;
  for (const CaseRecord& record : records) {
    EXPECT_FALSE(is_failure(record.verdict)) << record.line;
    EXPECT_EQ(record.line, print(source.draw(record.index)->value)) << "the draw that its number says";
    EXPECT_EQ(record.device, "cpu");
    EXPECT_FALSE(record.labels.empty());
    indices.push_back(record.index);
  }
  std::sort(indices.begin(), indices.end());
  for (std::uint64_t i = 0; i < 60; ++i) EXPECT_EQ(indices[i], i);
}

TEST_F(Runner, EndsWithItsSource) {
  Line source(test::harmless, 7);
  EXPECT_EQ(run(plan("nothing"), source).value(), RunEnd::finished);
  EXPECT_THAT(stored(), SizeIs(7));
}

TEST_F(Runner, EndsWhenItsTimeIsUp) {
  Line source(test::harmless, ~0ull);
  RunPlan p = plan("nothing");
  p.seconds = 0.2;
  EXPECT_EQ(run(p, source).value(), RunEnd::finished);
  EXPECT_FALSE(stored().empty());
}

TEST_F(Runner, AnInterruptionKeepsWhatIsDone) {
  Line source(test::harmless, 1'000'000);
  told_.stop_after = 10;
  EXPECT_EQ(run(plan("nothing"), source).value(), RunEnd::interrupted);
  const auto records = stored();
  EXPECT_GE(records.size(), 10u);
  EXPECT_LE(records.size(), 12u);
}

/// Two sequences, of which one is needed: the smallest case of the stand-in's faults has one query and three
/// keys.
const std::string large =
    "fd1 b=2 hq=4 hk=2 d=24 dv=16 dt=f16 lay=both mem=bhsd.view pad=3 q=7,20 kv=30,2 mask=causal_br "
    "data=rising seed=0x2a";

TEST_F(Runner, FailuresOfEveryKindAreMadeSmaller) {
  for (const char* how : {"wrong", "crash", "fault"}) {
    told_.records.clear();
    Line source(large, 1);
    ASSERT_EQ(run(plan(how), source).value(), RunEnd::finished) << how;
    ASSERT_THAT(told_.records, SizeIs(2)) << how;
    const CaseRecord &failure = told_.records[0], &small = told_.records[1];
    EXPECT_EQ(failure.line, large);
    EXPECT_EQ(small.shrunk_from, failure.id);
    EXPECT_EQ(small.index, failure.index);
    EXPECT_GT(small.shrink_steps, 0);
    EXPECT_STREQ(name_of(small.verdict), name_of(failure.verdict)) << "the same kind of failure";
    EXPECT_EQ(small.line,
              "fd1 b=1 hq=1 hk=1 d=1 dv=1 dt=f32 lay=right q=1 kv=3 mask=none data=normal seed=0x0")
        << how;
  }
  EXPECT_THAT(told_.shrinking, SizeIs(3));
}

/// Its smallest case has fewer than ten keys, which by itself would be asked another relation.
TEST_F(Runner, ABrokenRelationIsMadeSmallerAsTheSameRelation) {
  Line source(large, 1);
  RunPlan p = plan("broken");
  p.relations = "one";
  ASSERT_EQ(run(p, source).value(), RunEnd::finished);
  const auto records = stored();
  ASSERT_THAT(records, SizeIs(2));
  for (const CaseRecord& record : records) {
    ASSERT_TRUE(std::holds_alternative<verdict::BrokenRelation>(record.verdict));
    EXPECT_EQ(std::get<verdict::BrokenRelation>(record.verdict).relation, "wide");
    EXPECT_THAT(relations_of(record), ::testing::ElementsAre("layouts", "wide"));
  }
  EXPECT_EQ(records[1].line,
            "fd1 b=1 hq=1 hk=1 d=1 dv=1 dt=f32 lay=right q=1 kv=3 mask=none data=normal seed=0x0");
}

TEST_F(Runner, AHangIsMadeSmallerWithinItsSteps) {
  Line source(large, 1);
  RunPlan p = plan("hang");
  p.timeout_seconds = 0.3;
  p.most_shrink_steps = 4;
  ASSERT_EQ(run(p, source).value(), RunEnd::finished);
  ASSERT_THAT(told_.records, SizeIs(2));
  EXPECT_EQ(told_.records[1].shrink_steps, 4);
  EXPECT_STREQ(name_of(told_.records[1].verdict), "timeout");
}

TEST_F(Runner, OnlySomeFailuresAreMadeSmaller) {
  Line source(large, 9);
  RunPlan p = plan("wrong");
  p.shrunk_per_backend = 2;
  ASSERT_EQ(run(p, source).value(), RunEnd::finished);
  EXPECT_EQ(
      std::count_if(told_.records.begin(), told_.records.end(), [](const auto& r) { return !r.shrunk_from; }),
      9);
  EXPECT_EQ(std::count_if(told_.records.begin(), told_.records.end(),
                          [](const auto& r) { return r.shrunk_from.has_value(); }),
            2);
}

// "fake" dies of three keys or more; "second" answers everything.
TEST_F(Runner, WhoGivesNoAnswerThreeTimesInARowIsNotAskedAnyMore) {
  RunPlan asked = plan("crash");
  asked.backends = {"fake", "second"};
  asked.devices = {{"fake", "cpu"}, {"second", "cpu"}};
  asked.jobs = 1;
  asked.shrunk_per_backend = 0;
  asked.cases = 10;
  Line dies(test::trigger, 10);
  ASSERT_EQ(run(asked, dies).value(), RunEnd::finished);
  std::map<std::string, int> kinds;
  for (const CaseRecord& record : told_.records) ++kinds[record.backend + " " + name_of(record.verdict)];
  EXPECT_THAT(
      kinds, ::testing::ElementsAre(::testing::Pair("fake crash", 3), ::testing::Pair("fake not-executed", 1),
                                    ::testing::Pair("second pass", 10)));
  for (const CaseRecord& record : told_.records)
    if (const auto* out = std::get_if<verdict::NotExecuted>(&record.verdict)) {
      EXPECT_EQ(
          out->why,
          "no answer 3 times in a row, last: the process died: killed by signal 6 (Aborted); fake is not "
          "asked any more in this run");
    }
}

TEST_F(Runner, AnAnswerInBetweenIsAnAnswer) {
  class InTurn : public CaseSource {
   public:
    std::optional<Drawn> draw(std::uint64_t index) override {
      const bool dies = index % 3 != 2;
      return drawn(shrinkable(parse_case(dies ? test::trigger : test::harmless).value()));
    }
  } in_turn;
  RunPlan asked = plan("crash");
  asked.jobs = 1;
  asked.shrunk_per_backend = 0;
  asked.cases = 12;
  ASSERT_EQ(run(asked, in_turn).value(), RunEnd::finished);
  EXPECT_THAT(told_.records, SizeIs(12));
}

TEST_F(Runner, WhereNobodyIsLeftTheRunEnds) {
  for (const int jobs : {1, 2}) {
    RunPlan asked = plan("crash");
    asked.jobs = jobs;
    asked.shrunk_per_backend = 0;
    Line dies(test::trigger, 1'000'000);
    told_.records.clear();
    told_.left_out.clear();
    ASSERT_EQ(run(asked, dies).value(), RunEnd::finished);
    // One more may be in flight when the third has died; why it is left out is stored and told once.
    EXPECT_THAT(told_.left_out, ::testing::ElementsAre("fake"));
    EXPECT_EQ(std::ranges::count_if(told_.records,
                                    [](const CaseRecord& record) {
                                      return std::holds_alternative<verdict::NotExecuted>(record.verdict);
                                    }),
              1);
    EXPECT_LE(told_.records.size(), static_cast<std::size_t>(3 + jobs));
  }
}

TEST_F(Runner, AWorkerThatCannotStartEndsTheRun) {
  Line source(test::harmless, 5);
  const auto end = run(plan("refuse"), source);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().what, "no such device here");
  EXPECT_THAT(stored(), IsEmpty());
}

TEST_F(Runner, OfADisputedCaseItIsKeptWhoAgreesWithWhom) {
  RunPlan p = plan("wrong");
  p.backends = {"fake", "second", "third"};
  p.devices = {{"fake", "cpu"}, {"second", "cpu"}, {"third", "cpu"}};
  p.shrunk_per_backend = 0;
  Line source(test::trigger, 3);
  ASSERT_EQ(run(p, source).value(), RunEnd::finished);
  const auto kept = store_.kept(kept_crossed).value();
  ASSERT_THAT(kept, SizeIs(1)) << "one line";
  const Crossed crossed = crossed_of(kept.at(print(parse_case(test::trigger).value()))).value();
  EXPECT_THAT(crossed.witnesses, ::testing::ElementsAre("reference", "fake", "second", "third"));
  EXPECT_THAT(crossed.alone, ::testing::ElementsAre(1));
  EXPECT_EQ(conclusion_of(crossed), "fake alone is contradicted by all who agree with each other");
}

TEST_F(Runner, WhereNobodyIsWrongNobodyIsAskedAgain) {
  RunPlan p = plan("nothing");
  p.backends = {"fake", "second"};
  p.devices = {{"fake", "cpu"}, {"second", "cpu"}};
  Line source(test::trigger, 2);
  ASSERT_EQ(run(p, source).value(), RunEnd::finished);
  EXPECT_THAT(store_.kept(kept_crossed).value(), IsEmpty());
}

}  // namespace
}  // namespace flashdiff
