#include "harness/softcuda/exec/turns.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "properties/tests/softcuda/exec/on_machine.h"

namespace softcuda::testing {
namespace {

using exec::BlockOrder;
using exec::WarpOrder;

RC_GTEST_PROP(BlockOrder, VisitsEveryBlockOnce, ()) {
  const auto blocks = *rc::gen::inRange<std::uint64_t>(1, 500);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  for (const BlockOrder order : {BlockOrder::rising, BlockOrder::falling, BlockOrder::random}) {
    std::vector<std::uint64_t> seen;
    for (std::uint64_t k = 0; k < blocks; ++k) seen.push_back(exec::block_at(order, k, blocks, seed));
    std::ranges::sort(seen);
    std::vector<std::uint64_t> all(blocks);
    std::iota(all.begin(), all.end(), std::uint64_t{0});
    RC_ASSERT(seen == all);
  }
}

TEST(Turns, EveryWarpHasOneARound) {
  for (const WarpOrder order :
       {WarpOrder::round_robin, WarpOrder::reversed, WarpOrder::random, WarpOrder::far_ahead}) {
    exec::Turns turns(order, 7, 42);
    turns.start(3);
    for (int round = 0; round < 5; ++round) {
      auto warps = turns.round();
      std::ranges::sort(warps);
      EXPECT_EQ(warps, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6}));
      EXPECT_GT(turns.length(), 0);
    }
  }
}

/// Which warp takes the last of a row of tickets shows the order.
TEST(Turns, OrderIsSeenByAKernelAndRepeats) {
  const std::string text =
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 out) {\n.reg .b32 %r<8>; "
      ".reg .b64 "
      "%rd<4>; .shared .align 4 .b32 ticket;\nld.param.u64 %rd1, [out]; mov.u32 %r1, %tid.x; shr.u32 %r2, "
      "%r1, 5;\n"
      ".reg .pred %p<2>; and.b32 %r3, %r1, 31; setp.ne.u32 %p1, %r3, 0; @%p1 ret;\n"
      "atom.shared.add.u32 %r4, [ticket], 1; add.u32 %r4, %r4, 1; mul.wide.u32 %rd2, %r4, 4; add.u64 %rd1, "
      "%rd1, %rd2;\n"
      "st.global.u32 [%rd1], %r2; ret;\n}\n";
  const auto order_of = [&](WarpOrder order, std::uint64_t seed) {
    const WithSettings some([&](auto& s) {
      s.warp_order = order;
      s.modes.seed = seed;
    });
    return run_kernel<std::uint32_t>(text, std::vector<std::uint32_t>(8, 99), 1, 256);
  };
  EXPECT_EQ(order_of(WarpOrder::round_robin, 0), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(order_of(WarpOrder::reversed, 0), (std::vector<std::uint32_t>{7, 6, 5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(order_of(WarpOrder::random, 5), order_of(WarpOrder::random, 5));
  EXPECT_NE(order_of(WarpOrder::random, 5), order_of(WarpOrder::random, 6));
}

}  // namespace
}  // namespace softcuda::testing
