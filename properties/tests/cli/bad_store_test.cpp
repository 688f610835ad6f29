#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include "harness/run/store.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using test::flashdiff;
using test::lines_of;
using test::run_program;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<std::string> check(const std::string& store, const std::vector<std::string>& more) {
  std::vector<std::string> words{"check",   "--backend", "flash_forward_simt", "--corpus", "none",
                                 "--store", store};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string bytes_of(const fs::path& file) {
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

class Stores : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  [[nodiscard]] std::string sound(const std::string& name, const std::string& seed = "5") const {
    EXPECT_EQ(flashdiff(check(path(name), {"--cases", "12", "--seed", seed})).code, 0);
    return path(name);
  }
  [[nodiscard]] static std::size_t cases_in(const std::string& store) {
    std::size_t count = 0;
    const auto opened = Store::open_readonly(store);
    EXPECT_TRUE(opened) << opened.error().what;
    if (!opened) return count;
    EXPECT_TRUE(opened->for_each_case([&](const CaseRecord&) { ++count; }));
    return count;
  }
  test::TemporaryFolder folder_;
};

/// What happened to a store, and what a user must read of it.
struct Damage {
  const char* name;
  void (*done)(const fs::path&);
  const char* word;
  friend std::ostream& operator<<(std::ostream& out, const Damage& damage) { return out << damage.name; }
};
class DamagedStore : public Stores, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedStore, IsOneLineOfEveryCommandAndStaysAsItIs) {
  const std::string good = sound("good.db");
  fs::create_directory(path("night"));
  const std::string bad = path("night/night.db");
  fs::copy_file(good, bad);
  GetParam().done(bad);
  const std::string before = bytes_of(bad);
  std::ofstream(path("profile.toml")) << "[[check]]\ncases = 1\n";
  for (const std::vector<std::string>& call : std::vector<std::vector<std::string>>{
           check(bad, {"--cases", "1"}),
           check(bad, {"--cases", "1", "--resume"}),
           {"report", bad, "-o", path("site")},
           {"compare", good, bad},
           {"compare", bad, good},
           {"merge", good, bad, "-o", path("out.db")},
           {"nightly", "--config", path("profile.toml"), "--resume", "--out", path("night")}}) {
    const auto said = flashdiff(call);
    SCOPED_TRACE(call[0] + ": " + said.err);
    EXPECT_EQ(said.code, 2);
    EXPECT_THAT(said.out, IsEmpty());
    const auto lines = lines_of(said.err);
    ASSERT_THAT(lines, SizeIs(1));
    EXPECT_THAT(lines[0], StartsWith("flashdiff: "));
    EXPECT_THAT(lines[0], HasSubstr("night.db"));
    EXPECT_THAT(lines[0], HasSubstr(GetParam().word));
    EXPECT_EQ(bytes_of(bad), before) << "nothing that is stored is lost";
  }
  EXPECT_FALSE(fs::exists(path("out.db")));
}

INSTANTIATE_TEST_SUITE_P(
    Each, DamagedStore,
    ::testing::Values(
        Damage{"Truncated", [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); },
               "a damaged one"},
        Damage{"CutWithinItsHead", [](const fs::path& file) { fs::resize_file(file, 50); }, "not a store"},
        Damage{"OfAnotherProgram",
               [](const fs::path& file) {
                 fs::remove(file);
                 SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
                     .exec("CREATE TABLE t(x)");
               },
               "not a store"},
        Damage{"OfANewerSchema",
               [](const fs::path& file) {
                 SQLite::Database sql(file.string(), SQLite::OPEN_READWRITE);
                 sql.exec("PRAGMA user_version=99");
                 sql.exec("PRAGMA wal_checkpoint(TRUNCATE)");
               },
               "a store of version 99, expected at most 2"}),
    [](const auto& damage) { return damage.param.name; });

TEST_F(Stores, OnAFullDiskARunEndsInALineAndGoesOnLater) {
  const std::string store = path("run.db");
  // A shell that lets no file grow beyond 200 blocks of 512 bytes, and takes no signal for it.
  const std::string call =
      std::string(FLASHDIFF_BINARY_DIR "/flashdiff") +
      " check --backend flash_forward_simt --corpus none --cases 400 --seed 5 --progress none --store " +
      store;
  const auto full = run_program({"/bin/sh", "-c", "trap '' XFSZ; ulimit -f 200; exec " + call}, {});
  EXPECT_EQ(full.code, 2) << full.err;
  const auto lines = lines_of(full.err);
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines.back(), HasSubstr("run.db"));
  EXPECT_THAT(lines.back(), AnyOf(HasSubstr("the disk is full"), HasSubstr("cannot be read or written")));
  const std::size_t before = cases_in(store);
  EXPECT_GE(before, 5U);
  const auto on = flashdiff(check(store, {"--cases", "400", "--seed", "5", "--resume"}));
  EXPECT_EQ(on.code, 0) << on.err;
  EXPECT_EQ(cases_in(store), 400U);
}

TEST_F(Stores, TwoRunsAtOnceKeepAllCasesOfBoth) {
  const std::string store = path("run.db");
  test::Said second;
  const auto first = test::flashdiff_with_signal(check(store, {"--time", "10m", "--seed", "6"}), SIGINT, [&] {
    std::size_t cases = 0;  // none in a file that is only being made
    if (const auto begun = Store::open_readonly(store)) {
      EXPECT_TRUE(begun->for_each_case([&](const CaseRecord&) { ++cases; }));
    }
    if (cases < 5) return false;
    second = flashdiff(check(store, {"--cases", "60", "--seed", "7"}));
    return true;
  });
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(first.code, 5) << first.err;
  const auto opened = Store::open_readonly(store).value();
  const auto runs = opened.runs().value();
  ASSERT_THAT(runs, SizeIs(2));
  std::size_t of_second = 0;
  ASSERT_TRUE(opened.for_each_case([&](const CaseRecord&) { ++of_second; }, runs[1].id));
  EXPECT_EQ(of_second, 60U);
  EXPECT_FALSE(runs[0].finished);
  EXPECT_TRUE(runs[1].finished);
}

TEST_F(Stores, AClockThatJumpsMovesNoDeadlineAndLosesNoCase) {
  const std::vector<std::string> jumps{"LD_PRELOAD=" FLASHDIFF_JUMPING_CLOCK,
                                       "ASAN_OPTIONS=verify_asan_link_order=0"};
  const std::string store = path("run.db");
  const auto counted = flashdiff(check(store, {"--cases", "30", "--seed", "5"}), jumps);
  EXPECT_EQ(counted.code, 0) << counted.err;
  EXPECT_EQ(cases_in(store), 30U);
  const auto start = std::chrono::steady_clock::now();
  const auto timed = flashdiff(check(store, {"--time", "2s", "--seed", "6"}), jumps);
  const auto passed = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(timed.code, 0) << timed.err;
  EXPECT_GT(cases_in(store), 30U);
  EXPECT_GE(passed, std::chrono::seconds(2)) << "an hour ahead did not end it at once";
  EXPECT_LT(passed, std::chrono::minutes(2)) << "and an hour back not never";
  EXPECT_EQ(flashdiff({"report", store, "-o", path("site")}, jumps).code, 0);
}

}  // namespace
}  // namespace flashdiff
