#include "reports/bench.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "properties/tests/reports/told_by_hand.h"
#include "reports/html.h"
#include "reports/markdown.h"
#include "reports/performance.h"

/// Google Benchmark's JSON → tables of what kernels execute.
namespace flashdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReadBench : public ::testing::Test {
 protected:
  ReadBench()
      : path_(std::filesystem::path(::testing::TempDir()) /
              fmt::format("flashdiff-bench-{}.json", getpid())) {}
  ~ReadBench() override {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Outcome<std::vector<BenchTable>> read(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_bench(path_).map(bench_tables);
  }
  std::filesystem::path path_;
};

const std::string kGood = R"({"context": {}, "benchmarks": [
  {"name": "reference/prefill/forward", "real_time": 1.0},
  {"name": "figures/flash/d64/main_loop/iterations:1", "warp_instructions_a_product": 4.458, "issued_over_needed": 1.4,
   "issued_over_algorithm": 1.0, "wavefronts_over_ideal": 6.76, "read_sectors_over_ideal": 1.0, "local_sectors": 0.0},
  {"name": "figures/flash/d64/seq2048/iterations:1", "label": "bound by A100: tensor cores; H100: shared memory",
   "issued_over_needed": 1.031, "issued_over_tiles": 1.0, "dense_over_needed": 1.0, "wavefronts_over_ideal": 1.0,
   "read_sectors_over_ideal": 1.0, "local_sectors": 0.0, "warp_instructions": 1304896.0,
   "bound_tflops_A100": 302.5, "bound_tflops_H100": 666.5},
  {"name": "figures/flash/ptxas/flash_f16/sm_80/iterations:1", "label": "limited by registers", "registers": 233.0,
   "spill_bytes": 8.0, "shared_bytes": 65536.0, "blocks_a_multiprocessor": 2.0}]})";

TEST_F(ReadBench, ATableForEachKindOfEntry) {
  const auto tables = read(kGood);
  ASSERT_TRUE(tables) << tables.error().what;
  ASSERT_EQ(tables->size(), 4u);
  const BenchTable& loop = (*tables)[0];
  EXPECT_EQ(loop.kernel, "flash");
  EXPECT_EQ(loop.rows.at(0).name, "d64/main_loop");
  EXPECT_THAT(loop.rows.at(0).cells, ElementsAre("4.458", "1.400", "1.000", "6.760", "1.000", "0"));
  EXPECT_TRUE(loop.rows.at(0).off) << "bank conflicts";
  const BenchTable& work = (*tables)[1];
  EXPECT_THAT(work.rows.at(0).cells,
              ElementsAre("1.031", "1.000", "1.00", "1.000", "1.000", "0", "1,304,896"));
  EXPECT_FALSE(work.rows.at(0).off);
  const BenchTable& bounds = (*tables)[2];
  EXPECT_THAT(bounds.columns, ElementsAre("A100", "H100"));
  EXPECT_THAT(bounds.rows.at(0).note, HasSubstr("tensor cores"));
  const BenchTable& ptxas = (*tables)[3];
  EXPECT_EQ(ptxas.rows.at(0).name, "flash_f16/sm_80");
  EXPECT_TRUE(ptxas.rows.at(0).off) << "spills";
}

TEST_F(ReadBench, WhoDecodesIsAskedWhatItReads) {
  const auto tables = read(R"({"benchmarks": [{"name": "figures/decode/d64/full_left/iterations:1",
    "read_bytes_over_cache": 1.0077, "wavefronts_over_ideal": 1.0, "read_sectors_over_ideal": 1.0,
    "written_sectors_over_ideal": 1.0, "local_sectors": 3.0, "warp_instructions": 1200.0}]})");
  ASSERT_TRUE(tables) << tables.error().what;
  EXPECT_EQ(tables->at(0).title, "One new token, by cache");
  EXPECT_THAT(tables->at(0).rows.at(0).cells, ElementsAre("1.008", "1.000", "1.000", "1.000", "3", "1,200"));
  EXPECT_TRUE(tables->at(0).rows.at(0).off) << "local memory";
}

/// Products twice, for dQ: no waste. More than the algorithm has: masked or padded rows.
TEST_F(ReadBench, ALoopIsMeasuredByItsOwnAlgorithm) {
  const auto off = [&](const char* counters) {
    return read(fmt::format(R"({{"benchmarks": [{{"name": "figures/a/d64/main_loop", {}}}]}})", counters))
        .value()
        .at(0)
        .rows.at(0)
        .off;
  };
  EXPECT_FALSE(off(R"("issued_over_needed": 1.4, "issued_over_algorithm": 1.0)"));
  EXPECT_TRUE(off(R"("issued_over_needed": 1.4, "issued_over_algorithm": 1.01)"));
}

/// Two repetitions of one shape, a second shape that did not pass; Google Benchmark's aggregates passed over.
TEST_F(ReadBench, TimesOnAGpuAreTheMedianOfRepetitions) {
  const auto tables = read(R"({"context": {"gpu": "NVIDIA H200", "gpu_l2": "flush"}, "benchmarks": [
    {"name": "gpu/flash/d64/seq2048/iterations:1/repeats:3/manual_time", "run_type": "iteration", "real_time": 52.0,
     "items_per_second": 5e14, "of_tensor_peak": 0.5, "of_memory_peak": 0.01, "sm_megahertz": 1980.0, "watts": 610.0,
     "samples": 20.0, "discarded": 3.0},
    {"name": "gpu/flash/d64/seq2048/iterations:1/repeats:3/manual_time", "run_type": "iteration", "real_time": 50.0,
     "items_per_second": 6e14, "of_tensor_peak": 0.6, "of_memory_peak": 0.01, "sm_megahertz": 1980.0, "watts": 590.0,
     "samples": 20.0, "discarded": 1.0},
    {"name": "gpu/flash/d64/seq2048/iterations:1/repeats:3/manual_time", "run_type": "iteration", "real_time": 57.0,
     "items_per_second": 4e14, "of_tensor_peak": 0.4, "of_memory_peak": 0.01, "sm_megahertz": 1980.0, "watts": 600.0,
     "samples": 20.0, "discarded": 0.0},
    {"name": "gpu/flash/d64/seq2048/iterations:1/repeats:3/manual_time_median", "run_type": "aggregate", "real_time": 1.0},
    {"name": "gpu/flash/d64/fill10_left/iterations:1/repeats:3/manual_time", "run_type": "iteration",
     "error_occurred": true, "error_message": "no time: O is wrong"}]})");
  ASSERT_TRUE(tables) << tables.error().what;
  ASSERT_EQ(tables->size(), 1u);
  EXPECT_EQ(tables->at(0).kernel, "flash");
  EXPECT_EQ(tables->at(0).title, "Time on NVIDIA H200, L2 cache flushed before each launch");
  ASSERT_EQ(tables->at(0).rows.size(), 2u);
  EXPECT_THAT(tables->at(0).rows[0].cells,
              ElementsAre("52.0", "50.0 to 57.0", "500.0", "50.0", "", "1.0", "1980", "600", "4"));
  EXPECT_FALSE(tables->at(0).rows[0].off);
  EXPECT_EQ(tables->at(0).rows[1].note, "no time: O is wrong");
  EXPECT_TRUE(tables->at(0).rows[1].off);
  EXPECT_EQ(tables->at(0).rows[1].cells.size(), tables->at(0).columns.size());
}

/// SIMT kernels have no tiles of products, older files no newer counters: empty cells, no guess.
TEST_F(ReadBench, WhatAFileDoesNotHaveIsLeftEmpty) {
  const auto tables =
      read(R"({"benchmarks": [{"name": "figures/simt/d64/seq2048", "wavefronts_over_ideal": 1.014}]})");
  ASSERT_TRUE(tables) << tables.error().what;
  EXPECT_THAT(tables->at(0).rows.at(0).cells, ElementsAre("", "", "", "1.014", "", "", ""));
}

TEST_F(ReadBench, WhatIsNoBenchFileIsSaid) {
  for (const char* text :
       {"", "{", "[]", R"({"benchmarks": {}})", R"({"benchmarks": [{"name": "reference/x"}]})",
        R"({"benchmarks": [{"real_time": 1}]})",
        R"({"benchmarks": [{"name": "figures/a/b", "local_sectors": "many"}]})"}) {
    const auto tables = read(text);
    ASSERT_FALSE(tables) << text;
    EXPECT_EQ(tables.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(tables.error().what, HasSubstr(path_.string())) << text;
  }
  EXPECT_THAT(read_bench("/nowhere/figures.json").error().what, HasSubstr("flashdiff bench -o FILE"));
}

TEST_F(ReadBench, PageAndSummaryShowTheTables) {
  Report report = summarise(test::told_all_right());
  add_bench(report, {bench_run_of(kGood, "kGood").value()});
  const std::string page = html_page(report);
  EXPECT_THAT(page, HasSubstr("<h3>flash: Main loop, full tiles</h3>"));
  EXPECT_THAT(page, HasSubstr("href=\"#bench\""));
  EXPECT_THAT(page, HasSubstr("not as it should be"));
  EXPECT_THAT(page, HasSubstr("<td class=\"number\">1,304,896</td>"));
  EXPECT_THAT(markdown(report), HasSubstr("❌ d64/main_loop | 4.458 | 1.400 | 1.000 | 6.760 |"));
}

}  // namespace
}  // namespace flashdiff
