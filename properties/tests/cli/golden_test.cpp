#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/power/images.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using test::flashdiff;
using ::testing::HasSubstr;

const fs::path committed = FLASHDIFF_SOURCE_DIR "/kernels/golden";
const std::string loop = "flash_forward/d64/main_loop";

/// In a build by another nvcc than the golden counters are of there is nothing to be held to.
bool of_another_nvcc(const test::Said& said) {
  return said.err.find("the golden counters are of nvcc") != std::string::npos;
}
#define SKIP_WITH_ANOTHER_NVCC(said) \
  if (of_another_nvcc(said)) GTEST_SKIP() << "SKIPPED: " << (said).err.substr((said).err.find("INCOMPLETE"))

/// The main loops, registers and spills of all kernels, and a shape of each kind: 8 s of a processor. The
/// rest takes a minute: `flashdiff bench --check-golden`.
TEST(Golden, CountersAreAsCommitted) {
  const auto said = flashdiff(
      {"bench", "--check-golden", "--filter", "main_loop|ptxas|fill25|full_pages16|split|append1_"});
  SKIP_WITH_ANOTHER_NVCC(said);
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, HasSubstr("NOTHING WORSE"));
}

TEST(Golden, ALostSwizzleIsSeen) {
  Mutant lost;
  lost.name = "lost_swizzle";
  lost.title = "rows lie in shared memory as they come: right, and 8 times as slow to read";
  lost.kernel = "flash_forward";
  lost.file = "kernels/tiles.cuh";
  lost.find = "return row / (8 / kWidth) % kWidth; }";
  lost.replace = "return 0 * row; }";
  lost.only = "f16_d64";
  const auto image = power::Images::open(power::workshop_of_this_build()).value().of(lost);
  ASSERT_TRUE(image) << image.error().what;
  const auto said = flashdiff(
      {"bench", "--check-golden", "--filter", loop, "--image", "flash_forward=" + image->ptx.string()});
  SKIP_WITH_ANOTHER_NVCC(said);
  EXPECT_EQ(said.code, 4) << said.err;
  EXPECT_THAT(said.err, HasSubstr("WORSE flash_forward/d64/main_loop: wavefronts_over_ideal 1 -> 6.76"));
}

class GoldenFolder : public ::testing::Test {
 protected:
  GoldenFolder() { fs::copy(committed, folder_.path() / "golden"); }
  [[nodiscard]] test::Said bench(const std::string& how, const std::string& filter) const {
    return flashdiff({"bench", how, "--filter", filter, "--golden", golden_});
  }
  /// Another text in a golden file.
  void edit(const std::string& from, const std::string& to) const {
    const fs::path file = fs::path(golden_) / "flash_forward.toml";
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    std::string all = text.str();
    const auto at = all.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    std::ofstream(file) << all.replace(at, from.size(), to);
  }
  [[nodiscard]] static std::string nvcc_of(const std::string& file) {
    return nlohmann::json::parse(std::ifstream(file))["context"]["nvcc"];
  }
  test::TemporaryFolder folder_;
  const std::string golden_ = (folder_.path() / "golden").string();
};

TEST_F(GoldenFolder, OfAnotherNvccIsHeldAgainstNobodyAndSaysSo) {
  for (const auto& file : fs::directory_iterator(golden_))
    std::ofstream(file.path()) << "nvcc = \"11.8.89\"\n[\"d64/main_loop\"]\nwarp_instructions = 1\n";
  const auto said = bench("--check-golden", loop);
  EXPECT_EQ(said.code, 5);
  EXPECT_THAT(said.err, HasSubstr("the golden counters are of nvcc 11.8.89, these kernels of"));
  const auto some = bench("--update-golden", loop);
  EXPECT_EQ(some.code, 2) << "a folder of two compilers' counters is of no use";
  EXPECT_THAT(some.err, HasSubstr("expected all of them anew"));
}

TEST_F(GoldenFolder, CompareHoldsAFileOfBenchToIt) {
  for (const auto& file : fs::directory_iterator(golden_)) fs::remove(file.path());
  const std::string counted = (folder_.path() / "counted.json").string();
  ASSERT_EQ(flashdiff({"bench", "--device", "soft", "--filter", loop, "-o", counted}).code, 0);
  std::ofstream(fs::path(golden_) / "flash_forward.toml")
      << "nvcc = \"" << nvcc_of(counted) << "\"\n[\"d64/main_loop\"]\nwarp_instructions = 20000\n";
  const auto worse = flashdiff({"compare", golden_, counted, "--gate"});
  EXPECT_EQ(worse.code, 4) << worse.err;
  EXPECT_THAT(worse.out, HasSubstr("| figures/flash_forward/d64/main_loop | ❌ warp_instructions | 20000 |"));
  std::ofstream(fs::path(golden_) / "flash_forward.toml", std::ios::app) << "[\"d64/gone\"]\nproducts = 1\n";
  EXPECT_EQ(flashdiff({"compare", golden_, counted, "--gate", "--threshold", "1"}).code, 5)
      << "an entry that nobody counts any more is no pass";
  edit("nvcc = \"", "nvcc = \"1");
  const auto other = flashdiff({"compare", golden_, counted, "--gate"});
  EXPECT_EQ(other.code, 5);
  EXPECT_THAT(other.out, HasSubstr("Counters are no gate here: the golden counters are of nvcc 1"));
}

TEST_F(GoldenFolder, AnEntryWithoutGoldenCountersIsNoPass) {
  if (of_another_nvcc(bench("--check-golden", loop)))
    GTEST_SKIP() << "SKIPPED: golden counters of another nvcc";
  edit("[\"d64/main_loop\"]", "[\"d64/old_name\"]");
  const auto said = bench("--check-golden", loop);
  EXPECT_EQ(said.code, 5);
  EXPECT_THAT(said.err, HasSubstr("figures/flash_forward/d64/main_loop: has no golden counters"));
  ASSERT_EQ(bench("--update-golden", loop).code, 0);
  EXPECT_EQ(bench("--check-golden", loop).code, 0);
}

}  // namespace
}  // namespace flashdiff
