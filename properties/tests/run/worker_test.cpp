#include "harness/run/worker.h"

#include <chrono>
#include <csignal>

#include <gmock/gmock.h>

#include "properties/tests/run/stand_in.h"

namespace flashdiff {
namespace {

using test::harmless;
using test::stand_in;
using test::trigger;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double patient = 60;

class WorkerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }  // as the program does
};

/// The verdict about `line`, which must be one.
Verdict verdict_of(Worker& worker, const std::string& line) {
  Outcome<Examination> examined = worker.examine("fake", line);
  EXPECT_TRUE(examined) << examined.error().what;
  return examined ? std::move(examined->verdict) : Verdict(verdict::NotExecuted{"no answer"});
}

TEST_F(WorkerTest, AnswersMany) {
  Worker worker(stand_in("nothing"), patient);
  for (int i = 0; i < 50; ++i)
    EXPECT_STREQ(name_of(verdict_of(worker, i % 2 == 0 ? harmless : trigger)), "pass");
}

TEST_F(WorkerTest, AWordAsideIsOfTheLastCase) {
  Worker worker(stand_in("aside"), patient);
  EXPECT_STREQ(name_of(verdict_of(worker, trigger)), "pass");
  EXPECT_EQ(worker.aside(), "three keys");
  EXPECT_STREQ(name_of(verdict_of(worker, harmless)), "pass");
  EXPECT_EQ(worker.aside(), "");
  Worker broken(stand_in("fault"), patient);
  EXPECT_STREQ(name_of(verdict_of(broken, trigger)), "fault");
  EXPECT_EQ(broken.aside(), "") << "nobody asks a device that is broken";
}

TEST_F(WorkerTest, RelationsAreTriedOfWhatPassesAsTheyAreAsked) {
  Worker worker(stand_in("broken"), patient);
  const auto asked = [&](const std::string& line, const AskedRelations& relations) {
    return worker.examine("fake", line, relations).value();
  };
  EXPECT_THAT(asked(trigger, {}).relations, ElementsAre("layouts")) << "nobody asked";
  EXPECT_STREQ(name_of(asked(trigger, {}).verdict), "pass");
  EXPECT_THAT(asked(harmless, {"one", false}).relations, ElementsAre("layouts", "narrow"));
  EXPECT_STREQ(name_of(asked(harmless, {"one", false}).verdict), "pass");
  const Examination broken = asked(trigger, {"wide", false});
  EXPECT_THAT(broken.relations, ElementsAre("layouts", "wide"));
  EXPECT_EQ(std::get<verdict::BrokenRelation>(broken.verdict).relation, "wide");
  EXPECT_EQ(worker.broken(), "") << "that is the verdict";
}

TEST_F(WorkerTest, OfAFailureRelationsAreTriedWhereThatIsAsked) {
  Worker worker(stand_in("wrong"), patient);
  ASSERT_TRUE(worker.examine("fake", trigger, {"one", false}));
  EXPECT_EQ(worker.broken(), "");
  const Examination wrong = worker.examine("fake", trigger, {"one", true}).value();
  EXPECT_STREQ(name_of(wrong.verdict), "mismatch") << "what it was stays its verdict";
  EXPECT_EQ(worker.broken(), "narrow");
}

TEST_F(WorkerTest, AWrongAnswerKeepsItsDetails) {
  Worker worker(stand_in("wrong"), patient);
  const Verdict verdict = verdict_of(worker, trigger);
  ASSERT_TRUE(std::holds_alternative<verdict::Mismatch>(verdict)) << explain(verdict);
  EXPECT_EQ(std::get<verdict::Mismatch>(verdict).wrong, 1);
  EXPECT_FALSE(std::get<verdict::Mismatch>(verdict).map.use.empty());
}

TEST_F(WorkerTest, ACrashIsAVerdictAndTheNextCaseIsAnswered) {
  Worker worker(stand_in("crash"), patient);
  for (int i = 0; i < 3; ++i) {
    EXPECT_STREQ(name_of(verdict_of(worker, harmless)), "pass");
    const Verdict verdict = verdict_of(worker, trigger);
    ASSERT_TRUE(std::holds_alternative<verdict::Crash>(verdict)) << explain(verdict);
    EXPECT_THAT(std::get<verdict::Crash>(verdict).how, AllOf(HasSubstr("signal 6"), HasSubstr("Aborted")));
  }
}

TEST_F(WorkerTest, AnExitIsACrash) {
  Worker worker(stand_in("exit"), patient);
  const Verdict verdict = verdict_of(worker, trigger);
  ASSERT_TRUE(std::holds_alternative<verdict::Crash>(verdict)) << explain(verdict);
  EXPECT_EQ(std::get<verdict::Crash>(verdict).how, "exit code 7");
}

TEST_F(WorkerTest, WhoHasMoreMemoryThanAllowedIsACrashAndTheNextCaseIsAnswered) {
  Worker worker(stand_in("fill"), patient, 200 << 20);
  for (int i = 0; i < 2; ++i) {
    const Verdict verdict = verdict_of(worker, trigger);
    ASSERT_TRUE(std::holds_alternative<verdict::Crash>(verdict)) << explain(verdict);
    EXPECT_EQ(std::get<verdict::Crash>(verdict).how,
              "killed, out of memory: it had more than the 0.195 GiB that it may have");
    EXPECT_STREQ(name_of(verdict_of(worker, harmless)), "pass");
  }
}

TEST_F(WorkerTest, AnAllocationThatFailsIsACrashAndTheNextCaseIsAnswered) {
  std::vector<std::string> command = stand_in("eat");
  command.push_back(std::to_string(512 << 20));
  Worker worker(command, patient);
  for (int i = 0; i < 2; ++i) {
    const Verdict verdict = verdict_of(worker, trigger);
    ASSERT_TRUE(std::holds_alternative<verdict::Crash>(verdict)) << explain(verdict);
    EXPECT_EQ(std::get<verdict::Crash>(verdict).how, "out of memory: an allocation failed");
    EXPECT_STREQ(name_of(verdict_of(worker, harmless)), "pass");
  }
}

TEST_F(WorkerTest, AHangIsATimeoutAndTheNextCaseIsAnswered) {
  Worker worker(stand_in("hang"), 0.3);
  const Verdict verdict = verdict_of(worker, trigger);
  ASSERT_TRUE(std::holds_alternative<verdict::Timeout>(verdict)) << explain(verdict);
  EXPECT_EQ(std::get<verdict::Timeout>(verdict).seconds, 0.3);
  Worker again(stand_in("nothing"), patient);
  EXPECT_STREQ(name_of(verdict_of(again, harmless)), "pass");
}

TEST_F(WorkerTest, AFaultIsAVerdictOfAFreshProcessEach) {
  Worker worker(stand_in("fault"), patient);
  for (int i = 0; i < 2; ++i) {
    const Verdict verdict = verdict_of(worker, trigger);
    ASSERT_TRUE(std::holds_alternative<verdict::Fault>(verdict)) << explain(verdict);
    EXPECT_EQ(std::get<verdict::Fault>(verdict).report, "line 12");
  }
}

TEST_F(WorkerTest, WhatIsPrintedOnStandardOutputIsNoAnswer) {
  Worker worker(stand_in("chatter"), patient);
  for (int i = 0; i < 5; ++i) EXPECT_STREQ(name_of(verdict_of(worker, harmless)), "pass");
}

TEST_F(WorkerTest, ALineThatIsNoneIsNotExecuted) {
  Worker worker(stand_in("nothing"), patient);
  EXPECT_STREQ(name_of(verdict_of(worker, "fd1 b=zero")), "not-executed");
  const auto other = worker.examine("somebody", harmless);
  ASSERT_TRUE(other);
  EXPECT_STREQ(name_of(other->verdict), "not-executed");
}

TEST_F(WorkerTest, WhatCannotBeOpenedKeepsItsKindAndWords) {
  const auto ready = Worker(stand_in("refuse"), patient).ready();
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(ready.error().what, "no such device here");
}

TEST_F(WorkerTest, AWorkerThatDoesNotStartIsTheHarnesssFault) {
  for (const auto& [command, words] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"/no/such/program"}, "/no/such/program"},
           {stand_in("mute"), "exit code 4"},
           {stand_in("babble"), "hello"}}) {
    const auto ready = Worker(command, patient).ready();
    ASSERT_FALSE(ready) << words;
    EXPECT_EQ(ready.error().kind, ErrorKind::harness);
    EXPECT_THAT(ready.error().what, HasSubstr(words));
  }
}

}  // namespace
}  // namespace flashdiff
