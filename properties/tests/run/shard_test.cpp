#include "harness/run/shard.h"

#include <map>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace flashdiff {
namespace {

using ::testing::HasSubstr;

Outcome<std::optional<Shard>> of(const std::map<std::string, std::string>& variables) {
  return shard_of([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

RC_GTEST_PROP(Shards, HaveEachCaseOnce, ()) {
  const auto shards = *rc::gen::inRange<std::uint64_t>(1, 20),
             index = *rc::gen::inRange<std::uint64_t>(0, 1000);
  int having = 0;
  for (std::uint64_t number = 1; number <= shards; ++number)
    having += Shard{number, shards}.has(index) ? 1 : 0;
  RC_ASSERT(having == 1);
}

TEST(ShardNames, AreReadBackAndAnythingElseIsBadInput) {
  EXPECT_EQ(shard_named("2/4").value(), (Shard{2, 4}));
  EXPECT_EQ(in_words(Shard{2, 4}), "2/4");
  for (const char* word : {"", "2", "0/4", "5/4", "a/4", "2/4x", "2/", "/4", "-1/4", "2/0"})
    EXPECT_THAT(shard_named(word).error().what, HasSubstr("expected K/N")) << word;
}

TEST(ShardsOfTheEnvironment, AreThoseOfWhoStartedTheProcess) {
  EXPECT_EQ(of({}).value(), std::nullopt);
  EXPECT_EQ(of({{"GTEST_TOTAL_SHARDS", "3"}, {"GTEST_SHARD_INDEX", "0"}}).value(), (Shard{1, 3}));
  EXPECT_EQ(of({{"SLURM_ARRAY_TASK_ID", "3"}, {"SLURM_ARRAY_TASK_COUNT", "4"}}).value(), (Shard{4, 4}));
  // --array=10-40:10
  EXPECT_EQ(of({{"SLURM_ARRAY_TASK_ID", "30"},
                {"SLURM_ARRAY_TASK_COUNT", "4"},
                {"SLURM_ARRAY_TASK_MIN", "10"},
                {"SLURM_ARRAY_TASK_STEP", "10"}})
                .value(),
            (Shard{3, 4}));
  EXPECT_EQ(of({{"JOB_COMPLETION_INDEX", "1"}, {"FLASHDIFF_SHARDS", "2"}}).value(), (Shard{2, 2}));
  EXPECT_EQ(of({{"JOB_COMPLETION_INDEX", "1"}}).value(), std::nullopt) << "an indexed job of another purpose";
}

TEST(ShardsOfTheEnvironment, ThatDoNotFitAreBadInput) {
  for (const auto& [variables, said] :
       std::vector<std::pair<std::map<std::string, std::string>, std::string>>{
           {{{"GTEST_TOTAL_SHARDS", "3"}}, "GTEST_TOTAL_SHARDS is set, and GTEST_SHARD_INDEX is not"},
           {{{"SLURM_ARRAY_TASK_ID", "3"}}, "SLURM_ARRAY_TASK_COUNT is not"},
           {{{"FLASHDIFF_SHARDS", "3"}}, "JOB_COMPLETION_INDEX is not"},
           {{{"GTEST_TOTAL_SHARDS", "3"}, {"GTEST_SHARD_INDEX", "3"}}, "expected an index of one of so many"},
           {{{"GTEST_TOTAL_SHARDS", "0"}, {"GTEST_SHARD_INDEX", "0"}}, "expected an index"},
           {{{"GTEST_TOTAL_SHARDS", "many"}, {"GTEST_SHARD_INDEX", "0"}},
            "GTEST_TOTAL_SHARDS=many: expected a whole"},
           {{{"SLURM_ARRAY_TASK_ID", "3"}, {"SLURM_ARRAY_TASK_COUNT", "4"}, {"SLURM_ARRAY_TASK_STEP", "0"}},
            "expected an index"}}) {
    const auto shard = of(variables);
    ASSERT_FALSE(shard.has_value()) << said;
    EXPECT_EQ(shard.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(shard.error().what, HasSubstr(said));
  }
}

}  // namespace
}  // namespace flashdiff
