#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/run/store.h"
#include "harness/score/score.h"
#include "properties/power/hash.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::flashdiff;
using test::lines_of;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// A mutant of flash_forward_simt's narrowest entry: nvcc makes it in a second.
std::string toml(const std::string& find, const std::string& replace, const std::string& more = "") {
  return "title = \"planted by a test\"\nkernel = \"flash_forward_simt\"\nfile = "
         "\"kernels/flash_forward_simt.cu\"\n"
         "find = \"" +
         find + "\"\nreplace = \"" + replace +
         "\"\nonly = \"f32_d32\"\n"
         "evidence = \"power_test.cpp\"\nexpected = \"mismatch\"\nsays = \"mask\"\n" +
         more;
}
const std::string mask_shift =
    "work.shift = p.mask.bottom_right ? work.sequence.kv_len - work.sequence.q_len : 0;";
const std::string equivalent = toml(mask_shift, mask_shift + " /* changes nothing */");
const std::string wrong = toml(mask_shift, "work.shift = 0;");

class Power : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  /// Not where people's own mutants lie; kept, since nvcc takes a second for each.
  const std::string cache_ = FLASHDIFF_BINARY_DIR "/mutants_of_tests";
  const fs::path json_ = folder_.path() / "power.json", store_ = folder_.path() / "power.db";

  void plant(const std::string& name, const std::string& text) {
    fs::create_directories(folder_.path() / "mutants");
    std::ofstream(folder_.path() / "mutants" / (name + ".toml")) << text;
  }
  /// `power` on the mutants that were planted, if any.
  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> more) const {
    more.insert(more.begin(), {"power", "--json", json_.string(), "--jobs", "2", "--cache", cache_});
    if (fs::exists(folder_.path() / "mutants"))
      more.insert(more.end(), {"--mutants", (folder_.path() / "mutants").string()});
    return more;
  }
  [[nodiscard]] json told() const { return json::parse(std::ifstream(json_)); }
};

TEST_F(Power, WhatCannotBeIsOneLine) {
  plant("here", wrong);
  plant("unmatched", toml("no such text", "x"));
  const auto refused = [this](int code, const std::vector<std::string>& more, const std::string& says) {
    const auto said = flashdiff(words(more));
    EXPECT_EQ(said.code, code) << says;
    EXPECT_THAT(lines_of(said.err), SizeIs(1)) << said.err;
    EXPECT_THAT(said.err, HasSubstr(says));
    EXPECT_THAT(said.out, IsEmpty());
  };
  refused(2, {"--mutant", "here,nowhere"},
          "--mutant nowhere: no such mutant, expected some of: here, unmatched");
  refused(2, {"--mutant", "unmatched"}, "no match for 'no such text'");
  refused(2, {"--mutant", "here", "--resume"}, "--store");
  refused(2, {"--mutant", "here", "--cases", "0"}, "--cases: Value 0 not in range 1 to 1000000");
  for (const char* part : {"0/2", "3/2", "1", "1/x"}) refused(2, {"--part", part}, "K/N");
  refused(3, {"--mutant", "here", "--nvcc", "/nowhere/nvcc"},
          "/nowhere/nvcc: does not run, expected the nvcc of");
  for (const auto& [flag, says] : {std::pair{"--sources", "expected flashdiff's sources"},
                                   {"--cache", "expected a folder for compiled mutants"}}) {
    const auto said = flashdiff({"power", flag, "/proc/nowhere"});
    EXPECT_EQ(said.code, 3);
    EXPECT_THAT(lines_of(said.err), SizeIs(1)) << said.err;
    EXPECT_THAT(said.err, HasSubstr(says));
  }
}

TEST_F(Power, AMutantIsKilledExplainedAndReproduced) {
  plant("wrong", wrong);
  const fs::path corpus = folder_.path() / "failures.cases";
  const auto said = flashdiff(words({"--cases", "40", "--corpus", corpus.string()}));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, AllOf(HasSubstr("killed wrong by case"), HasSubstr("PASS: 1 of 1 mutant killed")));
  EXPECT_THAT(said.out, AllOf(HasSubstr("power_test.cpp"), HasSubstr("mismatch: O"), HasSubstr("repro 'fd1 "),
                              HasSubstr("FlashAttention 2"), HasSubstr("0 false alarms")));
  const json mutant = told().at("mutants").at(0);
  EXPECT_EQ(mutant["kill"]["rule"], "mismatch");
  EXPECT_THAT(mutant["unlike"], IsEmpty()) << mutant;
  EXPECT_EQ(told()["score"]["killed"], 1);
  // The corpus it leaves is what `check` takes, and has the case that shows it and nothing else.
  std::ostringstream cases;
  cases << std::ifstream(corpus).rdbuf();
  EXPECT_THAT(cases.str(), HasSubstr("\n# flash_forward_simt: "));
  EXPECT_THAT(cases.str(), ::testing::EndsWith("\n" + mutant["smallest"]["line"].get<std::string>() + "\n"));
  const auto checked = flashdiff({"check", "--backend", "flash_forward_simt", "--corpus", corpus.string()});
  EXPECT_EQ(checked.code, 0) << checked.err;
  // What the table says to run shows the failure.
  std::istringstream options(mutant["options"].get<std::string>());
  std::vector<std::string> repro{"repro", mutant["smallest"]["line"]};
  for (std::string word; options >> word;) {
    std::erase(word, '\'');
    repro.push_back(word);
  }
  const auto again = flashdiff(repro);
  EXPECT_EQ(again.code, 1) << again.err;
  EXPECT_THAT(again.out, HasSubstr("as if the causal mask were aligned top-left"));
}

TEST_F(Power, ASurvivorIsAFailureButWhereItIsArguedToBeEquivalent) {
  plant("same", equivalent);
  const auto said = flashdiff(words({"--cases", "12"}));
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err, AllOf(HasSubstr("SURVIVED same: 12 cases"), HasSubstr("FAIL: 0 of 1 mutant killed")));
  plant("same", equivalent + "equivalent = \"a comment is no code\"\n");
  const auto argued = flashdiff(words({"--cases", "12"}));
  EXPECT_EQ(argued.code, 0) << argued.err;
  EXPECT_THAT(argued.out, AllOf(HasSubstr("survived, as argued"), HasSubstr("a comment is no code")));
  plant("same", wrong + "equivalent = \"a claim that is not so\"\n");
  EXPECT_EQ(flashdiff(words({"--cases", "40"})).code, 1) << "it is killed";
}

TEST_F(Power, WhatDoesNotCompileIsNamedAndTheOthersAreHunted) {
  plant("broken", toml(mask_shift, "work.shift = no_such_name;"));
  plant("wrong", wrong);
  const auto said = flashdiff(words({"--cases", "40", "--no-other-rules"}));
  EXPECT_EQ(said.code, 3);
  EXPECT_THAT(said.err, AllOf(HasSubstr("BROKEN broken: does not compile"), HasSubstr("no_such_name"),
                              HasSubstr("killed wrong")));
}

/// Here by a limit of instructions that no launch keeps: what "kills" the mutant is no fault of its.
TEST_F(Power, AFalseAlarmIsAnErrorOfTheWhole) {
  plant("same", equivalent + "soft = \"instruction-limit=100\"\n");
  const auto said = flashdiff(words({"--cases", "5"}));
  EXPECT_EQ(said.code, 3);
  EXPECT_THAT(said.err,
              AllOf(HasSubstr("FALSE ALARM flash_forward_simt f32_d32"), HasSubstr("FAIL: 1 of 1")));
  EXPECT_THAT(said.out, HasSubstr("the kernel as it is fails there, too"));
}

/// What a loop without end costs is the launch's limit of instructions, not the time limit of a case.
TEST_F(Power, AMutantThatNeverEndsIsKilled) {
  plant("endless", toml(mask_shift, "while (p.mask.bottom_right) __nanosleep(1); work.shift = 0;"));
  const auto said = flashdiff(words({"--cases", "40", "--no-other-rules"}));
  EXPECT_EQ(told()["score"]["killed"], 1) << said.err;
  EXPECT_THAT(said.out, HasSubstr("fault"));
}

TEST_F(Power, AKilledRunGoesOnWhereItWas) {
  plant("same", equivalent);
  plant("wrong", wrong);
  const std::vector<std::string> settings{"--cases", "60", "--store", store_.string()};
  ASSERT_EQ(flashdiff(words(settings)).code, 1);
  const json whole = told();
  fs::remove(store_);
  const auto cases_kept = [this] {
    if (!fs::exists(store_)) return std::uint64_t{0};
    const auto store = Store::open_readonly(store_);
    if (!store) return std::uint64_t{0};
    const auto kept = store->kept(power::kept_mutants);
    const auto same = kept ? kept->find("same") : decltype(kept->end()){};
    return kept && same != kept->end() ? power::hunted_of(same->second)->cases : 0;
  };
  const auto killed =
      test::flashdiff_with_signal(words(settings), SIGKILL, [&] { return cases_kept() > 10; });
  EXPECT_EQ(killed.code, -SIGKILL);
  EXPECT_GT(cases_kept(), 10u);
  auto again = settings;
  again.emplace_back("--resume");
  EXPECT_EQ(flashdiff(words(again)).code, 1);
  json resumed = told(), expected = whole;
  EXPECT_LE(resumed["examined"].get<int>(), expected["examined"].get<int>() - 10);
  // The same outcome, but for the clock.
  for (json* one : {&resumed, &expected})
    for (json& mutant : one->at("mutants")) {
      for (const char* time : {"seconds", "compile_seconds"}) mutant.erase(time);
      if (mutant.contains("kill")) mutant["kill"].erase("seconds");
    }
  EXPECT_EQ(resumed["mutants"], expected["mutants"]);
  EXPECT_EQ(resumed["kernels"], expected["kernels"]);
  EXPECT_EQ(resumed["score"], expected["score"]);
  const std::string site = (folder_.path() / "site").string();
  ASSERT_EQ(flashdiff({"report", store_.string(), "-o", site}).code, 0);
  std::ostringstream page;
  page << std::ifstream(site + "/power.html").rdbuf();
  EXPECT_THAT(page.str(),
              AllOf(HasSubstr("Planted bugs"), HasSubstr("power_test.cpp"), HasSubstr("survived")));
}

TEST_F(Power, PartsAreAllOfThem) {
  for (const char* name : {"a", "b", "c"}) plant(name, wrong);
  std::vector<std::string> names;
  for (const char* part : {"1/2", "2/2"}) {
    ASSERT_EQ(flashdiff(words({"--part", part, "--cases", "40", "--no-other-rules"})).code, 0);
    const json all = told();
    for (const json& mutant : all["mutants"]) names.push_back(mutant["mutant"]);
  }
  std::ranges::sort(names);
  EXPECT_THAT(names, ::testing::ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace flashdiff
