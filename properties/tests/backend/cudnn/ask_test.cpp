#include "harness/backend/cudnn/ask.h"

#include <gmock/gmock.h>

#include "harness/backend/cudnn/canary.h"

// What becomes of an answer where cuDNN's process does not behave: shell scripts in its place.

namespace flashdiff::cudnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<std::string> script(const std::string& text) { return {"/bin/sh", "-c", text}; }

constexpr const char* kHello = R"(echo '{"version":91900}' >&3; read question; )";

TEST(CudnnAsk, ACrashIsNoAnswerAndNeverANo) {
  auto asker = Asker::open(script(std::string(kHello) + "kill -SEGV $$"));
  ASSERT_TRUE(asker) << asker.error().what;
  EXPECT_EQ(asker->version(), 91900);
  const Answer answer = asker->ask(canary_graph(), Level::supported);
  EXPECT_EQ(answer.said, Said::unasked);
  EXPECT_EQ(answer.by, By::nobody);
  EXPECT_THAT(answer.why, AllOf(HasSubstr("died of this question"), HasSubstr("signal 11")));
}

TEST(CudnnAsk, AHangIsCutOff) {
  auto asker = Asker::open(script(std::string(kHello) + "exec sleep 60"), 0.5);
  ASSERT_TRUE(asker) << asker.error().what;
  const Answer answer = asker->ask(canary_graph(), Level::supported);
  EXPECT_EQ(answer.said, Said::unasked);
  EXPECT_THAT(answer.why, HasSubstr("longer than 0.5 s"));
}

TEST(CudnnAsk, TheNextQuestionGetsAFreshProcess) {
  // Dies of graphs with softcap and says no to others.
  auto asker = Asker::open(script(
      R"(echo '{"version":91900}' >&3; while read question; do case "$question" in *'"softcap":30'*) exit 7;; esac;
         echo '{"said":1,"by":2,"why":"a rule","engines":0,"engine":"","workspace_bytes":0,"kernel":"","plan_bytes":0}' >&3; done)"));
  ASSERT_TRUE(asker) << asker.error().what;
  Graph deadly = canary_graph();
  deadly.softcap = 30;
  EXPECT_THAT(asker->ask(deadly, Level::supported).why, HasSubstr("exit code 7"));
  const Answer answer = asker->ask(canary_graph(), Level::supported);
  EXPECT_EQ(answer.said, Said::no);
  EXPECT_EQ(answer.by, By::frontend);
  EXPECT_EQ(answer.why, "a rule");
}

TEST(CudnnAsk, EqualQuestionsAreAskedOnce) {
  auto asker = Asker::open(script(
      std::string(kHello) +
      R"(echo '{"said":0,"by":4,"why":"","engines":3,"engine":"","workspace_bytes":0,"kernel":"","plan_bytes":0}' >&3; read again; exit 7)"));
  ASSERT_TRUE(asker) << asker.error().what;
  EXPECT_EQ(asker->ask(canary_graph(), Level::supported).engines, 3);
  EXPECT_EQ(asker->ask(canary_graph(), Level::supported).engines, 3);
  Graph other = canary_graph();
  other.scale = 1;  // part of the key
  EXPECT_EQ(asker->ask(other, Level::supported).said, Said::unasked);
}

TEST(CudnnAsk, WhatTheProcessLacksIsItsOwnWords) {
  const auto lacks = Asker::open(script(R"(echo '{"error":"libnvrtc.so.13: cannot open"}' >&3)"));
  ASSERT_FALSE(lacks);
  EXPECT_EQ(lacks.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(lacks.error().what, "libnvrtc.so.13: cannot open");
  const auto silent = Asker::open(script("exit 4"));
  ASSERT_FALSE(silent);
  EXPECT_THAT(silent.error().what,
              AllOf(HasSubstr("ended before it said anything"), HasSubstr("exit code 4")));
}

TEST(CudnnAsk, NonsenseIsNoAnswer) {
  auto asker = Asker::open(script(std::string(kHello) + "echo yes >&3; exec sleep 1"));
  ASSERT_TRUE(asker);
  EXPECT_EQ(asker->ask(canary_graph(), Level::supported).said, Said::unasked);
}

}  // namespace
}  // namespace flashdiff::cudnn
