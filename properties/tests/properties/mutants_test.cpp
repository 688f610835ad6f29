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

INSTANTIATE_TEST_SUITE_P(Planted, Mutants, ::testing::ValuesIn(chosen()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace flashdiff
