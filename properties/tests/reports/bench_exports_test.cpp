#include "reports/bench_exports.h"

#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBench =
    R"({"context": {"date": "2026-11-29T11:41:42+00:00", "host_name": "vm, two", "flashdiff_commit": "b1d65df53c87",
    "nvcc": "13.0.88"}, "benchmarks": [
  {"name": "figures/k/d64/seq2048/iterations:1", "run_type": "iteration", "repetition_index": 0, "iterations": 1, "real_time": 7e8,
   "cpu_time": 7e8, "time_unit": "ns", "warp_instructions": 20544.0, "wavefronts_over_ideal": 1.0, "bound_tflops_A100": 200.0},
  {"name": "gpu/k/d64/seq2048", "run_type": "iteration", "repetition_index": 0, "real_time": 2.5, "cpu_time": 2.5, "time_unit": "ms",
   "items_per_second": 1e12},
  {"name": "gpu/k/d64/seq2048", "run_type": "iteration", "repetition_index": 1, "real_time": 3.5, "cpu_time": 3.5, "time_unit": "ms",
   "items_per_second": 2e12},
  {"name": "gpu/k/d64/seq2048_mean", "run_type": "aggregate", "real_time": 3.0, "cpu_time": 3.0, "time_unit": "ms"},
  {"name": "gpu/k/d64/other", "run_type": "iteration", "error_occurred": true, "error_message": "mismatch: O"}]})";

class Exported : public ::testing::Test {
 protected:
  [[nodiscard]] Outcome<BenchExports> of(const std::string& text) const {
    std::ofstream(folder_.path() / "bench.json") << text;
    return export_bench(folder_.path() / "bench.json", [](const std::string& name) {
      return name == "gpu/k/d64/seq2048" ? "fd1 b=2 q=5,17" : "";
    });
  }
  test::TemporaryFolder folder_;
};

TEST_F(Exported, CsvIsTidy) {
  EXPECT_EQ(of(kBench)->csv, R"(benchmark,repetition,metric,value,unit,case,commit,nvcc,host,date
figures/k/d64/seq2048,0,bound_tflops_A100,200,,,b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
figures/k/d64/seq2048,0,warp_instructions,20544,,,b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
figures/k/d64/seq2048,0,wavefronts_over_ideal,1,,,b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
gpu/k/d64/seq2048,0,cpu_time,2.5,ms,"fd1 b=2 q=5,17",b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
gpu/k/d64/seq2048,0,items_per_second,1000000000000,,"fd1 b=2 q=5,17",b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
gpu/k/d64/seq2048,0,real_time,2.5,ms,"fd1 b=2 q=5,17",b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
gpu/k/d64/seq2048,1,cpu_time,3.5,ms,"fd1 b=2 q=5,17",b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
gpu/k/d64/seq2048,1,items_per_second,2000000000000,,"fd1 b=2 q=5,17",b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
gpu/k/d64/seq2048,1,real_time,3.5,ms,"fd1 b=2 q=5,17",b1d65df53c87,13.0.88,"vm, two",2026-11-29T11:41:42+00:00
)");
}

TEST_F(Exported, ForGithubActionBenchmarkLessIsBetter) {
  const json told = json::parse(of(kBench)->action);
  ASSERT_EQ(told.size(), 3U) << told;
  EXPECT_EQ(told[0], (json{{"name", "figures/k/d64/seq2048 warp_instructions"},
                           {"unit", ""},
                           {"value", 20544.0},
                           {"extra", "commit b1d65df53c87"}}));
  EXPECT_EQ(told[1]["name"], "figures/k/d64/seq2048 wavefronts_over_ideal");
  EXPECT_EQ(told[2], (json{{"name", "gpu/k/d64/seq2048"},
                           {"unit", "ms"},
                           {"value", 3.0},
                           {"range", "2.5 to 3.5"},
                           {"extra", "fd1 b=2 q=5,17\ncommit b1d65df53c87"}}));
}

TEST_F(Exported, MarkdownHasTimesCountsAndWhatFailed) {
  EXPECT_THAT(
      of(kBench)->markdown,
      AllOf(HasSubstr("flashdiff b1d65df53c87, nvcc 13.0.88, on vm, two"),
            HasSubstr("| gpu/k/d64/seq2048 | 3 ms | 2.5 ms to 3.5 ms | 2 | 1.5e+12 | `fd1 b=2 q=5,17` |"),
            HasSubstr("| k/d64/seq2048 | 20,544 | | 1 | | | | |"),
            HasSubstr("- gpu/k/d64/other: mismatch: O"), Not(HasSubstr("_mean"))));
}

TEST_F(Exported, WhatIsNoBenchIsBadInput) {
  for (const char* text : {"", "{", "[]", "{}", R"({"benchmarks": [{}]})"}) {
    const auto exported = of(text);
    ASSERT_FALSE(exported.has_value()) << text;
    EXPECT_EQ(exported.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(exported.error().what, HasSubstr("bench.json"));
  }
}

}  // namespace
}  // namespace flashdiff
