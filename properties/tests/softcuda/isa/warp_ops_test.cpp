#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Lane by lane against what CUDA's documentation says of each warp function.
namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;

std::vector<u32> per_lane(const std::string& body) {
  return run_kernel(kernel_text(body + " st.global.u32 [%rd1], %r9; ret;"), std::vector<u32>(32, 0));
}
u32 held_by(u32 lane) { return lane * lane + 7; }
const std::string kValue = "mad.lo.u32 %r5, %r4, %r4, 7; ";

TEST(Shuffle, XorUpDownAndIndexed) {
  for (const u32 width : {32u, 16u, 8u, 4u}) {
    const u32 c = (32 - width) << 8;
    const std::string clamp = std::to_string(c | 31), zero = std::to_string(c);
    const auto bfly = per_lane(kValue + "shfl.sync.bfly.b32 %r9|%p1, %r5, 2, " + clamp + ", -1;");
    const auto down = per_lane(kValue + "shfl.sync.down.b32 %r9, %r5, 3, " + clamp + ", -1;");
    const auto up = per_lane(kValue + "shfl.sync.up.b32 %r9, %r5, 3, " + zero + ", -1;");
    const auto idx =
        per_lane(kValue + "add.u32 %r6, %r4, 5; shfl.sync.idx.b32 %r9, %r5, %r6, " + clamp + ", 0xffffffff;");
    ASSERT_EQ(bfly.size(), 32u);
    for (u32 lane = 0; lane < 32; ++lane) {
      const u32 first = lane / width * width, at = lane % width;
      EXPECT_EQ(bfly[lane], held_by(lane ^ 2));
      EXPECT_EQ(down[lane], held_by(at + 3 < width ? lane + 3 : lane)) << width << " " << lane;
      EXPECT_EQ(up[lane], held_by(at >= 3 ? lane - 3 : lane)) << width << " " << lane;
      EXPECT_EQ(idx[lane], held_by(first + (lane + 5) % width)) << width << " " << lane;
    }
  }
}

TEST(Shuffle, SaysWhetherTheSourceIsInside) {
  const auto got = per_lane(kValue + "shfl.sync.down.b32 %r8|%p1, %r5, 9, 31, -1; selp.u32 %r9, 1, 0, %p1;");
  ASSERT_EQ(got.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], lane + 9 < 32 ? 1u : 0u);
}

TEST(Vote, AllAnyUniBallot) {
  const std::string odd = "and.b32 %r5, %r4, 1; setp.eq.u32 %p1, %r5, 1; ";
  EXPECT_EQ(per_lane(odd + "vote.sync.ballot.b32 %r9, %p1, -1;"), std::vector<u32>(32, 0xaaaaaaaau));
  EXPECT_EQ(per_lane(odd + "vote.sync.ballot.b32 %r9, !%p1, -1;"), std::vector<u32>(32, 0x55555555u));
  EXPECT_EQ(per_lane(odd + "vote.sync.any.pred %p2, %p1, -1; selp.u32 %r9, 1, 0, %p2;"),
            std::vector<u32>(32, 1));
  EXPECT_EQ(per_lane(odd + "vote.sync.all.pred %p2, %p1, -1; selp.u32 %r9, 1, 0, %p2;"),
            std::vector<u32>(32, 0));
  EXPECT_EQ(per_lane(odd + "vote.sync.uni.pred %p2, %p1, -1; selp.u32 %r9, 1, 0, %p2;"),
            std::vector<u32>(32, 0));
}

/// Two halves of the warp with masks of their own, in one instruction and in two branches.
TEST(Vote, MasksMayDifferBetweenLanes) {
  const auto one = per_lane(
      "setp.lt.u32 %p1, %r4, 16; selp.b32 %r5, 0xffff, 0xffff0000, %p1; and.b32 %r6, %r4, 3; setp.eq.u32 "
      "%p2, %r6, 0; vote.sync.ballot.b32 %r9, %p2, %r5;");
  const auto two = per_lane(
      "setp.lt.u32 %p1, %r4, 16; and.b32 %r6, %r4, 3; setp.eq.u32 %p2, %r6, 0; @%p1 bra low; "
      "vote.sync.ballot.b32 %r9, %p2, 0xffff0000; bra done;\n"
      "low: vote.sync.ballot.b32 %r9, %p2, 0xffff;\ndone:");
  ASSERT_EQ(one.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(one[lane], lane < 16 ? 0x1111u : 0x11110000u);
  EXPECT_EQ(one, two);
}

TEST(Match, AnyAndAll) {
  const auto any = per_lane("rem.u32 %r5, %r4, 3; match.any.sync.b32 %r9, %r5, -1;");
  ASSERT_EQ(any.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) {
    u32 wanted = 0;
    for (u32 other = 0; other < 32; ++other) wanted |= (other % 3 == lane % 3 ? 1u : 0u) << other;
    EXPECT_EQ(any[lane], wanted);
  }
  EXPECT_EQ(per_lane("mov.u64 %rd4, 5; match.all.sync.b64 %r9|%p1, %rd4, -1;"), std::vector<u32>(32, ~0u));
  EXPECT_EQ(per_lane("match.all.sync.b32 %r9|%p1, %r4, -1; @%p1 add.u32 %r9, %r9, 1;"),
            std::vector<u32>(32, 0));
}

TEST(Redux, EveryOperation) {
  EXPECT_EQ(per_lane("redux.sync.add.s32 %r9, %r4, -1;"), std::vector<u32>(32, 496));
  EXPECT_EQ(per_lane("sub.s32 %r5, %r4, 20; redux.sync.min.s32 %r9, %r5, -1;"),
            std::vector<u32>(32, static_cast<u32>(-20)));
  EXPECT_EQ(per_lane("sub.s32 %r5, %r4, 20; redux.sync.max.u32 %r9, %r5, -1;"), std::vector<u32>(32, ~0u));
  EXPECT_EQ(per_lane("redux.sync.xor.b32 %r9, %r4, -1;"), std::vector<u32>(32, 0));
  EXPECT_EQ(per_lane("add.u32 %r5, %r4, 32; redux.sync.and.b32 %r9, %r5, -1;"), std::vector<u32>(32, 32));
}

/// Half of the lanes come to the shuffle by a long way; it waits for them.
TEST(Meeting, WaitsForLanesOnTheirWay) {
  const auto got = per_lane(kValue +
                            "setp.gt.u32 %p1, %r4, 11; @%p1 bra near; mov.u32 %r6, 0;\nfar: add.u32 %r6, "
                            "%r6, 1; setp.lt.u32 %p2, %r6, %r4; @%p2 bra far;\n"
                            "near: shfl.sync.bfly.b32 %r9, %r5, 31, 31, -1;");
  ASSERT_EQ(got.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], held_by(31 - lane));
}

/// Exited lanes are not waited for.
TEST(Meeting, ExitedLanesAreNotWaitedFor) {
  const auto got =
      run_kernel(kernel_text("setp.gt.u32 %p1, %r4, 7; @%p1 ret; bar.warp.sync -1; vote.sync.ballot.b32 %r9, "
                             "%p1, -1; add.u32 %r9, %r9, 3; st.global.u32 [%rd1], %r9; ret;"),
                 std::vector<u32>(32, 0));
  ASSERT_EQ(got.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], lane <= 7 ? 3u : 0u);
}

TEST(Meeting, ActiveMaskIsWhoIsTogether) {
  const auto got =
      per_lane("mov.u32 %r9, 0; setp.lt.u32 %p1, %r4, 5; @!%p1 bra done; activemask.b32 %r9;\ndone:");
  ASSERT_EQ(got.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], lane < 5 ? 31u : 0u);
}

TEST(Meeting, ALaneOutsideOfItsMaskIsAFault) {
  check::Fault fault;
  (void)run_kernel(kernel_text("vote.sync.ballot.b32 %r9, %p1, 0xfffffff7; ret;"), std::vector<u32>(32, 0), 1,
                   32, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::divergent_sync);
  EXPECT_NE(fault.what.find("lane 3"), std::string::npos) << fault.what;
}

}  // namespace
}  // namespace softcuda::testing
