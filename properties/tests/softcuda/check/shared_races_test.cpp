#include "harness/softcuda/check/shared_races.h"

#include <array>
#include <set>
#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace softcuda::check {
namespace {

struct Block {
  explicit Block(std::uint32_t warps) {
    clocks.start(warps);
    races.start(4096, clocks, found);
  }
  void touch(std::uint32_t warp, std::uint32_t lane, Mode mode, std::uint32_t offset, std::uint32_t bytes) {
    races.access({warp, 100 * warp + lane, mode, nullptr}, lane, offset, bytes);
  }
  void barrier() {
    std::vector<std::uint32_t> all;
    for (std::uint32_t warp = 0; warp < 4; ++warp) {
      clocks.lanes_met(warp, 0xffffffffu, true);
      all.push_back(warp);
    }
    clocks.barrier(all);
  }
  Clocks clocks;
  Races found;
  SharedRaces races;
};

TEST(SharedRaces, TwoReadsNeverRace) {
  Block block(4);
  for (std::uint32_t warp = 0; warp < 4; ++warp) block.touch(warp, warp, Mode::read, 0, 16);
  EXPECT_TRUE(block.found.found().empty());
}

TEST(SharedRaces, StrongAccessesRaceWithWeakOnesOnly) {
  Block strong(4);
  strong.touch(0, 0, Mode::strong_write, 0, 4);
  strong.touch(1, 0, Mode::strong_read, 0, 4);
  strong.touch(2, 0, Mode::update, 0, 4);
  EXPECT_TRUE(strong.found.found().empty());
  strong.touch(3, 0, Mode::read, 0, 4);
  EXPECT_EQ(strong.found.found().size(), 1u);
}

/// An atomic does not make its thread's next plain read sound: it races with the others' atomics.
TEST(SharedRaces, APlainReadRacesWithEarlierAtomicsOfOthers) {
  Block warps(4);
  for (std::uint32_t warp = 0; warp < 3; ++warp) warps.touch(warp, 0, Mode::update, 0, 4);
  warps.touch(2, 0, Mode::read, 0, 4);
  EXPECT_EQ(warps.found.found().size(), 1u);
  Block lanes(4);
  for (std::uint32_t lane = 0; lane < 3; ++lane) lanes.touch(1, lane, Mode::update, 0, 4);
  lanes.touch(1, 2, Mode::read, 0, 4);
  EXPECT_EQ(lanes.found.found().size(), 1u);
}

/// A copy may be touched by nobody before its thread has waited, and by others only behind a barrier.
TEST(SharedRaces, ACopyIsUnderWayUntilItLands) {
  Block block(4);
  block.races.access({0, 7, Mode::copy, nullptr}, 3, 64, 16);
  block.touch(0, 3, Mode::read, 64, 16);
  ASSERT_EQ(block.found.found().size(), 1u);
  EXPECT_TRUE(block.found.found()[0].before.copy);
  block.found.clear();
  block.races.landed(0, 3, 7, 64, 16);
  block.touch(0, 3, Mode::read, 64, 16);
  EXPECT_TRUE(block.found.found().empty());
  block.touch(1, 3, Mode::read, 64, 16);
  ASSERT_EQ(block.found.found().size(), 1u);
  EXPECT_FALSE(block.found.found()[0].before.copy);
  block.found.clear();
  block.barrier();
  block.touch(2, 0, Mode::read, 64, 16);
  EXPECT_TRUE(block.found.found().empty());
}

/// A barrier without a wait does not end a copy.
TEST(SharedRaces, ABarrierDoesNotEndACopy) {
  Block block(4);
  block.races.access({0, 7, Mode::copy, nullptr}, 3, 64, 16);
  block.barrier();
  block.barrier();
  block.touch(1, 3, Mode::read, 68, 4);
  EXPECT_EQ(block.found.found().size(), 1u);
}

TEST(SharedRaces, RepeatsBetweenTwoInstructionsAreOneWithACount) {
  Block block(4);
  for (std::uint32_t k = 0; k < 8; ++k) {
    block.races.access({0, 1, Mode::write, nullptr}, k, 64 * k, 4);
    block.races.access({1, 2, Mode::read, nullptr}, k, 64 * k, 4);
  }
  ASSERT_EQ(block.found.found().size(), 1u);
  EXPECT_EQ(block.found.found()[0].count, 8u);
}

/// Of two lanes that read a cell both are kept, whatever their numbers.
TEST(SharedRaces, AReadByTwoLanesRacesWithAWriteByEither) {
  for (const std::uint32_t second : {1u, 2u, 3u, 31u}) {
    for (const std::uint32_t writer : {0u, second}) {
      Block block(4);
      block.touch(0, 0, Mode::read, 16, 4);
      block.touch(0, second, Mode::read, 16, 4);
      block.touch(0, writer, Mode::write, 16, 4);
      EXPECT_EQ(block.found.found().size(), 1u) << second << ' ' << writer;
    }
  }
}

/// Every access against all earlier ones, byte by byte: whether any pair races must be the same, for any mix
/// of widths and barriers, whatever cells and fast paths are used.
RC_GTEST_PROP(SharedRaces, FindsWhatComparingEveryPairFinds, ()) {
  struct Did {
    std::uint32_t warp, lane, offset, bytes;
    bool writes;
    int interval, meeting;
  };
  const auto steps = *rc::gen::inRange(1, 25);
  Block block(4);
  std::vector<Did> all;
  int interval = 0;
  std::array<int, 4> meetings{};
  bool expected = false;
  for (int step = 0; step < steps && !expected; ++step) {
    const auto what = *rc::gen::inRange(0, 10);
    if (what == 0) {
      block.barrier();
      ++interval;
      continue;
    }
    const auto warp = *rc::gen::inRange<std::uint32_t>(0, 4);
    if (what == 1) {
      block.clocks.lanes_met(warp, 0xffffffffu, true);
      ++meetings[warp];
      continue;
    }
    const auto bytes = 1u << *rc::gen::inRange(0, 5);
    const Did now{warp,
                  *rc::gen::inRange<std::uint32_t>(0, 3),
                  bytes * *rc::gen::inRange<std::uint32_t>(0, 64 / bytes),
                  bytes,
                  *rc::gen::arbitrary<bool>(),
                  interval,
                  meetings[warp]};
    for (const Did& before : all) {
      const bool overlap =
          before.offset < now.offset + now.bytes && now.offset < before.offset + before.bytes;
      const bool ordered =
          before.interval < now.interval ||
          (before.warp == now.warp && (before.lane == now.lane || before.meeting < now.meeting));
      expected = expected || (overlap && !ordered && (before.writes || now.writes));
    }
    block.touch(warp, now.lane, now.writes ? Mode::write : Mode::read, now.offset, now.bytes);
    all.push_back(now);
  }
  RC_ASSERT(block.found.found().empty() != expected);
}

/// An instruction of a warp as a whole, lanes at the same places among them, finds what it would lane by
/// lane.
RC_GTEST_PROP(SharedRaces, FindsByWarpsWhatItFindsByLanes, ()) {
  Block whole(4), single(4);
  const auto steps = *rc::gen::inRange(1, 20);
  for (int step = 0; step < steps; ++step) {
    const auto what = *rc::gen::inRange(0, 10);
    const auto warp = *rc::gen::inRange<std::uint32_t>(0, 4);
    if (what == 0) {
      whole.barrier();
      single.barrier();
      continue;
    }
    if (what < 4) {
      whole.clocks.lanes_met(warp, 0xffffffffu, true);
      single.clocks.lanes_met(warp, 0xffffffffu, true);
      if (what < 3) continue;
    }
    const auto bytes = 1u << *rc::gen::inRange(2, 5);
    const auto row = *rc::gen::element<std::uint32_t>(1, 2, 4, 16, 32), rows = 32 / row;
    const auto begin = 16 * *rc::gen::inRange<std::uint32_t>(0, 8), stride = 16 * *rc::gen::inRange(1u, 3u);
    const bool across = *rc::gen::arbitrary<bool>(), writes = *rc::gen::inRange(0, 4) == 0;
    std::array<std::uint64_t, 32> offsets{};
    for (std::uint32_t lane = 0; lane < 32; ++lane)
      offsets[lane] = 4096 + begin + stride * (across ? lane % row : lane / rows);
    const auto lanes = *rc::gen::element(0xffffffffu, 0xffffffffu, 0x0000ffffu, 0x80000001u);
    const SharedRaces::Access access{warp, static_cast<std::uint32_t>(step),
                                     writes ? Mode::write : Mode::read, nullptr};
    whole.races.access_each(access, lanes, offsets.data(), 4096, bytes);
    for (std::uint32_t lane = 0; lane < 32; ++lane) {
      if ((lanes >> lane & 1u) != 0)
        single.races.access(access, lane, static_cast<std::uint32_t>(offsets[lane] - 4096), bytes);
    }
  }
  RC_CLASSIFY(single.found.found().empty(), "no race");
  // Which of several readers an earlier read is told by is open; that there was one is not.
  const auto instructions = [](const Block& block) {
    std::set<std::tuple<std::uint32_t, bool, std::uint32_t>> all;
    for (const Race& race : block.found.found())
      all.emplace(race.now.number, race.before.writes, race.before.unit);
    return all;
  };
  RC_ASSERT(instructions(whole) == instructions(single));
}

}  // namespace
}  // namespace softcuda::check
