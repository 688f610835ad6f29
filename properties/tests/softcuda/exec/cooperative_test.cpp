#include <numeric>

#include <gmock/gmock.h>

#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Cooperative launches: blocks that wait for each other.
namespace softcuda::testing {
namespace {

using exec::LaunchKind;
using u32 = std::uint32_t;

exec::Image& image() {
  static const auto one = compiled("cooperative");
  return *one;
}

struct Ran {
  std::vector<u32> out;
  std::optional<exec::LaunchFailure> failure;
};
Ran run(const std::string& kernel, u32 grid, u32 block, u32 n, LaunchKind kind = LaunchKind::cooperative) {
  const OnDevice<u32> out(std::vector<u32>(std::size_t{2} * grid * block));
  const auto done = machine().launch(*image().kernel(kernel), {grid, 1, 1}, {block, 1, 1}, 0,
                                     parameters(out.address(), n), kind);
  Ran ran{out.values(), std::nullopt};
  if (!done) ran.failure = done.error();
  return ran;
}

/// Under every order of warps and blocks, and whatever threads may be had.
TEST(Cooperative, BlocksSeeWhatOthersWroteBeforeTheBarrier) {
  using exec::BlockOrder, exec::WarpOrder;
  for (const BlockOrder blocks : {BlockOrder::rising, BlockOrder::falling, BlockOrder::random}) {
    for (const WarpOrder warps :
         {WarpOrder::round_robin, WarpOrder::reversed, WarpOrder::random, WarpOrder::far_ahead}) {
      const WithSettings some([&](auto& s) {
        s.block_order = blocks;
        s.warp_order = warps;
        s.modes.seed = 5;
      });
      const Ran ran = run("prefix_sums", 7, 96, 0);
      ASSERT_FALSE(ran.failure) << ran.failure->fault.report;
      for (u32 at = 0; at < 7 * 96; ++at) ASSERT_EQ(ran.out[at], (at + 1) * (at + 2) / 2) << at;
    }
  }
}

/// As many blocks as an A100 holds of this size.
TEST(Cooperative, AFullDeviceMeets) {
  const Ran ran = run("one_works", 108 * 2, 1024, 100);
  ASSERT_FALSE(ran.failure) << ran.failure->fault.report;
  for (u32 block = 0; block < 108 * 2; ++block) ASSERT_EQ(ran.out[block], 4950 + block);
  EXPECT_EQ(run("one_works", 108 * 2 + 1, 1024, 100).failure->refused, exec::LaunchError::too_many_resident);
}

/// Instructions spent waiting are counted too, so a launch's figures show that turns are the same.
TEST(Cooperative, TurnsAreTheSameForAnyNumberOfThreads) {
  std::vector<std::uint64_t> counts;
  for (const unsigned threads : {1u, 4u}) {
    const WithSettings some([&](auto& s) { s.threads = threads; });
    machine().reset_counters();
    EXPECT_FALSE(run("one_works", 5, 64, 20'000).failure);
    counts.push_back(machine().counters().warp_instructions);
  }
  EXPECT_EQ(counts[0], counts[1]);
}

TEST(Cooperative, WaitingCostsLittle) {
  machine().reset_counters();
  ASSERT_FALSE(run("one_works", 1, 64, 50'000).failure);
  const auto alone = machine().counters().warp_instructions;
  machine().reset_counters();
  ASSERT_FALSE(run("one_works", 20, 64, 50'000).failure);
  EXPECT_LT(machine().counters().warp_instructions, 2 * alone);
}

TEST(Cooperative, AnOrdinaryLaunchTrapsAtItsGridBarrier) {
  const Ran ran = run("prefix_sums", 2, 32, 0, LaunchKind::ordinary);
  ASSERT_TRUE(ran.failure);
  EXPECT_EQ(ran.failure->fault.kind, check::FaultKind::trap);
}

TEST(Cooperative, WhoWaitsForABlockThatHasLeftIsTold) {
  const Ran ran = run("some_leave", 5, 32, 3);
  ASSERT_TRUE(ran.failure);
  const check::Fault& fault = ran.failure->fault;
  EXPECT_EQ(fault.kind, check::FaultKind::deadlock);
  EXPECT_THAT(fault.file, ::testing::HasSubstr("cooperative.cu"));
  EXPECT_EQ(fault.line, 27);
  EXPECT_THAT(fault.what, ::testing::HasSubstr("3 of 5 blocks have not finished"));
  EXPECT_THAT(fault.report, ::testing::HasSubstr("nobody should wait for: (3,0,0), (4,0,0)"));
  EXPECT_THAT(fault.report, ::testing::HasSubstr("ld.acquire.gpu.u32"));
}

TEST(Cooperative, TheInstructionLimitTellsTheSame) {
  const WithSettings some([&](auto& s) { s.instruction_limit = 100'000; });
  const Ran ran = run("some_leave", 5, 32, 3);
  ASSERT_TRUE(ran.failure);
  EXPECT_EQ(ran.failure->fault.kind, check::FaultKind::instruction_limit);
  EXPECT_THAT(ran.failure->fault.what, ::testing::HasSubstr("3 of 5 blocks have not finished"));
}

/// Local memory of 500 KiB a thread, for a whole device of threads.
TEST(Cooperative, WhatDoesNotFitIntoMemoryIsRefused) {
  const auto big =
      loaded(kernel_text(".local .b8 much[512000]; mov.u64 %rd4, much; st.local.u32 [%rd4], %r1; ret;"));
  ASSERT_NE(big, nullptr);
  const OnDevice<u32> out(std::vector<u32>(1));
  const auto launched = [&](u32 blocks) {
    return machine().launch(*big->kernel("k"), {blocks, 1, 1}, {32, 1, 1}, 0, parameters(out.address()),
                            LaunchKind::cooperative);
  };
  EXPECT_TRUE(launched(2));
  const auto refused = launched(1000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().refused, exec::LaunchError::too_much_local);
}

TEST(Cooperative, LeavesNoMemoryBehind) {
  const auto before = machine().memory().used_bytes();
  EXPECT_FALSE(run("prefix_sums", 2, 32, 0).failure);
  EXPECT_EQ(machine().memory().used_bytes(), before);
}

}  // namespace
}  // namespace softcuda::testing
