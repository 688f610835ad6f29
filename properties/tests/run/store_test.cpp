#include "harness/run/store.h"

#include <csignal>
#include <fstream>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/run/verdict_json.h"
#include "properties/tests/run/any_verdict.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

CaseRecord passed(std::uint64_t index) {
  CaseRecord record;
  record.index = index;
  record.line = "fd1 b=1";
  record.backend = "b";
  record.verdict = verdict::Pass{{{{TensorRole::o, 0.5}, {TensorRole::lse, 0.25}}}};
  record.labels = {"layout:left"};
  return record;
}

std::vector<CaseRecord> cases_of(const Store& store) {
  std::vector<CaseRecord> cases;
  const auto read = store.for_each_case([&cases](CaseRecord record) { cases.push_back(std::move(record)); });
  EXPECT_TRUE(read) << read.error().what;
  return cases;
}

/// All that a store keeps of a record but its row.
std::string text_of(const CaseRecord& r) {
  return nlohmann::json{r.index,         r.line,
                        r.backend,       r.device,
                        r.repro_options, json_of(r.verdict),
                        r.device_ms,     r.reference_ms,
                        r.labels,        r.shrunk_from.value_or(-1),
                        r.shrink_steps}
      .dump();
}

class StoreFile : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  const fs::path file_ = folder_.path() / "run.db";

  std::string error_of_opening() {
    const auto store = Store::open(file_);
    return store ? "opened" : store.error().what;
  }
  std::string error_of_reading() {
    const auto store = Store::open_readonly(file_);
    return store ? "opened" : store.error().what;
  }
};

RC_GTEST_FIXTURE_PROP(StoreFile, KeepsRecordsAsTheyAre, ()) {
  const auto records = *rc::gen::container<std::vector<CaseRecord>>(test::any_record());
  fs::remove(file_);
  {
    auto store = Store::open(file_);
    RC_ASSERT(store.has_value());
    const auto run = store->begin_run({});
    RC_ASSERT(run.has_value());
    std::optional<std::int64_t> before;
    for (CaseRecord record : records) {
      record.shrunk_from = before;
      before = store->append(*run, record).value();
    }
  }
  const auto cases = cases_of(Store::open_readonly(file_).value());
  RC_ASSERT(cases.size() == records.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CaseRecord expected = records[i];
    if (i > 0) expected.shrunk_from = cases[i - 1].id;
    RC_ASSERT(text_of(cases[i]) == text_of(expected));
  }
}

TEST_F(StoreFile, RunsAreAddedAndTheirContextsKept) {
  RunContext context{"0.1.0", "0123+changes", "host", "cpu \"x\"", "os",   "GCC",
                     "13.0",  "dev",          "drv",  "check --x", "2026", 0};
  context.seed = 0xffffffffffffffffu;
  {
    auto store = Store::open(file_).value();
    const auto run = store.begin_run(context).value();
    (void)store.append(run, passed(0)).value();
    ASSERT_TRUE(store.end_run(run, true));
  }
  {
    auto store = Store::open(file_).value();
    (void)store.append(store.begin_run({}).value(), passed(1)).value();  // and is killed
  }
  const auto store = Store::open_readonly(file_).value();
  const auto runs = store.runs().value();
  ASSERT_THAT(runs, SizeIs(2));
  EXPECT_TRUE(runs[0].finished);
  EXPECT_FALSE(runs[1].finished);
  EXPECT_EQ(runs[0].context.seed, context.seed);
  EXPECT_EQ(runs[0].context.cpu, context.cpu);
  EXPECT_EQ(runs[0].context.command_line, context.command_line);
  EXPECT_THAT(cases_of(store), SizeIs(2));
}

TEST_F(StoreFile, TextIsKeptByKindAndNameAndReplaced) {
  {
    auto store = Store::open(file_).value();
    for (const char* text : {"first", "second"}) ASSERT_TRUE(store.keep("mutant", "b", text));
    ASSERT_TRUE(store.keep("mutant", "a", "other"));
    ASSERT_TRUE(store.keep("kernel", "a", "of another kind"));
  }
  using Texts = std::map<std::string, std::string>;
  EXPECT_EQ(Store::open_readonly(file_)->kept("mutant").value(), (Texts{{"a", "other"}, {"b", "second"}}));
  EXPECT_EQ(Store::open_readonly(file_)->kept("nothing").value(), Texts{});
}

/// As the first flashdiff wrote it, with a run of a pass.
void make_version_1(const fs::path& file) {
  SQLite::Database sql(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  sql.exec(R"(
    PRAGMA journal_mode=WAL; PRAGMA application_id=0x66647374; PRAGMA user_version=1;
    CREATE TABLE runs (
      id INTEGER PRIMARY KEY, context TEXT NOT NULL, finished INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE cases (
      id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id), draw INTEGER NOT NULL, line TEXT NOT NULL,
      backend TEXT NOT NULL, device TEXT NOT NULL, options TEXT NOT NULL, kind TEXT NOT NULL, verdict TEXT NOT NULL, device_ms REAL NOT NULL,
      reference_ms REAL NOT NULL, labels TEXT NOT NULL, shrunk_from INTEGER REFERENCES cases(id),
      shrink_steps INTEGER NOT NULL);
    INSERT INTO runs(context, finished) VALUES ('{"host":"old","seed":7}', 1);
    INSERT INTO cases(run, draw, line, backend, device, options, kind, verdict, device_ms, reference_ms, labels, shrink_steps)
      VALUES (1, 0, 'fd1 b=1', 'b', 'cpu', '', 'pass', '{"kind":"pass","use":{"o":0.5}}', 1.5, 0.5, '["layout:left"]', 0);)");
}
int version_of(const fs::path& file) {
  return SQLite::Database(file.string()).execAndGet("PRAGMA user_version").getInt();
}
void expect_the_old_case(const Store& store) {
  const auto cases = cases_of(store);
  ASSERT_THAT(cases, SizeIs(1));
  EXPECT_EQ(cases[0].line, "fd1 b=1");
  EXPECT_EQ(cases[0].device_ms, 1.5);
  EXPECT_STREQ(name_of(cases[0].verdict), "pass");
  EXPECT_EQ(store.runs().value().at(0).context.host, "old");
}

TEST_F(StoreFile, AnOldStoreIsReadAsItIsAndBroughtHereWhereItIsWritten) {
  make_version_1(file_);
  {
    const auto store = Store::open_readonly(file_).value();
    expect_the_old_case(store);
    EXPECT_TRUE(store.kept("mutant").value().empty());
  }
  EXPECT_EQ(version_of(file_), 1);
  const fs::path both = folder_.path() / "both.db", young = folder_.path() / "young.db";
  { (void)Store::open(young)->begin_run({}).value(); }
  ASSERT_TRUE(Store::merge({file_, young}, both));
  EXPECT_EQ(version_of(file_), 1);
  EXPECT_EQ(version_of(both), 2);
  expect_the_old_case(Store::open_readonly(both).value());
  {
    auto store = Store::open(file_).value();
    expect_the_old_case(store);
    ASSERT_TRUE(store.keep("mutant", "a", "new"));
    (void)store.append(store.begin_run({}).value(), passed(1)).value();
  }
  EXPECT_EQ(version_of(file_), 2);
  EXPECT_THAT(cases_of(Store::open_readonly(file_).value()), SizeIs(2));
}

TEST_F(StoreFile, AMigrationIsAllOrNothing) {
  make_version_1(file_);
  // What stands in its way: not a table, and no index can be made of it either.
  SQLite::Database(file_.string(), SQLite::OPEN_READWRITE).exec("CREATE INDEX kept ON runs(finished)");
  EXPECT_THAT(error_of_opening(), HasSubstr("kept"));
  EXPECT_EQ(version_of(file_), 1);
  expect_the_old_case(Store::open_readonly(file_).value());
}

TEST_F(StoreFile, ManyMayBringItHereAtOnce) {
  make_version_1(file_);
  std::vector<std::string> said(8);
  {
    std::vector<std::jthread> together;
    for (std::string& one : said) together.emplace_back([this, &one] { one = error_of_opening(); });
  }
  EXPECT_THAT(said, ::testing::Each(std::string("opened")));
  EXPECT_EQ(version_of(file_), 2);
}

TEST_F(StoreFile, WhatIsNoStoreIsLeftAlone) {
  const std::string text = "dear diary, this is no database at all, however long it may be\n";
  std::ofstream(file_) << text;
  for (const std::string& error : {error_of_opening(), error_of_reading()})
    EXPECT_THAT(error, AllOf(HasSubstr(file_.string()), HasSubstr("not a store"),
                             HasSubstr("flashdiff check --store")));
  std::ifstream back(file_);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(back), {}), text);
}

TEST_F(StoreFile, AnotherProgramsDatabaseIsLeftAlone) {
  {
    SQLite::Database(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE cases(x)");
  }
  for (const std::string& error : {error_of_opening(), error_of_reading()})
    EXPECT_THAT(error, HasSubstr("not a store"));
  SQLite::Database theirs(file_.string());
  EXPECT_EQ(theirs.execAndGet("SELECT count(*) FROM sqlite_master").getInt(), 1);
}

TEST_F(StoreFile, ANewerVersionIsNamed) {
  { ASSERT_TRUE(Store::open(file_)); }
  { SQLite::Database(file_.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version=7"); }
  for (const std::string& error : {error_of_opening(), error_of_reading()})
    EXPECT_THAT(error, HasSubstr("a store of version 7, expected at most 2: a newer flashdiff"));
}

TEST_F(StoreFile, ADamagedStoreIsNoPass) {
  {
    auto store = Store::open(file_).value();
    (void)store.append(store.begin_run({}).value(), passed(0)).value();
  }
  {
    SQLite::Database(file_.string(), SQLite::OPEN_READWRITE)
        .exec("UPDATE cases SET verdict='{\"kind\":\"fine\"}'");
  }
  const auto store = Store::open_readonly(file_).value();
  const auto read = store.for_each_case([](const CaseRecord&) { FAIL() << "nothing can be read"; });
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().what, AllOf(HasSubstr("case 1"), HasSubstr("'fine' is no verdict")));
}

TEST_F(StoreFile, ATruncatedStoreIsSaid) {
  {
    auto store = Store::open(file_).value();
    const auto run = store.begin_run({}).value();
    for (std::uint64_t i = 0; i < 500; ++i) (void)store.append(run, passed(i)).value();
  }
  fs::resize_file(file_, fs::file_size(file_) / 2);
  const auto store = Store::open_readonly(file_);
  const auto read =
      store ? store->for_each_case([](const CaseRecord&) {}) : tl::unexpected<Error>(store.error());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(read.error().what, HasSubstr("damaged"));
}

TEST_F(StoreFile, NoSuchFileAndNoSuchFolder) {
  EXPECT_THAT(error_of_reading(), HasSubstr("no such file"));
  const auto store = Store::open(folder_.path() / "no" / "such" / "folder.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(store.error().what, HasSubstr("cannot be opened"));
}

TEST_F(StoreFile, NoPermissionToWrite) {
  { ASSERT_TRUE(Store::open(file_)); }
  fs::permissions(file_, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  fs::permissions(folder_.path(), fs::perms::all & ~(fs::perms::group_write | fs::perms::others_write));
  const bool root = geteuid() == 0;
  ASSERT_EQ(seteuid(root ? 65534 : geteuid()), 0);  // nobody
  const std::string error = error_of_opening();
  ASSERT_EQ(seteuid(root ? 0 : geteuid()), 0);
  EXPECT_THAT(error, HasSubstr(file_.string()));
  EXPECT_THAT(error, HasSubstr("permission"));
}

/// Appends until it is stopped, in a process of its own; returns how it ended.
template <class BeforeAppending>
int append_in_child(const fs::path& file, BeforeAppending prepare, int report) {
  const pid_t child = fork();
  if (child == 0) {
    prepare();
    auto store = Store::open(file).value();
    const auto run = store.begin_run({}).value();
    for (std::uint64_t i = 0;; ++i) {
      const auto id = store.append(run, passed(i));
      if (!id) {
        [[maybe_unused]] auto n = write(report, id.error().what.data(), id.error().what.size());
        _exit(id.error().kind == ErrorKind::bad_input ? 2 : 3);
      }
      [[maybe_unused]] auto n = write(report, "x", 1);
    }
  }
  return child;
}

TEST_F(StoreFile, AKillLosesAtMostTheCaseInFlight) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int child = append_in_child(
      file_, [] {}, ends[1]);
  close(ends[1]);
  std::size_t told = 0;
  char byte = 0;
  while (told < 200 && read(ends[0], &byte, 1) == 1) ++told;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (read(ends[0], &byte, 1) == 1) ++told;
  close(ends[0]);
  ASSERT_GE(told, 200u);
  const auto store = Store::open_readonly(file_).value();
  const auto cases = cases_of(store);
  EXPECT_GE(cases.size(), told) << "each was told after it was stored";
  EXPECT_LE(cases.size(), told + 1);
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(cases[i].index, i);
  EXPECT_FALSE(store.runs().value()[0].finished);
}

TEST_F(StoreFile, AFullDiskIsSaidAndLosesNothing) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto small_disk = [] {  // no file may grow beyond this
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{400'000, 400'000};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  const int child = append_in_child(file_, small_disk, ends[1]);
  close(ends[1]);
  std::string said;
  for (char byte = 0; read(ends[0], &byte, 1) == 1;) said += byte;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 2) << said;
  const std::size_t told = said.find_first_not_of('x');
  ASSERT_NE(told, std::string::npos);
  EXPECT_THAT(said.substr(told), HasSubstr(file_.string()));
  const auto cases = cases_of(Store::open_readonly(file_).value());
  EXPECT_GE(cases.size(), 50u);
  EXPECT_EQ(cases.size(), told);
}

}  // namespace
}  // namespace flashdiff
