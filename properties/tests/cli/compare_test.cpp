#include <fstream>

#include <gmock/gmock.h>

#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using test::flashdiff;
using ::testing::HasSubstr;

class Compare : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  [[nodiscard]] std::string bench(const std::string& name, const std::string& wavefronts) const {
    std::ofstream(file(name)) << R"({"benchmarks": [{"name": "figures/k/loop", "run_type": "iteration",
      "wavefronts_over_ideal": )"
                              << wavefronts << "}]}";
    return file(name);
  }
  test::TemporaryFolder folder_;
};

TEST_F(Compare, RunsOfTheSameCasesAreNothingWorseAndOthersHaveNothingInCommon) {
  for (const auto& [name, seed] : {std::pair{"a.db", "5"}, {"b.db", "5"}, {"c.db", "6"}})
    ASSERT_EQ(flashdiff({"check", "--corpus", "none", "--cases", "20", "--seed", seed, "--backend",
                         "flash_forward_simt", "--store", file(name)})
                  .code,
              0);
  const auto same = flashdiff({"compare", file("a.db"), file("b.db"), "--gate"});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("20 cases in both, 20 as before"));
  EXPECT_THAT(same.err, HasSubstr("NOTHING WORSE: 0 new failures, 0 lost passes in 20 cases"));
  EXPECT_EQ(flashdiff({"compare", file("a.db"), file("c.db")}).code, 5);
  const auto counters = flashdiff({"compare", file("a.db"), file("b.db"), "--bench", bench("x.json", "1"),
                                   bench("y.json", "2"), "--gate"});
  EXPECT_EQ(counters.code, 4) << "only a counter is worse";
  EXPECT_THAT(counters.err, HasSubstr("1 of 1 counter worse"));
}

TEST_F(Compare, CountersGateByThemselves) {
  const std::string was = bench("was.json", "1"), is = bench("is.json", "1.005");
  EXPECT_EQ(flashdiff({"compare", was, is}).code, 0) << "without --gate it tells";
  EXPECT_EQ(flashdiff({"compare", was, is, "--gate"}).code, 4);
  EXPECT_EQ(flashdiff({"compare", was, is, "--gate", "--threshold", "0.01"}).code, 0);
}

TEST_F(Compare, WhatCannotBeComparedIsOneLine) {
  const std::string json = bench("x.json", "1");
  ASSERT_EQ(
      flashdiff({"check", "--cases", "1", "--seed", "5", "--backend", "reference", "--store", file("a.db")})
          .code,
      0);
  const auto mixed = flashdiff({"compare", file("a.db"), json});
  EXPECT_EQ(mixed.code, 2);
  EXPECT_THAT(mixed.err, HasSubstr("expected two stores, or two files of `flashdiff bench -o`"));
  EXPECT_THAT(flashdiff({"compare", "/nowhere", json}).err, HasSubstr("/nowhere: cannot be read"));
  EXPECT_EQ(flashdiff({"compare", json}).code, 2);
}

}  // namespace
}  // namespace flashdiff
