
#include <gtest/gtest.h>

#include "harness/figures/shapes.h"
#include "harness/figures/tile_work.h"
#include "properties/tests/figures/counted.h"

/// What flash_forward executes, counted: no product too many, no bank conflict, no half-used sector, no
/// spill.
namespace flashdiff::figures {
namespace {

TEST(ForwardWork, TheMainLoopWastesNothing) {
  for (const int d : {64, 128}) {
    const MainLoop cases = main_loop(Pass::forward, d);
    const Figures loop = difference(counted("flash_forward", cases.more.front()),
                                    counted("flash_forward", cases.fewer.front()));
    EXPECT_EQ(loop.tensor_flops, cases.flops([](const Problem& p) { return p.forward_flops(); })) << d;
    EXPECT_EQ(loop.shared.units, loop.shared.ideal) << "bank conflicts, d " << d;
    EXPECT_EQ(loop.read.units, loop.read.ideal) << "sectors used in part, d " << d;
    EXPECT_EQ(loop.local.units, 0u) << "local memory, d " << d;
    EXPECT_EQ(loop.read.bytes, 576u * 2 * 2 * static_cast<unsigned>(d)) << "K and V once a block";
  }
}

TEST(ForwardWork, RaggedBatchesTakeAtMostWholeTilesAndEitherSideTheSame) {
  for (const int d : {64, 128}) {
    for (const double fill : {0.1, 0.5, 1.0}) {
      Case c = main_loop(Pass::forward, d).more.front();
      c.problem.sequences = lengths_of_fill(16, 192, fill);
      c.problem.mask.kind = MaskKind::causal_bottom_right;
      c.layout.padding = Padding::left;
      const Figures left = counted("flash_forward", c);
      c.layout.padding = Padding::right;
      const Figures right = counted("flash_forward", c);
      EXPECT_LE(left.tensor_flops,
                tile_work(c.problem, kernel_named("flash_forward").plan.tile(c.problem)).rounded);
      EXPECT_EQ(left.tensor_flops, right.tensor_flops);
      EXPECT_EQ(left.warp_instructions, right.warp_instructions);
      EXPECT_EQ(left.read.bytes, right.read.bytes);
    }
  }
}

}  // namespace
}  // namespace flashdiff::figures
