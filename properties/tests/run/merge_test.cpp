#include <fstream>
#include <map>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include "harness/run/resumed.h"
#include "harness/run/store.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Merging : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path file(const std::string& name) const { return folder_.path() / name; }

  /// A store with one run of `cases`, and a failure made smaller behind each.
  fs::path store(const std::string& name, const std::string& plan, std::vector<std::uint64_t> cases,
                 bool finished = true, const std::string& kept = "") const {
    Store store = Store::open(file(name)).value();
    RunContext context;
    context.seed = 7;
    const auto run = store.begin_run(context).value();
    if (!plan.empty()) {
      EXPECT_TRUE(store.keep(kept_plans, std::to_string(run), plan));
    }
    EXPECT_TRUE(store.keep(kept_writers, std::to_string(run), name + " 1"));
    if (!kept.empty()) {
      EXPECT_TRUE(store.keep("power.mutant", "m", kept));
    }
    for (const std::uint64_t index : cases) {
      CaseRecord record;
      record.index = index;
      record.line = "case " + std::to_string(index);
      record.backend = "b";
      record.verdict = verdict::Crash{"signal 11"};
      record.shrunk_from = store.append(run, record).value();
      record.line += " smaller";
      EXPECT_TRUE(store.append(run, record).has_value());
    }
    EXPECT_TRUE(store.end_run(run, finished));
    return file(name);
  }
  static std::string shard(int number, int of) {
    return R"({"seed":7,"shard":{"number":)" + std::to_string(number) + ",\"of\":" + std::to_string(of) +
           "}}";
  }
  std::string error_of(const std::vector<fs::path>& stores) {
    const auto merged = Store::merge(stores, file("out.db"));
    EXPECT_FALSE(fs::exists(file("out.db"))) << "nothing, where it is not all";
    EXPECT_FALSE(fs::exists(file("out.db.part")));
    if (merged) return "merged";
    EXPECT_EQ(merged.error().kind, ErrorKind::bad_input);
    return merged.error().what;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Merging, ShardsBecomeOneRunWithAllTheirCases) {
  const auto merged =
      Store::merge({store("b.db", shard(2, 2), {1, 3}), store("a.db", shard(1, 2), {0, 2})}, file("out.db"));
  ASSERT_TRUE(merged.has_value()) << merged.error().what;
  EXPECT_EQ(merged->runs, 1);
  EXPECT_EQ(merged->cases, 8);
  EXPECT_THAT(merged->missing, IsEmpty());
  const Store out = Store::open_readonly(file("out.db")).value();
  ASSERT_THAT(out.runs().value(), SizeIs(1));
  EXPECT_TRUE(out.runs().value()[0].finished);
  EXPECT_EQ(out.runs().value()[0].context.seed, 7u);
  EXPECT_THAT(out.kept(kept_plans).value(),
              ElementsAre(std::pair<const std::string, std::string>("1", R"({"seed":7})")));
  EXPECT_THAT(out.kept(kept_writers).value(), IsEmpty()) << "nobody writes it";
  std::map<std::int64_t, std::string> lines;
  std::vector<std::string> smaller;
  ASSERT_TRUE(out.for_each_case([&](const CaseRecord& record) {
    lines[record.id] = record.line;
    if (record.shrunk_from) smaller.push_back(record.line + " of " + lines.at(*record.shrunk_from));
  }));
  EXPECT_THAT(smaller, ElementsAre("case 1 smaller of case 1", "case 3 smaller of case 3",
                                   "case 0 smaller of case 0", "case 2 smaller of case 2"));
}

TEST_F(Merging, OtherRunsStayApart) {
  const auto merged =
      Store::merge({store("a.db", "", {0}), store("b.db", R"({"seed":8})", {0}, false, "text"),
                    store("c.db", "", {}, true, "text")},
                   file("out.db"));
  ASSERT_TRUE(merged.has_value()) << merged.error().what;
  const Store out = Store::open_readonly(file("out.db")).value();
  const auto runs = out.runs().value();
  ASSERT_THAT(runs, SizeIs(3));
  EXPECT_TRUE(runs[0].finished);
  EXPECT_FALSE(runs[1].finished);
  EXPECT_EQ(out.kept("power.mutant").value().at("m"), "text");
  EXPECT_EQ(out.kept(kept_plans).value().at("2"), R"({"seed":8})");
}

TEST_F(Merging, AMissingShardIsNamedAndMayBeLeftOut) {
  const std::vector<fs::path> stores{store("a.db", shard(1, 4), {0}), store("c.db", shard(3, 4), {2})};
  EXPECT_THAT(error_of(stores), HasSubstr("missing: of the 4 shards of the run of seed 7, 2, 4; expected"));
  const auto merged = Store::merge(stores, file("out.db"), true);
  ASSERT_TRUE(merged.has_value()) << merged.error().what;
  EXPECT_FALSE(Store::open_readonly(file("out.db"))->runs().value()[0].finished);
}

TEST_F(Merging, AnUnfinishedShardLeavesTheRunUnfinished) {
  ASSERT_TRUE(Store::merge({store("a.db", shard(1, 2), {0}), store("b.db", shard(2, 2), {1}, false)},
                           file("out.db")));
  EXPECT_FALSE(Store::open_readonly(file("out.db"))->runs().value()[0].finished);
}

TEST_F(Merging, WhatCannotBeIsOneLineAndLeavesNothing) {
  const fs::path good = store("a.db", shard(1, 2), {0}), again = store("again.db", shard(1, 2), {0}),
                 kept = store("kept.db", "", {}, true, "one"),
                 other = store("other.db", "", {}, true, "another");
  EXPECT_THAT(error_of({good, again}),
              HasSubstr("again.db: shard 1 of 2 of seed 7, expected each shard once"));
  EXPECT_THAT(error_of({kept, kept}), HasSubstr("given twice"));
  EXPECT_THAT(error_of({kept, other}), HasSubstr("other.db: keeps another 'power.mutant m'"));
  EXPECT_THAT(error_of({kept, file("nowhere.db")}), HasSubstr("no such file"));
  std::ofstream(file("foreign.db"))
      << "no store at all, but a text that is long enough to be read as a header of one";
  EXPECT_THAT(error_of({kept, file("foreign.db")}), HasSubstr("not a store"));
  SQLite::Database(kept.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version=3");
  EXPECT_THAT(error_of({kept}), HasSubstr("a store of version 3, expected at most 2"));
  ASSERT_TRUE(Store::merge({other}, file("there.db")));
  EXPECT_THAT(Store::merge({other}, file("there.db")).error().what, HasSubstr("is there already"));
}

}  // namespace
}  // namespace flashdiff
