#include "harness/cli/terminal.h"

#include <map>

#include <gtest/gtest.h>

namespace flashdiff::cli {
namespace {

Environment of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

bool colour(const char* flag, bool is_terminal, std::map<std::string, std::string> variables) {
  return terminal_of({flag, "auto"}, is_terminal, of(std::move(variables))).colour;
}

TEST(Colour, FirstHitWins) {
  EXPECT_TRUE(colour("auto", true, {}));
  EXPECT_FALSE(colour("auto", false, {}));
  EXPECT_TRUE(colour("always", false, {{"NO_COLOR", "1"}}));
  EXPECT_FALSE(colour("never", true, {{"FORCE_COLOR", "1"}}));
  EXPECT_FALSE(colour("auto", true, {{"NO_COLOR", "1"}, {"FORCE_COLOR", "1"}}));
  EXPECT_TRUE(colour("auto", true, {{"NO_COLOR", ""}})) << "no-color.org: not empty";
  EXPECT_TRUE(colour("auto", false, {{"FORCE_COLOR", "1"}}));
  EXPECT_TRUE(colour("auto", false, {{"CLICOLOR_FORCE", "1"}}));
  EXPECT_FALSE(colour("auto", false, {{"CLICOLOR_FORCE", "0"}}));
  EXPECT_FALSE(colour("auto", true, {{"TERM", "dumb"}}));
}

ProgressStyle progress(const char* flag, bool is_terminal, std::map<std::string, std::string> variables) {
  return terminal_of({"auto", flag}, is_terminal, of(std::move(variables))).progress;
}

TEST(Progress, ALiveLineOnlyWhereSomebodyLooks) {
  EXPECT_EQ(progress("auto", true, {}), ProgressStyle::bar);
  EXPECT_EQ(progress("auto", false, {}), ProgressStyle::plain);
  EXPECT_EQ(progress("auto", true, {{"CI", "true"}}), ProgressStyle::plain);
  EXPECT_EQ(progress("auto", true, {{"TERM", "dumb"}}), ProgressStyle::plain);
  EXPECT_EQ(progress("bar", false, {{"CI", "true"}}), ProgressStyle::bar);
  EXPECT_EQ(progress("none", true, {}), ProgressStyle::none);
}

}  // namespace
}  // namespace flashdiff::cli
