#include "harness/compare/golden.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "properties/tests/run/temporary_folder.h"

namespace flashdiff::compare {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class GoldenFiles : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
  }
  [[nodiscard]] std::string error() const {
    const auto read = read_golden(folder_.path());
    return read ? "" : read.error().what;
  }
  test::TemporaryFolder folder_;
};

TEST_F(GoldenFiles, ComeBackAsTheyWereButForWhatFollowsFromOthers) {
  const Golden kept{"13.0.88",
                    {{"figures/one/d64/main_loop",
                      {{"warp_instructions", 20544},
                       {"wavefronts_over_ideal", 1.0018399264029438},
                       {"warp_instructions_a_product", 4.5},
                       {"issued_over_needed", 1},
                       {"bound_tflops_RTX 4090", 100},
                       {"useful_flops", 5e9},
                       {"dense_over_needed", 2}}},
                     {"figures/two/ptxas/two_f16_d64/sm_80", {{"registers", 233}}},
                     {"check/one/random_cases", {{"cases", 3}}}}};
  ASSERT_TRUE(write_golden(folder_.path(), kept));
  const Golden read = read_golden(folder_.path()).value();
  EXPECT_EQ(read.nvcc, "13.0.88");
  EXPECT_THAT(read.counters,
              UnorderedElementsAre(
                  Pair("figures/one/d64/main_loop",
                       UnorderedElementsAre(Pair("warp_instructions", 20544),
                                            Pair("wavefronts_over_ideal", 1.0018399264029438))),
                  Pair("figures/two/ptxas/two_f16_d64/sm_80", UnorderedElementsAre(Pair("registers", 233)))));
}

TEST_F(GoldenFiles, AreOneCounterALineSoThatADifferenceReads) {
  ASSERT_TRUE(
      write_golden(folder_.path(),
                   {"13.0.88", {{"figures/one/d64/seq2048", {{"local_sectors", 0}, {"products", 4608}}}}}));
  std::stringstream text;
  text << std::ifstream(folder_.path() / "one.toml").rdbuf();
  EXPECT_THAT(text.str(),
              HasSubstr("nvcc = \"13.0.88\"\n\n[\"d64/seq2048\"]\nlocal_sectors = 0\nproducts = 4608\n"));
}

TEST_F(GoldenFiles, AFileOfAnotherKernelStays) {
  ASSERT_TRUE(write_golden(folder_.path(), {"13.0.88", {{"figures/one/x", {{"products", 1}}}}}));
  ASSERT_TRUE(write_golden(folder_.path(), {"13.0.88", {{"figures/two/x", {{"products", 2}}}}}));
  EXPECT_EQ(read_golden(folder_.path()).value().counters.size(), 2U);
}

TEST_F(GoldenFiles, WhatIsNoneIsToldByName) {
  EXPECT_THAT(error(), HasSubstr("no golden counters there"));
  write("a.toml", "nvcc = ");
  EXPECT_THAT(error(), HasSubstr("a.toml: line 1"));
  write("a.toml", "[\"d64/seq2048\"]\nproducts = 1\n");
  EXPECT_THAT(error(), HasSubstr("'nvcc', expected the compiler's version"));
  write("a.toml", "nvcc = \"13\"\nnvc = \"13\"\n");
  EXPECT_THAT(error(), HasSubstr("'nvc', expected nvcc, or a shape's counters"));
  write("a.toml", "nvcc = \"13\"\n[x]\nproducts = \"many\"\n");
  EXPECT_THAT(error(), HasSubstr("'products', expected a number"));
  write("a.toml", "nvcc = \"13\"\n");
  write("b.toml", "nvcc = \"12\"\n");
  EXPECT_THAT(error(), HasSubstr("expected one version in all files"));
}

}  // namespace
}  // namespace flashdiff::compare
