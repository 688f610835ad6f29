#include <csignal>
#include <fstream>
#include <map>

#include <gmock/gmock.h>

#include "harness/run/store.h"
#include "properties/power/images.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using test::flashdiff;
using test::lines_of;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string line = "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f16 lay=left q=5 kv=5 mask=none data=normal seed=0x";

class Nightly : public ::testing::Test {
 protected:
  Nightly() { fs::create_directory(corpus_); }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
    return (folder_.path() / name).string();
  }
  /// `nightly` by this profile, in a folder of the test's own.
  [[nodiscard]] std::vector<std::string> call(const std::string& profile,
                                              const std::string& more = "") const {
    std::vector<std::string> words{"nightly", "--config", write("profile.toml", profile), "--out", night_};
    if (!more.empty()) words.push_back(more);
    return words;
  }
  [[nodiscard]] std::string with_corpus(const std::string& rest) const {
    return "device = \"soft\"\n[corpus]\nfolder = \"" + corpus_.string() + "\"\n" + rest;
  }
  /// Case -> how often the night's store has it, of those that are no smaller ones.
  [[nodiscard]] std::map<std::string, int> stored() const {
    std::map<std::string, int> lines;
    const auto store = Store::open_readonly(fs::path(night_) / "night.db");
    if (!store) return lines;
    EXPECT_TRUE(store->for_each_case([&](const CaseRecord& record) {
      if (!record.shrunk_from) ++lines[record.line + " by " + record.backend];
    }));
    return lines;
  }
  test::TemporaryFolder folder_;
  const fs::path corpus_ = folder_.path() / "corpus";
  const std::string night_ = (folder_.path() / "night").string();
};

constexpr const char* kTenOfOne = "[[check]]\nbackend = \"flash_forward_simt\"\nseed = 7\ncases = 10\n";

TEST_F(Nightly, RunsTheCorpusFirstThenWhatTheProfileSaysAndReports) {
  std::ofstream(corpus_ / "edges.cases") << "# found in some night\n\n" << line << "1\n  " << line << "2  \n";
  const auto said = flashdiff(call(with_corpus(kTenOfOne)));
  EXPECT_EQ(said.code, 0) << said.err;
  const auto corpus = said.err.find("1/3 corpus, forward"), checked = said.err.find("2/3 check 1, forward");
  EXPECT_LT(corpus, checked) << said.err;
  EXPECT_THAT(said.err, AllOf(ContainsRegex("PASS 2/3 check 1, forward: [0-9]+ cases judged, 0 failed"),
                              HasSubstr("==> 3/3 report"), HasSubstr("0 cases failed so far")));
  EXPECT_TRUE(fs::exists(fs::path(night_) / "site" / "index.html"));
  const auto cases = stored();
  EXPECT_EQ(cases.count(line + "2 by flash_forward"), 1U);
  EXPECT_EQ(flashdiff(call(with_corpus(kTenOfOne))).code, 2) << "a night that is there is not written into";
}

TEST_F(Nightly, AnEmptyCorpusIsToldAndTheRestRuns) {
  const auto said = flashdiff(call(with_corpus(kTenOfOne)));
  EXPECT_EQ(said.code, 2) << said.err;
  EXPECT_THAT(said.err, AllOf(HasSubstr("no case in it"), HasSubstr("PASS 2/3 check 1")));
}

TEST_F(Nightly, ALineOfTheCorpusThatIsNoCaseIsToldAndTheRestRuns) {
  std::ofstream(corpus_ / "bad.cases") << line << "1\nfd1 b=1 sequence=3\n";
  const auto said = flashdiff(call(with_corpus(kTenOfOne)));
  EXPECT_EQ(said.code, 2) << said.err;
  EXPECT_THAT(said.err, AllOf(HasSubstr("bad.cases:2: "), HasSubstr("PASS 2/3 check 1")));
}

TEST_F(Nightly, AWrongKernelIsTheWorstOfAll) {
  const auto images = power::Images::open(power::workshop_of_this_build()).value();
  const auto mutant =
      read_mutant(FLASHDIFF_SOURCE_DIR "/properties/mutants/tail_keys_scored_zero.toml").value();
  const std::string image = mutant.kernel + "=" + images.of(mutant).value().ptx.string();
  const auto said = flashdiff(call(std::string(kTenOfOne) + "[[check]]\nbackend = \"" + mutant.kernel +
                                   "\"\nimage = \"" + image + "\"\nseed = 7\ncases = 30\n" + kTenOfOne));
  EXPECT_EQ(said.code, 1) << said.err;
  EXPECT_THAT(said.err, AllOf(HasSubstr("FAIL 2/4 check 2, forward"), HasSubstr("PASS 3/4 check 3, forward"),
                              Not(HasSubstr("==> 3/4 check 3, forward: 0 cases failed so far"))));
  EXPECT_THAT(said.out, HasSubstr("fd1 ")) << "the smallest failing case";
}

TEST_F(Nightly, GoesOnWhereItWasEnded) {
  const std::string profile =
      std::string(kTenOfOne) + "[[check]]\nbackend = \"flash_forward_simt\"\nseed = 8\ncases = 60\n";
  const auto some = [this] { return stored().size() > 25; };
  const auto ended = test::flashdiff_with_signal(call(profile), SIGTERM, some);
  ASSERT_EQ(ended.code, 5) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("goes on with: nightly --resume --out"));
  const auto other = flashdiff(call(profile + kTenOfOne, "--resume"));
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("of another profile"));
  const auto went_on = flashdiff(call(profile, "--resume"));
  EXPECT_EQ(went_on.code, 0) << went_on.err;
  EXPECT_THAT(went_on.err, ContainsRegex("1/3 check 1, forward: [0-9]+ cases judged, 0 failed \\(before\\)"));
  const auto cases = stored();
  EXPECT_THAT(cases, SizeIs(70));
  for (const auto& [name, times] : cases) EXPECT_EQ(times, 1) << name;
  EXPECT_EQ(flashdiff(call(profile, "--resume")).code, 2) << "it has come to its end";
}

TEST_F(Nightly, WhatAKillInterruptedGoesOnAsWell) {
  const std::string profile = "[[check]]\nbackend = \"flash_forward_simt\"\nseed = 8\ncases = 40\n";
  const auto killed =
      test::flashdiff_with_signal(call(profile), SIGKILL, [this] { return stored().size() > 5; });
  ASSERT_EQ(killed.code, -SIGKILL) << killed.err;
  EXPECT_EQ(flashdiff(call(profile, "--resume")).code, 0);
  const auto cases = stored();
  EXPECT_THAT(cases, SizeIs(40));
  for (const auto& [name, times] : cases) EXPECT_EQ(times, 1) << name;
}

TEST_F(Nightly, MeasuresWhichPaddingSideIsSafeAndPassesItOn) {
  const auto said = flashdiff(call(std::string(kTenOfOne) + "[generation]\nsteps = 1\n"));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, ContainsRegex("PASS 2/3 padding side: [0-9]+ combinations, [1-9][0-9]* not safe"));
  EXPECT_TRUE(fs::exists(fs::path(night_) / "generation.json"));
  EXPECT_TRUE(fs::exists(fs::path(night_) / "site" / "generation.html"));
}

TEST_F(Nightly, AsksCudnnWhereItIsThereAndSaysSoWhereNot) {
  // A GPU that no profile describes is an error of the step; the rest of the night runs.
  const auto wrong = flashdiff(call(std::string(kTenOfOne) + "[support]\ngpus = [\"sm_1\"]\n"));
  EXPECT_EQ(wrong.code, 2) << wrong.err;
  EXPECT_THAT(wrong.err, AllOf(ContainsRegex("BROKEN 2/3 support: .*sm_1"), HasSubstr("PASS 1/3 check 1")));
}

TEST_F(Nightly, InSmallNoCheckTakesLongerThanIsSaid) {
  const std::string profile =
      "device = \"soft\"\n[[check]]\nbackend = \"flash_forward_simt\"\ntime = \"8h\"\n"
      "[[check]]\nbackend = \"flash_forward_simt\"\ncases = 1000000\n";
  auto words = call(profile, "--brief=1s");
  const auto said = flashdiff(words);
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, AllOf(HasSubstr("in small"), ContainsRegex("PASS 1/3 check 1, forward: [0-9]+ cases"),
                              ContainsRegex("PASS 2/3 check 2, forward: [0-9]+ cases")));
  EXPECT_THAT(stored(), Not(IsEmpty()));
  words.back() = "--brief=soon";
  EXPECT_EQ(flashdiff(words).code, 2);
}

struct WrongProfile {
  const char *name, *text;
  std::vector<std::string> words;
  friend std::ostream& operator<<(std::ostream& out, const WrongProfile& wrong) { return out << wrong.name; }
};
class WrongProfiles : public Nightly, public ::testing::WithParamInterface<WrongProfile> {};

TEST_P(WrongProfiles, AreOneLine) {
  const auto said = flashdiff(call(GetParam().text));
  EXPECT_EQ(said.code, 2) << said.err;
  EXPECT_THAT(said.out, IsEmpty());
  const auto lines = lines_of(said.err);
  ASSERT_THAT(lines, SizeIs(1)) << said.err;
  EXPECT_THAT(lines[0], HasSubstr("profile.toml"));
  for (const std::string& word : GetParam().words) EXPECT_THAT(lines[0], HasSubstr(word));
  EXPECT_FALSE(fs::exists(night_)) << "nothing is made";
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongProfiles,
    ::testing::Values(
        WrongProfile{"NoToml", "device =", {"line 1"}},
        WrongProfile{"UnknownKey", "devise = \"soft\"", {"unknown key 'devise'", "device", "corpus"}},
        WrongProfile{"UnknownDevice", "device = \"tpu\"", {"'device'", "gpu"}},
        WrongProfile{"UnknownKeyOfCorpus", "[corpus]\nfile = \"x\"", {"[corpus]", "'file'", "folder"}},
        WrongProfile{"CorpusIsNoTable", "corpus = 5", {"'corpus'", "[corpus]"}},
        WrongProfile{"UnknownKeyOfCheck",
                     "[[check]]\ncases = 5\n[[check]]\ncase = 5",
                     {"[[check]] 2", "'case'", "cases"}},
        WrongProfile{"UnknownLayoutOfCheck",
                     "[[check]]\ncases = 5\nlayout = [\"left\", \"middle\"]",
                     {"[[check]] 1", "middle"}},
        WrongProfile{"NoNumberOfCases", "[[check]]\ncases = \"many\"", {"[[check]] 1", "many"}},
        WrongProfile{"CheckWithoutAnEnd", "[[check]]\nseed = 7", {"[[check]] 1", "no end", "time or cases"}},
        WrongProfile{"CheckIsOneTable", "[check]\ncases = 7", {"'check'", "[[check]]"}},
        WrongProfile{"UnknownMutants", "[power]\nmutants = \"some\"", {"[power]", "tenth or all"}},
        WrongProfile{"UnknownKeyOfBench", "[bench]\ntime = \"x\"", {"[bench]", "'time'", "times"}},
        WrongProfile{"UnknownKeyOfGeneration", "[generation]\nstep = 5", {"[generation]", "'step'", "steps"}},
        WrongProfile{
            "NoStepsOfGeneration", "[generation]\nsteps = 0", {"[generation]", "'steps'", "from 1 on"}},
        WrongProfile{"UnknownKeyOfSupport", "[support]\ngpu = \"sm_90\"", {"[support]", "'gpu'", "gpus"}},
        WrongProfile{"TextForNames", "[support]\ngpus = \"sm_90\"", {"[support]", "'gpus'", "names"}},
        WrongProfile{"NumberForText", "[bench]\ntimes = 5", {"[bench]", "'times'", "text"}}),
    [](const auto& wrong) { return wrong.param.name; });

TEST_F(Nightly, ProfilesOfTheTreeAreReadable) {
  // An unfinished night of them is refused before anything runs, and after they were read.
  fs::create_directory(night_);
  std::ofstream(fs::path(night_) / "night.db") << "is there";
  for (const char* profile : {"smoke", "nightly", "soak"}) {
    const auto said = flashdiff({"nightly", "--profile", profile, "--out", night_});
    EXPECT_EQ(said.code, 2);
    EXPECT_THAT(said.err, HasSubstr("is there already")) << profile;
  }
  EXPECT_THAT(flashdiff({"nightly", "--profile", "weekend"}).err,
              HasSubstr("--profile weekend: expected one of: "));
}

}  // namespace
}  // namespace flashdiff
