#include "harness/figures/source_lines.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/backend/answerers/registry.h"
#include "harness/figures/figures.h"
#include "harness/problem/data.h"

/// Counters by source line, over all kernels of an answer.
namespace flashdiff::figures {
namespace {

using nlohmann::json;

TEST(SourceLines, AreSummedOverKernelsAndTheHottestFirst) {
  const auto kernels = json::parse(R"([
    {"lines": [{"file": "a.cu", "line": 7, "instructions": {"warp": 10}, "global": {"sectors": 8, "ideal": 4}},
               {"file": "b.cuh", "line": 1, "instructions": {"warp": 25}, "shared": {"wavefronts": 6, "ideal": 2}}]},
    {"lines": [{"file": "a.cu", "line": 7, "instructions": {"warp": 30}, "global": {"sectors": 1, "ideal": 1}},
               {"file": "", "line": 0, "instructions": {"warp": 2}}]}])");
  const auto lines = source_lines(kernels);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].file, "a.cu");
  EXPECT_EQ(lines[0].line, 7);
  EXPECT_EQ(lines[0].warp_instructions, 40u);
  EXPECT_EQ(lines[0].sectors, 9u);
  EXPECT_EQ(lines[0].ideal_sectors, 5u);
  EXPECT_EQ(lines[0].wavefronts, 0u);
  EXPECT_EQ(lines[1].wavefronts, 6u);
  EXPECT_EQ(lines[1].ideal_wavefronts, 2u);
  EXPECT_EQ(lines[2].file, "");
}

/// Every instruction that a kernel executes is some line's, and so is every sector and wavefront.
TEST(SourceLines, LeaveNothingOut) {
  const auto backend = open_backend("flash_forward", {DeviceChoice::soft, {}, {}, 1}).value();
  Case c;
  c.problem.sequences = {{100, 130}};
  c.problem.d_qk = c.problem.d_v = 64;
  c.problem.dtype = DType::f16;
  c.layout.padding = Padding::packed;
  const auto kernels = count_kernels(*backend, lay_out(c, make_data(c.problem).value()));
  ASSERT_TRUE(kernels) << kernels.error().what;
  const Figures all = summed(*kernels);
  SourceLine sum;
  for (const SourceLine& line : source_lines(*kernels)) {
    sum.warp_instructions += line.warp_instructions;
    sum.sectors += line.sectors;
    sum.wavefronts += line.wavefronts;
  }
  EXPECT_EQ(sum.warp_instructions, all.warp_instructions);
  EXPECT_EQ(sum.sectors, all.read.units + all.written.units);
  EXPECT_EQ(sum.wavefronts, all.shared.units);
}

}  // namespace
}  // namespace flashdiff::figures
