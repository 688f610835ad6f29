#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/score/score.h"
#include "properties/power/choice.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

// Testing the tests: a tenth of the planted bugs of properties/mutants, at least one of each kernel, is
// hunted as `flashdiff power` hunts all of them; each must be found, shrunk and explained as its file says.

namespace flashdiff {
namespace {

std::vector<std::string> chosen() {
  const auto all = read_mutants(FLASHDIFF_SOURCE_DIR "/properties/mutants");
  if (!all) throw std::runtime_error(all.error().what);
  std::vector<std::string> names;
  for (const Mutant& mutant : power::a_tenth_of(*all)) names.push_back(mutant.name);
  return names;
}

class Mutants : public ::testing::TestWithParam<std::string> {};

TEST_P(Mutants, IsFoundShrunkAndExplained) {
  const test::TemporaryFolder folder;
  const auto json = (folder.path() / "power.json").string();
  const auto said =
      test::flashdiff({"power", "--mutant", GetParam(), "--no-other-rules", "--jobs", "1", "--json", json});
  std::cout << said.out << said.err;
  ASSERT_EQ(said.code, 0);
  const auto told = nlohmann::json::parse(std::ifstream(json));
  const auto mutant = power::hunted_of(told.at("mutants").at(0).dump());
  ASSERT_TRUE(mutant.has_value()) << mutant.error().what;
  if (mutant->kill) std::cout << mutant->smallest.value().explanation << "\n";
  EXPECT_TRUE(mutant->as_expected());
  EXPECT_THAT(mutant->unlike, ::testing::IsEmpty());
}

// Those that take what an earlier call left in the workspace are seen by cases that have such a call, and by
// nothing else that a case may have.
TEST(MutantsOf, AnEarlierCallSurviveCasesWithoutOne) {
  const test::TemporaryFolder folder;
  const auto json = (folder.path() / "power.json").string();
  const auto said = test::flashdiff(
      {"power", "--mutant", "d_of_the_call_before,dq_sum_zeroed_once,largest_of_the_call_before", "--without",
       "call-before", "--cases", "100", "--no-other-rules", "--json", json});
  std::cout << said.out << said.err;
  EXPECT_EQ(said.code, 1);  // mutants survive
  const auto told = nlohmann::json::parse(std::ifstream(json));
  ASSERT_EQ(told.at("mutants").size(), 3u);
  for (const auto& mutant : told.at("mutants")) {
    const auto hunted = power::hunted_of(mutant.dump());
    ASSERT_TRUE(hunted.has_value()) << hunted.error().what;
    EXPECT_FALSE(hunted->kill.has_value()) << hunted->mutant;
    EXPECT_GT(hunted->judged, 30u) << hunted->mutant;
  }
}

INSTANTIATE_TEST_SUITE_P(Planted, Mutants, ::testing::ValuesIn(chosen()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace flashdiff
