#include <csignal>
#include <filesystem>
#include <set>

#include <gmock/gmock.h>

#include "harness/run/store.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

// `check --resume`, `--shard` and `merge`, as a user calls them.

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using test::flashdiff;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Cases = std::set<std::string>;

class Resume : public ::testing::Test {
 protected:
  [[nodiscard]] std::string store(const std::string& name) const { return (folder_.path() / name).string(); }
  static Cases cases_of(const std::string& file) {
    Cases cases;
    EXPECT_TRUE(Store::open_readonly(file)->for_each_case([&](const CaseRecord& r) {
      EXPECT_TRUE(
          cases.insert(std::to_string(r.index) + ' ' + r.backend + ' ' + r.line + ' ' + name_of(r.verdict))
              .second)
          << "twice: " << r.line;
    }));
    return cases;
  }
  static bool holds_cases(const std::string& file) {
    if (!fs::exists(file)) return false;
    const auto read = Store::open_readonly(file);
    bool any = false;
    return read && read->for_each_case([&](const CaseRecord&) { any = true; }) && any;
  }
  static std::vector<std::string> check(std::vector<std::string> more) {
    std::vector<std::string> call{"check", "--corpus", "none", "--backend", "flash_forward_simt,reference"};
    call.insert(call.end(), more.begin(), more.end());
    return call;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Resume, GoesOnWhereAKillEndedTheRun) {
  const std::string whole = store("whole.db"), killed = store("killed.db");
  ASSERT_EQ(flashdiff(check({"--cases", "60", "--seed", "5", "--store", whole})).code, 0);
  ASSERT_EQ(test::flashdiff_with_signal(check({"--cases", "60", "--seed", "5", "--store", killed}), SIGKILL,
                                        [&] { return holds_cases(killed); })
                .code,
            -SIGKILL);
  const std::size_t before = cases_of(killed).size();
  ASSERT_LT(before, 120u);
  // The seed is the store's.
  const auto said = flashdiff(check({"--cases", "60", "--resume", "--store", killed}));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, AllOf(HasSubstr("seed 5"), HasSubstr(" of them before")));
  EXPECT_EQ(cases_of(killed), cases_of(whole));
  ASSERT_THAT(Store::open_readonly(killed)->runs().value(), SizeIs(1));
  EXPECT_TRUE(Store::open_readonly(killed)->runs().value()[0].finished);
}

TEST_F(Resume, BeginsWhereThereIsNoRunYet) {
  const std::string file = store("run.db");
  { (void)Store::open(file).value(); }  // killed before its run began
  for (const std::string& name : {file, store("none.db")}) {
    EXPECT_EQ(flashdiff(check({"--cases", "3", "--seed", "5", "--resume", "--store", name})).code, 0);
    EXPECT_THAT(cases_of(name), SizeIs(6));
  }
}

TEST_F(Resume, WhatThereIsNotToGoOnWithIsOneLine) {
  const std::string file = store("run.db");
  EXPECT_THAT(flashdiff(check({"--resume"})).err, HasSubstr("--resume: of which store?"));
  ASSERT_EQ(flashdiff(check({"--cases", "3", "--seed", "5", "--store", file})).code, 0);
  const auto ended = flashdiff(check({"--cases", "3", "--seed", "5", "--resume", "--store", file}));
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("has no run that was ended before its time"));
  (void)test::flashdiff_with_signal(check({"--time", "10m", "--seed", "6", "--store", file}), SIGINT,
                                    [&] { return cases_of(file).size() > 8; });
  const auto other =
      flashdiff(check({"--time", "10m", "--seed", "7", "--dtype", "f32", "--resume", "--store", file}));
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("differs in: dtypes, seed; expected the same options and program"));
}

TEST_F(Resume, ARunThatIsStillWrittenIsLeftAlone) {
  const std::string file = store("run.db");
  std::string said;
  (void)test::flashdiff_with_signal(check({"--time", "10m", "--seed", "6", "--store", file}), SIGINT, [&] {
    if (!holds_cases(file)) return false;
    said = flashdiff(check({"--time", "10m", "--resume", "--store", file})).err;
    return true;
  });
  EXPECT_THAT(said, HasSubstr("still writes that run"));
}

TEST_F(Resume, ShardsTogetherAreTheWholeRun) {
  const std::string whole = store("whole.db"), out = store("out.db");
  ASSERT_EQ(flashdiff(check({"--cases", "31", "--seed", "5", "--store", whole})).code, 0);
  ASSERT_EQ(
      flashdiff(check({"--cases", "31", "--seed", "5", "--shard", "1/3", "--store", store("1.db")})).code, 0);
  // As SLURM and GoogleTest say it.
  const auto second = flashdiff(check({"--cases", "31", "--seed", "5", "--store", store("2.db")}),
                                {"SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_COUNT=3"});
  EXPECT_THAT(second.err, HasSubstr("31 random cases, seed 5, shard 2/3"));
  EXPECT_THAT(cases_of(store("2.db")), SizeIs(20)) << "indices 1, 4, ..., 28, by two backends";
  const auto missing = flashdiff({"merge", store("1.db"), store("2.db"), "-o", out});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("missing: of the 3 shards of the run of seed 5, 3"));
  EXPECT_EQ(flashdiff({"merge", store("1.db"), store("2.db"), "-o", store("partial.db"), "--partial"}).code,
            5);
  ASSERT_EQ(flashdiff(check({"--cases", "31", "--seed", "5", "--store", store("3.db")}),
                      {"GTEST_TOTAL_SHARDS=3", "GTEST_SHARD_INDEX=2"})
                .code,
            0);
  const auto merged = flashdiff({"merge", store("1.db"), store("2.db"), store("3.db"), "-o", out});
  EXPECT_EQ(merged.code, 0) << merged.err;
  EXPECT_THAT(merged.err, HasSubstr("1 run of 3 stores: 62 cases"));
  EXPECT_EQ(cases_of(out), cases_of(whole));
  EXPECT_EQ(flashdiff({"report", out, "-o", store("site")}).code, 0);
}

TEST_F(Resume, AShardWithoutASeedOrWithoutSenseIsOneLine) {
  const auto seedless = flashdiff(check({"--shard", "1/2"}));
  EXPECT_EQ(seedless.code, 2);
  EXPECT_THAT(seedless.err, HasSubstr("shard 1/2: expected --seed with it"));
  EXPECT_THAT(flashdiff(check({"--shard", "1/2", "--resume", "--store", store("none.db")})).err,
              HasSubstr("expected --seed with it"));
  EXPECT_THAT(flashdiff(check({"--seed", "1", "--shard", "3/2"})).err,
              HasSubstr("--shard 3/2: expected K/N"));
  EXPECT_THAT(flashdiff(check({"--seed", "1"}), {"GTEST_TOTAL_SHARDS=2"}).err,
              HasSubstr("GTEST_TOTAL_SHARDS is set, and GTEST_SHARD_INDEX is not"));
}

}  // namespace
}  // namespace flashdiff
