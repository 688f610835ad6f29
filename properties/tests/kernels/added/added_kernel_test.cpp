#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>

#include "properties/power/images.h"
#include "properties/power/program.h"

// kernels/README.md, "To add a kernel", followed: what its lines made of the example (CMakeLists.txt) goes
// through the whole harness by its remaining lines, and does not where a bug is planted in it.

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const fs::path tree = ADDED_KERNEL_TREE;  ///< has kernels/ and build/flashdiff, as a checkout does

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// Of README's block, what comes after the line that builds.
std::vector<std::string> lines_after_the_build() {
  const std::string text = text_of(FLASHDIFF_SOURCE_DIR "/kernels/README.md");
  const std::string from = "\ncmake --build build --target flashdiff\n";
  const auto begin = text.find(from) + from.size();
  std::istringstream block(text.substr(begin, text.find("```", begin) - begin));
  std::vector<std::string> lines;
  for (std::string line; std::getline(block, line);) lines.push_back(line);
  return lines;
}

power::Ended said(const std::string& line) {
  return power::run_program({"/bin/sh", "-ec", "cd '" + tree.string() + "'; NO_COLOR=1 " + line}).value();
}

/// "PASS: 60 cases judged" -> 60; 0 where it says no such thing.
int judged_in(const std::string& text) {
  std::smatch found;
  return std::regex_search(text, found, std::regex("PASS: ([0-9]+) cases judged, 0 failed"))
             ? std::stoi(found[1])
             : 0;
}

TEST(AddedKernel, PassesByTheLinesOfTheReadme) {
  const std::vector<std::string> lines = lines_after_the_build();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], AllOf(StartsWith("build/flashdiff check"), HasSubstr("--soft check=all")));
  const power::Ended checked = said(lines[0]);
  EXPECT_EQ(checked.code, 0) << checked.said;
  EXPECT_GE(judged_in(checked.said), 60) << checked.said;

  EXPECT_THAT(lines[1], StartsWith("build/flashdiff repro"));
  const power::Ended again = said(lines[1]);
  EXPECT_EQ(again.code, 0) << again.said;
  EXPECT_THAT(again.said, HasSubstr("forward_by_row"));
}

TEST(AddedKernel, IsNamedToUsersAndSaysWhatItDoesNotTake) {
  EXPECT_THAT(said("build/flashdiff backends").said, HasSubstr("forward_by_row"));
  const power::Ended softcap = said(
      "build/flashdiff repro --backend forward_by_row 'fd1 b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=5 kv=7 "
      "mask=none softcap=30 data=normal seed=0x1'");
  EXPECT_THAT(softcap.said, HasSubstr("has no softcap, ALiBi or sink"));
}

/// One for the budget, and one each for two detectors.
TEST(AddedKernel, FailsWhereABugIsPlantedInIt) {
  struct Planted {
    const char *name, *find, *replace, *says;
  };
  power::Workshop workshop = power::workshop_of_this_build();
  workshop.sources = tree;
  const auto images = power::Images::open(workshop);
  ASSERT_TRUE(images) << images.error().what;
  for (const Planted& one :
       {Planted{"sum_not_rescaled", "l = alpha * l + weight;", "l = l + weight;", "outside of their budgets"},
        Planted{"key_behind_the_last", "diagonal + p.mask.right + 1);", "diagonal + p.mask.right + 1) + 1;",
                "padding read"},
        Planted{"idle_lanes_leave", "if (query >= sequence.q_len) return;",
                "if (query >= sequence.q_len || column_of(0) >= p.d_qk) return;",
                "member mask names lanes that are not there"}}) {
    Mutant mutant;
    mutant.name = one.name;
    mutant.kernel = "forward_by_row";
    mutant.file = "kernels/forward_by_row.cu";
    mutant.find = one.find;
    mutant.replace = one.replace;
    const auto image = images->of(mutant);
    ASSERT_TRUE(image) << image.error().what;
    const power::Ended checked =
        said(lines_after_the_build()[0] + " --corpus none --image forward_by_row=" + image->ptx.string());
    EXPECT_EQ(checked.code, 1) << one.name << "\n" << checked.said;
    EXPECT_THAT(checked.said, HasSubstr(one.says)) << one.name;
  }
}

}  // namespace
}  // namespace flashdiff
