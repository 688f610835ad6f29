#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

/// Requests of a warp, and their bytes, by "space access": "global async_copy".
std::map<std::string, Traffic> by_access(const Case& c) {
  std::map<std::string, Traffic> traffic;
  for (const auto& entry : counted_by_entry("flash_forward", c))
    for (const char* space : {"global", "shared", "local"})
      for (const auto& [access, of] : entry.at("memory").at(space).items())
        if (access != "all") {
          Traffic& sum = traffic[std::string(space) + ' ' + access];
          sum.requests += of.at("requests").get<std::uint64_t>();
          sum.bytes += of.at("bytes").get<std::uint64_t>();
        }
  return traffic;
}

/// K and V come by cp.async and go to products by ldmatrix, 16 bytes a lane each, and by nothing else: 512
/// bytes a request.
TEST(ForwardWork, TheMainLoopMovesSixteenBytesALane) {
  for (const int d : {64, 128}) {
    const MainLoop cases = main_loop(Pass::forward, d);
    const auto more = by_access(cases.more.front());
    auto fewer = by_access(cases.fewer.front());
    std::map<std::string, std::uint64_t> loop;
    for (const auto& [access, traffic] : more) {
      const std::uint64_t requests = traffic.requests - fewer[access].requests;
      if (requests == 0) continue;  // before and behind the loop
      loop[access] = requests;
      EXPECT_EQ(traffic.bytes - fewer[access].bytes, 512 * requests) << access << ", d " << d;
    }
    ASSERT_EQ(loop.size(), 3u) << "d " << d;
    EXPECT_EQ(loop["global async_copy"], loop["shared async_copy"]) << "d " << d;
    EXPECT_EQ(loop["global async_copy"], 576u * 2 * 2 * static_cast<unsigned>(d) / 512) << "d " << d;
    EXPECT_GT(loop["shared matrix"], 0u) << "d " << d;
  }
}

/// 128 queries at the end of many keys, of which they see the last 128 + 63: three tiles of 64, or two of 96.
TEST(ForwardWork, TilesOutsideOfTheWindowAreNotRead) {
  for (const int d : {64, 128}) {
    Case c = main_loop(Pass::forward, d).more.front();
    c.problem.sequences = {{128, 128 * 96}};
    c.problem.mask = {MaskKind::window, 63, 0};
    const auto rows = static_cast<std::uint64_t>(128 + 2 * 192);  // of Q, K and V
    EXPECT_EQ(by_access(c)["global async_copy"].bytes, rows * 2 * static_cast<unsigned>(d)) << "d " << d;
    EXPECT_LE(counted("flash_forward", c).tensor_flops,
              tile_work(c.problem, kernel_named("flash_forward").plan.tile(c.problem)).rounded)
        << "d " << d;
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
