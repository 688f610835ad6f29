#include <string>

#include <gtest/gtest.h>

#include "harness/figures/shapes.h"
#include "harness/figures/tile_work.h"
#include "properties/tests/figures/counted.h"

/// What the backward kernels execute, counted: no product too many, no bank conflict, no half-used sector, no
/// spill, and padding on either side for nothing.
namespace flashdiff::figures {
namespace {

class BackwardWork : public ::testing::TestWithParam<std::string> {
 protected:
  const kernels::Kernel& kernel_ = kernel_named(GetParam());
};

TEST_P(BackwardWork, TheMainLoopsWasteNothing) {
  for (const int d : {64, 128}) {
    const MainLoop cases = main_loop(Pass::backward, d);
    Figures more, fewer;
    for (const Case& c : cases.more) more = sum(counted(GetParam(), c), more);
    for (const Case& c : cases.fewer) fewer = sum(counted(GetParam(), c), fewer);
    const Figures loop = difference(more, fewer);
    EXPECT_EQ(loop.tensor_flops, cases.flops([&](const Problem& p) {
      return algorithm_flops(kernel_.plan, p);
    })) << d;
    EXPECT_EQ(loop.shared.units, loop.shared.ideal) << "bank conflicts, d " << d;
    EXPECT_EQ(loop.read.units, loop.read.ideal) << "sectors used in part, d " << d;
    EXPECT_EQ(loop.written.units, loop.written.ideal) << "additions to dQ, d " << d;
    EXPECT_EQ(more.local.units, 0u) << "local memory, d " << d;
  }
}

TEST_P(BackwardWork, RaggedBatchesTakeEitherSideTheSame) {
  for (const int d : {64, 128}) {
    for (const double fill : {0.1, 0.5, 1.0}) {
      Case c = main_loop(Pass::backward, d).more.front();
      c.problem.sequences = lengths_of_fill(8, 160, fill);
      c.problem.mask.kind = MaskKind::causal_bottom_right;
      c.layout.padding = Padding::left;
      const Figures left = counted(GetParam(), c);
      c.layout.padding = Padding::right;
      const Figures right = counted(GetParam(), c);
      EXPECT_EQ(left.tensor_flops, right.tensor_flops);
      EXPECT_EQ(left.warp_instructions, right.warp_instructions);
      EXPECT_EQ(left.read.bytes, right.read.bytes);
      EXPECT_EQ(left.written.bytes, right.written.bytes);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, BackwardWork,
                         ::testing::Values("flash_backward", "flash_backward_deterministic"),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace flashdiff::figures
