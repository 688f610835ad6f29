#include "harness/figures/figures.h"

#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "harness/figures/occupancy.h"
#include "harness/figures/roofline.h"
#include "harness/figures/shapes.h"
#include "harness/figures/tile_work.h"

/// The arithmetic of figures, on cases worked out by hand.
namespace flashdiff::figures {
namespace {

Problem problem(std::vector<SequenceLengths> sequences, MaskKind mask, int d = 64) {
  Problem p;
  p.sequences = std::move(sequences);
  p.h_q = 2;
  p.d_qk = p.d_v = d;
  p.mask.kind = mask;
  return p;
}

constexpr kernels::WorkTile kTile{128, 64, 64, 64};
constexpr double kTileFlops = 2.0 * 128 * 64 * (64 + 64);

TEST(TileWork, WholeTilesAreNeededWhole) {
  const TileWork w = tile_work(problem({{256, 128}}, MaskKind::none), kTile);
  EXPECT_EQ(w.rounded, w.useful);
  EXPECT_EQ(w.dense, w.useful);
  EXPECT_EQ(w.useful, 2 /*heads*/ * 4 * kTileFlops);
}

TEST(TileWork, RaggedEdgesAndNarrowHeadsAreFilledUp) {
  // 129 queries are 2 tiles, 65 keys are 2; head dim 40 is multiplied as 64.
  EXPECT_EQ(tile_work(problem({{129, 65}}, MaskKind::none, 40), kTile).rounded, 2 * 4 * kTileFlops);
}

TEST(TileWork, TilesThatNoQuerySeesDoNotCount) {
  // 256 x 256 from the top left: queries 0..127 see keys 0..127 (2 tiles), 128..255 all 4.
  EXPECT_EQ(tile_work(problem({{256, 256}}, MaskKind::causal_top_left), kTile).rounded, 2 * 6 * kTileFlops);
  // A window of the query's own key: 2 tiles of keys for each tile of queries.
  Problem window = problem({{256, 256}}, MaskKind::window);
  window.mask.left = window.mask.right = 0;
  EXPECT_EQ(tile_work(window, kTile).rounded, 2 * 4 * kTileFlops);
  EXPECT_EQ(tile_work(problem({{5, 0}}, MaskKind::none), kTile).rounded, 0);
}

TEST(TileWork, TheRectangleIsAsLongAsTheLongest) {
  const TileWork w = tile_work(problem({{128, 64}, {1, 1}}, MaskKind::none), kTile);
  EXPECT_EQ(w.dense, 2 * 2 * kTileFlops);
}

/// NVIDIA's occupancy calculator for 128 threads: 255 registers (a warp has 8,192) leave room for 8 warps.
TEST(Occupancy, WhateverRunsOutFirst) {
  const auto& a100 = *softcuda::exec::profile_named("sm_80");
  const auto expect = [&](Occupancy got, int blocks, std::string_view limit) {
    EXPECT_EQ(got.blocks, blocks);
    EXPECT_EQ(got.limit, limit);
  };
  expect(occupancy(a100, 255, 128, 16 * 1024), 2, "registers");
  expect(occupancy(a100, 32, 128, 80 * 1024), 2, "shared memory");  // 81 KiB each with the system's own
  expect(occupancy(a100, 32, 1024, 0), 2, "threads");
  expect(occupancy(a100, 16, 32, 0), 32, "blocks");
  expect(occupancy(*softcuda::exec::profile_named("sm_89"), 32, 128, 50 * 1024), 1, "shared memory");
}

TEST(Roofline, NamesWhatTakesLongest) {
  const Gpu& a100 = gpus().front();
  EXPECT_NEAR(a100.clock(), 1.41e9, 1e6);  // the data sheet's boost clock
  Figures f;
  f.tensor_flops = 312e9;
  EXPECT_DOUBLE_EQ(roofline(a100, f, 0).seconds(), 1e-3);
  EXPECT_EQ(roofline(a100, f, 0).bound_by(), "tensor cores");
  EXPECT_EQ(roofline(a100, f, 2 * 2039e6).bound_by(), "device memory");
  EXPECT_DOUBLE_EQ(roofline(a100, f, 2 * 2039e6).seconds(), 2e-3);
  f.shared.units = static_cast<std::uint64_t>(3e-3 * 108 * 1.41e9);
  EXPECT_EQ(roofline(a100, f, 0).bound_by(), "shared memory");
  f.warp_instructions = static_cast<std::uint64_t>(4 * 4e-3 * 108 * 1.41e9);
  EXPECT_EQ(roofline(a100, f, 0).bound_by(), "issue slots");
}

TEST(Roofline, ClocksOfThePeaksAreThoseOfTheCards) {
  for (const Gpu& gpu : gpus()) {
    EXPECT_GT(gpu.clock(), 1.3e9) << gpu.name;
    EXPECT_LT(gpu.clock(), 2.6e9) << gpu.name;
  }
}

TEST(Shapes, FillIsWhatItSays) {
  for (const double fill : {0.1, 0.25, 0.5, 0.75, 1.0}) {
    const auto lengths = lengths_of_fill(16, 512, fill);
    ASSERT_EQ(lengths.size(), 16u);
    int sum = 0;
    for (const SequenceLengths& l : lengths) {
      EXPECT_EQ(l.q_len, l.kv_len);
      EXPECT_GE(l.kv_len, 1);
      EXPECT_LE(l.kv_len, 512);
      sum += l.kv_len;
    }
    EXPECT_NEAR(sum / (16 * 512.0), fill, 0.002);
  }
}

TEST(Shapes, AreValidCasesOfTheKernelsPass) {
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    const auto all = shapes(kernel.plan);
    EXPECT_FALSE(all.empty()) << kernel.name;
    for (const Shape& shape : all) {
      EXPECT_TRUE(validated(shape.question)) << kernel.name << " " << shape.name;
      EXPECT_EQ(kernel.plan.why_not(shape.question), "") << kernel.name << " " << shape.name;
    }
    std::set<std::string> names;
    for (const Shape& shape : published(kernel.plan)) {
      EXPECT_TRUE(validated(shape.question)) << kernel.name << " " << shape.name;
      EXPECT_EQ(kernel.plan.why_not(shape.question), "") << kernel.name << " " << shape.name;
      EXPECT_TRUE(names.insert(shape.name).second)
          << kernel.name << " " << shape.name << " stands for two cases";
    }
  }
}

/// By hand: 3 lengths x 2 masks x 2 head dims, 4 head dims more, 4 ratios; 3 x 3 caches and 5 ratios.
TEST(Shapes, SweepsGoOverWhatTheySay) {
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    const std::size_t expected = kernel.plan.pass == Pass::append ? 0
                                 : kernel.plan.most_queries > 0   ? 14
                                                                  : 20;
    EXPECT_EQ(sweeps(kernel.plan).size(), expected) << kernel.name;
    for (const Shape& shape : sweeps(kernel.plan))
      if (const auto at = shape.name.find("gqa"); at != std::string::npos) {
        EXPECT_EQ(shape.question.problem.h_q / shape.question.problem.h_kv,
                  std::stoi(shape.name.substr(at + 3)))
            << shape.name;
      }
  }
}

/// Scores of a pair: once, or twice where a pass of its own makes dQ, and once more above d 128.
TEST(AlgorithmFlops, ProductsOfAPair) {
  const auto products = [](std::string_view name, int d) {
    for (const kernels::Kernel& kernel : kernels::all_kernels()) {
      if (kernel.name != name) continue;
      Problem p = problem({{3, 5}}, MaskKind::none, d);
      p.pass = kernel.plan.pass;
      return algorithm_flops(kernel.plan, p) / (2 * 2 * 3 * 5 * d);
    }
    return 0.0;
  };
  EXPECT_EQ(products("flash_forward", 64), 2);
  EXPECT_EQ(products("flash_backward", 64), 5);
  EXPECT_EQ(products("flash_backward", 256), 6);
  EXPECT_EQ(products("flash_backward_deterministic", 128), 7);
  EXPECT_EQ(products("flash_backward_deterministic", 256), 8);
}

TEST(Difference, IsOfEveryFigure) {
  Figures more, fewer;
  more.warp_instructions = 10;
  more.tensor_flops = 8;
  more.shared = {4, 9, 8, 128};
  fewer.warp_instructions = 4;
  fewer.shared = {1, 3, 3, 32};
  const Figures d = difference(more, fewer);
  EXPECT_EQ(d.warp_instructions, 6u);
  EXPECT_EQ(d.tensor_flops, 8);
  EXPECT_EQ(d.shared.units, 6u);
  EXPECT_DOUBLE_EQ(d.shared.over_ideal(), 6.0 / 5);
  EXPECT_DOUBLE_EQ(Traffic{}.over_ideal(), 1);
  EXPECT_EQ(sum(d, fewer).shared.units, more.shared.units);
}

}  // namespace
}  // namespace flashdiff::figures
