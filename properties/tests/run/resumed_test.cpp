#include "harness/run/resumed.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/run/runner.h"
#include "properties/random_cases.h"
#include "properties/tests/run/stand_in.h"
#include "properties/tests/run/temporary_folder.h"

// A run that is ended in the middle and gone on with has the cases of one that nobody ended.

namespace flashdiff {
namespace {

namespace fs = std::filesystem;

class Silent : public RunListener {
 public:
  void on_case(const CaseRecord& /*record*/) override {
    if (++told == stop_after) stop = true;
  }
  std::size_t told = 0, stop_after = 0;
  std::atomic<bool> stop{false};
};

RunPlan plan_of(std::uint64_t cases, int jobs) {
  RunPlan plan;
  plan.worker = test::stand_in("wrong");
  plan.backends = {"fake"};
  plan.devices = {{"fake", "cpu"}};
  plan.jobs = jobs;
  plan.cases = cases;
  plan.most_shrink_steps = 20;
  return plan;
}
RandomCases source() {
  CaseOptions small;
  small.largest_head_dim = 8;
  small.dtypes = {DType::f32};
  return {5, small};
}

/// Begins the run of a store, or goes on with it, until it ends or `stop_after` cases are stored.
void go_on(const fs::path& file, RunPlan plan, std::size_t stop_after = 0) {
  Store store = Store::open(file).value();
  const auto runs = store.runs().value();
  if (!runs.empty() && runs.back().finished) return;  // killed behind its end
  std::int64_t run = 0;
  if (const auto found = latest_unfinished(store, [](const std::string&) { return true; }).value()) {
    run = found->run;
    ASSERT_TRUE(store.for_each_case([&](const CaseRecord& record) { plan.before.add(record); }, run));
  } else {
    run = store.begin_run({}, {{kept_plans, "the plan"}}).value();
  }
  Silent told;
  told.stop_after = stop_after;
  RandomCases cases = source();
  const auto end = run_cases(plan, cases, store, run, told, told.stop);
  ASSERT_TRUE(end.has_value()) << end.error().what;
  ASSERT_TRUE(store.end_run(run, *end == RunEnd::finished));
}

/// What must be the same: of a shrunk one what it came to, not the row of its failure.
using Told = std::multiset<std::string>;
Told told_of(const fs::path& file) {
  Told told;
  EXPECT_TRUE(Store::open_readonly(file)->for_each_case([&](const CaseRecord& r) {
    told.insert(std::to_string(r.index) + ' ' + r.backend + ' ' + r.line + ' ' + name_of(r.verdict) +
                (r.shrunk_from ? " shrunk" : ""));
  }));
  return told;
}

class ResumedRun : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }
  static bool finished(const fs::path& file) {
    const auto runs = Store::open_readonly(file)->runs().value();
    EXPECT_EQ(runs.size(), 1u);
    return runs.front().finished;
  }
  test::TemporaryFolder folder_;
};

TEST_F(ResumedRun, HasTheCasesOfAnUndisturbedOne) {
  const fs::path whole = folder_.path() / "whole.db", parts = folder_.path() / "parts.db";
  go_on(whole, plan_of(60, 1));
  const Told expected = told_of(whole);
  EXPECT_GT(expected.size(), 60u) << "some failed, and were made smaller";
  for (const std::size_t stop_after : {1u, 7u, 8u, 13u, 20u}) go_on(parts, plan_of(60, 1), stop_after);
  EXPECT_FALSE(finished(parts));
  go_on(parts, plan_of(60, 1));
  EXPECT_TRUE(finished(parts));
  EXPECT_EQ(told_of(parts), expected);
}

/// FLASHDIFF_KILLS=200: as many kills; a few are enough to see it work every time.
TEST_F(ResumedRun, IsWholeAfterKillsAtRandomMoments) {
  const char* asked = std::getenv("FLASHDIFF_KILLS");
  const int kills = asked != nullptr ? std::atoi(asked) : 12;
  constexpr std::uint64_t kCases = 150;
  const fs::path whole = folder_.path() / "whole.db";
  go_on(whole, plan_of(kCases, 1));
  const Told expected = told_of(whole);
  std::mt19937 random(1);
  for (int killed = 0, run = 0; killed < kills; ++run) {
    const fs::path file = folder_.path() / ("killed" + std::to_string(run) + ".db");
    for (bool ended = false; !ended;) {
      const pid_t child = fork();
      if (child == 0) {
        go_on(file, plan_of(kCases, 1));
        _exit(::testing::Test::HasFailure() ? 1 : 0);
      }
      if (killed < kills) {
        usleep(std::uniform_int_distribution<useconds_t>(0, 120'000)(random));
        kill(child, SIGKILL);
      }
      int status = 0;
      waitpid(child, &status, 0);
      ended = WIFEXITED(status);
      ASSERT_TRUE(!ended || WEXITSTATUS(status) == 0);
      killed += ended ? 0 : 1;
    }
    EXPECT_TRUE(finished(file));
    ASSERT_EQ(told_of(file), expected) << "run " << run;
  }
}

TEST_F(ResumedRun, OfShardsIsTheWholeRunTogether) {
  const fs::path whole = folder_.path() / "whole.db";
  RunPlan plan = plan_of(50, 2);
  plan.shrunk_per_backend = 0;
  go_on(whole, plan);
  Told together;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const fs::path part = folder_.path() / ("part" + std::to_string(number) + ".db");
    plan.shard = {number, 3};
    go_on(part, plan, 5);
    go_on(part, plan);
    together.merge(told_of(part));
  }
  EXPECT_EQ(together, told_of(whole));
}

TEST(Writers, AreThisMachinesProcesses) {
  EXPECT_FALSE(still_writes("")) << "nobody said";
  EXPECT_FALSE(still_writes(this_writer())) << "that is us";
  EXPECT_FALSE(still_writes("another-machine 1"));
  const std::string host = this_writer().substr(0, this_writer().find(' '));
  EXPECT_TRUE(still_writes(host + " 1"));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(still_writes(host + ' ' + std::to_string(child)));
}

}  // namespace
}  // namespace flashdiff
