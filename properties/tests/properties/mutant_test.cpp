#include "properties/mutants/mutant.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/power/cases.h"
#include "properties/power/choice.h"

namespace flashdiff {
namespace {

using ::testing::HasSubstr;

constexpr const char* kWhole = R"(
title    = "tail keys scored 0"
kernel   = "flash_forward"
file     = "kernels/flash.cu"
find     = "-INFINITY"
replace  = "0.0f"
evidence = "somewhere#1"
expected = "mismatch"
says     = "score 0"
)";

std::string plus(const std::string& line) { return std::string(kWhole) + line + "\n"; }

std::string with(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Mutant, MaySayHowTheSoftwareDriverRunsAndHowSmallItGets) {
  const auto mutant = parse_mutant(
      plus("soft = \"late-copies=on\"\ncolumns = 16\nheads = 2\nrows = 130\nonly = \"f16_d32\""), "x.toml");
  ASSERT_TRUE(mutant.has_value()) << mutant.error().what;
  EXPECT_EQ(mutant->soft, "late-copies=on");
  EXPECT_EQ(mutant->columns, 16);
  EXPECT_EQ(mutant->rows, 130);
  EXPECT_EQ(mutant->heads, 2);
  EXPECT_EQ(mutant->only, "f16_d32");
  for (const char* line : {"soft = \"late\"", "soft = 1", "columns = 1", "columns = \"x\"", "rows = 1",
                           "heads = 0", "colums = 16", "only = \"\"", "only = 1"})
    EXPECT_FALSE(parse_mutant(plus(line), "x.toml").has_value()) << line;
}

TEST(Mutant, CasesAreThoseOfItsEntries) {
  const auto cases_of = [](const std::string& only) {
    return power::cases_for(parse_mutant(plus("only = \"" + only + "\""), "x.toml").value());
  };
  const CaseOptions options = cases_of("f16_d32 bf16_d64_mod").value().options;
  EXPECT_THAT(options.dtypes, ::testing::ElementsAre(DType::f16, DType::bf16));
  EXPECT_EQ(options.largest_head_dim, 64);
  EXPECT_TRUE(power::cases_for(parse_mutant(kWhole, "x.toml").value())->options.dtypes.empty());
  EXPECT_FALSE(cases_of("f16_d32").value().options.may_have(Extra::sink));
  EXPECT_TRUE(cases_of("f16_d32 f16_d64_r16_mod").value().options.may_have(Extra::sink));
  EXPECT_EQ(cases_of("half_f16_any").value().options.largest_head_dim, 128);
  EXPECT_THAT(cases_of("half_f16_any").value().forms, ::testing::ElementsAre(RopeForm::half));
  for (const char* only : {"f17_d32", "d64", "f16d64"})
    EXPECT_THAT(cases_of(only).error().what, HasSubstr(only));
}

TEST(Mutant, CasesAreOfItsKernelsPass) {
  const auto first_of = [](const std::string& kernel) {
    const Mutant mutant = parse_mutant(with(kWhole, "flash_forward", kernel), "x.toml").value();
    return power::draw(1, 0, power::cases_for(mutant).value()).value();
  };
  EXPECT_EQ(first_of("flash_forward").problem.pass, Pass::forward);
  EXPECT_EQ(first_of("flash_backward").problem.pass, Pass::backward);
  Mutant append =
      parse_mutant(with(plus("only = \"interleaved_f16\""), "flash_forward", "append_kv"), "x.toml").value();
  for (std::uint64_t index = 0; index < 40; ++index) {
    const Case c = power::draw(1, index, power::cases_for(append).value()).value();
    EXPECT_TRUE(validated(c).has_value()) << print(c);
    EXPECT_EQ(c.problem.dtype, DType::f16);
    EXPECT_EQ(c.problem.rope ? c.problem.rope->form : RopeForm::interleaved, RopeForm::interleaved);
  }
  for (const char* kernel : {"flash_forward", "flash_decode", "flash_backward", "append_kv"}) {
    const Case c = first_of(kernel);
    EXPECT_TRUE(validated(c).has_value()) << print(c);
    EXPECT_EQ(first_of(kernel), c);
  }
  EXPECT_THAT(
      power::cases_for(parse_mutant(with(kWhole, "flash_forward", "flash"), "x.toml").value()).error().what,
      HasSubstr("flash_backward"));
}

TEST(Mutant, IsReadFromItsFile) {
  const auto mutant = parse_mutant(kWhole, "x.toml");
  ASSERT_TRUE(mutant.has_value()) << mutant.error().what;
  EXPECT_EQ(mutant->title, "tail keys scored 0");
  EXPECT_EQ(mutant->kernel, "flash_forward");
  EXPECT_EQ(mutant->name, "x");
  EXPECT_EQ(mutant->find, "-INFINITY");
  EXPECT_EQ(mutant->says, "score 0");
}

TEST(Mutant, WhatIsMissingUnknownOrNoTomlIsNamed) {
  EXPECT_THAT(parse_mutant(with(kWhole, "evidence", "# evidence"), "x.toml").error().what,
              HasSubstr("'evidence'"));
  EXPECT_THAT(parse_mutant(with(kWhole, "\"kernels/flash.cu\"", "\"\""), "x.toml").error().what,
              HasSubstr("'file'"));
  EXPECT_THAT(parse_mutant(std::string(kWhole) + "more = \"x\"\n", "x.toml").error().what,
              HasSubstr("9 keys"));
  EXPECT_THAT(parse_mutant("title = ", "x.toml").error().what, HasSubstr("x.toml: line 1"));
  EXPECT_THAT(read_mutant("/nowhere/x.toml").error().what, HasSubstr("/nowhere/x.toml"));
}

TEST(Mutant, IsPlantedOnce) {
  const auto mutant = parse_mutant(kWhole, "x.toml").value();
  EXPECT_EQ(planted(mutant, "s = seen ? x : -INFINITY;").value(), "s = seen ? x : 0.0f;");
  EXPECT_THAT(planted(mutant, "s = x;").error().what, HasSubstr("no match"));
  EXPECT_THAT(planted(mutant, "m = -INFINITY; s = -INFINITY;").error().what, HasSubstr("more than once"));
  Mutant same = mutant;
  same.replace = same.find;
  EXPECT_FALSE(planted(same, "s = -INFINITY;").has_value());
}

TEST(Mutant, EachOfThemMatchesItsSourceExactlyOnce) {
  const auto mutants = read_mutants(FLASHDIFF_SOURCE_DIR "/properties/mutants");
  ASSERT_TRUE(mutants.has_value()) << mutants.error().what;
  for (const Mutant& mutant : *mutants) {
    const auto with_bug = planted_in(FLASHDIFF_SOURCE_DIR, mutant);
    EXPECT_TRUE(with_bug.has_value()) << mutant.name << ": " << with_bug.error().what;
    EXPECT_TRUE(power::cases_for(mutant).has_value()) << mutant.name;
  }
}

TEST(Mutant, ATenthOfThemIsChosenByName) {
  std::vector<Mutant> all;
  for (int i = 0; i < 1000; ++i) {
    Mutant mutant = parse_mutant(kWhole, "mutant" + std::to_string(i) + ".toml").value();
    mutant.kernel = i < 995 ? "many" : "few";
    mutant.only = "f16_d32";
    all.push_back(mutant);
  }
  const auto names = [](const std::vector<Mutant>& mutants) {
    std::vector<std::string> found;
    for (const Mutant& mutant : mutants) found.push_back(mutant.name);
    return found;
  };
  const auto chosen = power::a_tenth_of(all);
  EXPECT_GT(chosen.size(), 70u);
  EXPECT_LT(chosen.size(), 130u);
  EXPECT_EQ(chosen.back().kernel, "few") << "at least one of each kernel";
  all[0].only.clear();
  all[0].kernel = "slow";
  EXPECT_EQ(power::a_tenth_of(all).front().kernel, "slow") << "its only one";
  all[0].kernel = "few";
  EXPECT_EQ(names(power::a_tenth_of(all)).back(), names(chosen).back());
  all[0] = parse_mutant(kWhole, "mutant0.toml").value();
  all[0].kernel = "many";
  all[0].only = "f16_d32";
  std::ranges::reverse(all);
  auto again = names(power::a_tenth_of(all));
  std::ranges::reverse(again);
  EXPECT_EQ(again, names(chosen));
}

}  // namespace
}  // namespace flashdiff
