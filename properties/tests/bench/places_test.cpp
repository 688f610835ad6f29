#include <gtest/gtest.h>

#include "harness/figures/shapes.h"
#include "kernels/kernel.h"
#include "reports/bench_place.h"

/// Names of shapes are what reports read coordinates from.
namespace flashdiff {
namespace {

TEST(KernelsBench, EveryPublishedShapeHasItsPlace) {
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    for (const figures::Shape& shape : figures::published(kernel.plan)) {
      const auto place =
          place_of({"figures/" + std::string(kernel.name) + '/' + shape.name, "", "", "ns", "", {}});
      const Problem& problem = shape.question.problem;
      // One new token over a full or a split cache, and appends, are no sweeps: they stand in tables.
      const bool alone = shape.name.find("full_") != std::string::npos ||
                         shape.name.find("split_") != std::string::npos || problem.pass == Pass::append;
      ASSERT_EQ(place.has_value(), !alone) << kernel.name << ' ' << shape.name;
      if (!place) continue;
      EXPECT_EQ(place->head_dim, problem.d_qk) << shape.name;
      EXPECT_EQ(place->is_backward, problem.pass == Pass::backward) << kernel.name;
      if (place->sweep == Sweep::length) {
        EXPECT_EQ(place->x, problem.sequences.at(0).kv_len) << shape.name;
        EXPECT_EQ(place->variant == "causal", problem.mask.kind != MaskKind::none) << shape.name;
      }
      if (place->sweep == Sweep::decode) {
        EXPECT_EQ(place->x, problem.sequences.at(0).kv_len) << shape.name;
        EXPECT_EQ(place->batch, problem.batch()) << shape.name;
      }
      if (place->sweep == Sweep::heads || place->sweep == Sweep::decode_heads) {
        EXPECT_EQ(place->x, problem.h_q / problem.h_kv) << shape.name;
      }
      if (place->sweep == Sweep::fill) {
        EXPECT_EQ(shape.question.layout.padding, place->variant == "left" ? Padding::left : Padding::right)
            << shape.name;
      }
    }
  }
}

}  // namespace
}  // namespace flashdiff
