#include "harness/softcuda/check/shared_races.h"

#include <array>
#include <bitset>
#include <map>
#include <set>
#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace softcuda::check {
namespace {

using Places = std::array<std::uint64_t, 32>;

struct Block {
  explicit Block(std::uint32_t warps) {
    clocks.start(warps);
    races.start(4096, clocks, found);
  }
  void touch(std::uint32_t warp, std::uint32_t lane, Mode mode, std::uint32_t offset, std::uint32_t bytes) {
    races.access({warp, 100 * warp + lane, mode, nullptr}, lane, offset, bytes);
  }
  void each(const SharedRaces::Access& access, std::uint32_t lanes, const Places& places,
            std::uint32_t bytes) {
    scatter.meet(places.data(), lanes, bytes);
    races.access_each(access, scatter, places.data(), 4096);
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
  Scatter scatter{1};
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

/// Also where a warp in between has arrived somewhere, which makes it another moment for all.
TEST(SharedRaces, ReadsByTwoLanesAreKeptWhateverOtherWarpsDo) {
  for (const std::uint32_t writer : {0u, 1u}) {
    Block block(4);
    block.touch(0, 0, Mode::read, 16, 4);
    block.clocks.arrive(3, 8);
    block.touch(0, 1, Mode::read, 16, 4);
    block.touch(0, writer, Mode::write, 16, 4);
    EXPECT_EQ(block.found.found().size(), 1u) << writer;
  }
}

/// What one warp knows to be over is not over for all.
TEST(SharedRaces, AReadIsForgottenOnlyWhenItIsOverForAllWarps) {
  for (const std::uint32_t writer : {0u, 1u}) {
    Block block(4);
    block.touch(2, 0, Mode::read, 16, 4);
    for (std::uint32_t warp = 0; warp < 4; ++warp) block.clocks.arrive(warp, 8);
    block.clocks.wait(0, 8);
    block.touch(writer, 0, Mode::write, 16, 4);
    EXPECT_EQ(block.found.found().size(), writer == 0 ? 0u : 1u);
  }
}

/// Every access against all earlier ones, byte by byte: whether any pair races must be the same, for any mix
/// of widths, barriers of all warps and of some, and arrivals that some wait for, whatever cells and fast
/// paths are used.
RC_GTEST_PROP(SharedRaces, FindsWhatComparingEveryPairFinds, ()) {
  struct Did {
    std::uint32_t warp, lane, offset, bytes;
    bool writes;
    int meeting;
  };
  using Known = std::bitset<32>;  // accesses by their number
  const auto steps = *rc::gen::inRange(1, 32);
  Block block(4);
  std::vector<Did> all;
  std::array<Known, 4> before{};  // of whoever, that come before what the warp does now
  std::array<Known, 4> own{};
  Known arrived;
  std::array<int, 4> meetings{};
  bool expected = false;
  const auto meet = [&](std::uint32_t warp) {
    block.clocks.lanes_met(warp, 0xffffffffu, true);
    ++meetings[warp];
  };
  for (int step = 0; step < steps && !expected; ++step) {
    const auto what = *rc::gen::inRange(0, 14);
    const auto warp = *rc::gen::inRange<std::uint32_t>(0, 4);
    if (what < 2) {
      std::vector<std::uint32_t> warps;
      for (std::uint32_t other = 0; other < 4; ++other) {
        if (what == 0 || (other | 1u) == (warp | 1u)) warps.push_back(other);
      }
      Known joined;
      for (const std::uint32_t other : warps) joined |= before[other] | own[other];
      for (const std::uint32_t other : warps) {
        meet(other);
        before[other] = joined;
      }
      block.clocks.barrier(warps);
      continue;
    }
    if (what < 5) {
      meet(warp);
      if (what == 3) {
        block.clocks.arrive(warp, 8);
        arrived |= before[warp] | own[warp];
      } else if (what == 4) {
        block.clocks.wait(warp, 8);
        before[warp] |= arrived;
      }
      continue;
    }
    const auto bytes = 1u << *rc::gen::inRange(0, 5);
    const Did now{warp,
                  *rc::gen::inRange<std::uint32_t>(0, 3),
                  bytes * *rc::gen::inRange<std::uint32_t>(0, 64 / bytes),
                  bytes,
                  *rc::gen::arbitrary<bool>(),
                  meetings[warp]};
    for (std::size_t k = 0; k < all.size(); ++k) {
      const Did& then = all[k];
      const bool overlap = then.offset < now.offset + now.bytes && now.offset < then.offset + then.bytes;
      const bool ordered =
          then.warp == now.warp ? then.lane == now.lane || then.meeting < now.meeting : before[warp][k];
      expected = expected || (overlap && !ordered && (then.writes || now.writes));
    }
    block.touch(warp, now.lane, now.writes ? Mode::write : Mode::read, now.offset, now.bytes);
    own[warp].set(all.size());
    all.push_back(now);
  }
  RC_CLASSIFY(expected, "a race");
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
    whole.each(access, lanes, offsets, bytes);
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

/// A read that is written down and looked at later finds, and lets others find, what it would have at once. A
/// block in which something but barriers has happened since the last one looks at once.
RC_GTEST_PROP(SharedRaces, LooksLaterAtWhatItWouldLookAtOnce, ()) {
  Block later(4), at_once(4);
  at_once.clocks.fence(0, true, false);
  const auto both = [&](auto act) {
    act(later);
    act(at_once);
  };
  struct Copy {
    std::uint32_t warp, lane, number, offset, bytes;
  };
  std::vector<Copy> copies;
  const auto steps = *rc::gen::inRange<std::uint32_t>(1, 40);
  for (std::uint32_t step = 0; step < steps; ++step) {
    const auto what = *rc::gen::inRange(0, 20);
    const auto warp = *rc::gen::inRange<std::uint32_t>(0, 4), lane = *rc::gen::inRange<std::uint32_t>(0, 3);
    if (what == 0) {
      both([](Block& block) { block.barrier(); });
      at_once.clocks.fence(0, true, false);
    } else if (what == 1) {
      both([&](Block& block) { block.clocks.lanes_met(warp, 0xffffffffu, true); });
    } else if (what == 2) {
      both([&](Block& block) { block.clocks.arrive(warp, 8); });
    } else if (what == 3) {
      both([&](Block& block) { block.clocks.wait(warp, 8); });
    } else if (what == 4 && !copies.empty()) {
      const Copy copy = copies.back();
      copies.pop_back();
      both([&](Block& block) {
        block.races.landed(copy.warp, copy.lane, copy.number, copy.offset, copy.bytes);
      });
    } else if (what == 5) {
      const Copy copy{warp, lane, step, 16 * *rc::gen::inRange<std::uint32_t>(0, 36), 16};
      copies.push_back(copy);
      both([&](Block& block) {
        block.races.access({warp, step, Mode::copy, nullptr}, lane, copy.offset, copy.bytes);
      });
    } else {
      const auto bytes = 1u << *rc::gen::element(2, 3, 4, 4, 4, 1);
      const auto begin = 16 * *rc::gen::inRange<std::uint32_t>(0, 36);
      const auto stride = bytes * *rc::gen::element(0u, 1u, 2u, 7u);
      const SharedRaces::Access access{
          warp, step, *rc::gen::element(Mode::read, Mode::read, Mode::read, Mode::write, Mode::update),
          nullptr};
      const auto lanes = *rc::gen::element(0xffffffffu, 0xffffffffu, 0x0000ffffu, 0x80000001u);
      const auto form = *rc::gen::inRange(0, 4);
      std::array<std::uint64_t, 32> offsets{};
      for (std::uint32_t k = 0; k < 32; ++k) offsets[k] = 4096 + begin + stride * k;
      both([&](Block& block) {
        if (form == 0) return block.races.access(access, lane, begin, bytes);
        if (form == 1) return block.races.access_all(access, begin, bytes);
        block.each(access, lanes, offsets, bytes);
      });
    }
  }
  // By which of several readers is open here as well: cells may have become finer before they are asked.
  const auto all = [](const Block& block) {
    std::map<std::tuple<std::uint32_t, bool, bool, std::uint32_t>, std::uint64_t> cells;
    for (const Race& race : block.found.found())
      cells[{race.now.number, race.before.writes, race.before.copy, race.before.unit}] += race.count;
    return cells;
  };
  RC_CLASSIFY(later.found.found().empty(), "no race");
  RC_ASSERT(all(later) == all(at_once));
}

/// Loops of a few instructions, each by a pattern of its own that comes again at other places: what is kept
/// once for all reads of a kind, or of an instruction, has to be each one's.
RC_GTEST_PROP(SharedRaces, ReadsOfALoopAreEachWhereTheyWere, ()) {
  Block later(4), at_once(4);
  at_once.clocks.fence(0, true, false);
  const auto both = [&](auto act) {
    act(later);
    act(at_once);
  };
  std::vector<Scatter> scatters{Scatter(1), Scatter(2), Scatter(65)};  // the first and the last: one place in
                                                                       // the log's table
  std::array<std::uint32_t, 3> strides{};
  for (std::uint32_t& stride : strides) stride = 16 * *rc::gen::element(1u, 2u, 5u);
  std::vector<std::uint32_t> copies;  // their offsets
  const auto steps = *rc::gen::inRange(1, 40);
  for (int step = 0; step < steps; ++step) {
    const auto what = *rc::gen::inRange(0, 12);
    const auto warp = *rc::gen::inRange<std::uint32_t>(0, 4), site = *rc::gen::inRange<std::uint32_t>(0, 3);
    const auto begin = 16 * *rc::gen::inRange<std::uint32_t>(0, 20);
    if (what == 0) {
      both([](Block& block) { block.barrier(); });
      at_once.clocks.fence(0, true, false);
    } else if (what == 1) {
      copies.push_back(begin);
      both([&](Block& block) { block.races.access({2, 30, Mode::copy, nullptr}, 5, begin, 16); });
    } else if (what == 2 && !copies.empty()) {
      both([&](Block& block) { block.races.landed(2, 5, 30, copies.back(), 16); });
      copies.pop_back();
    } else if (what == 3) {
      both([&](Block& block) { block.races.access({warp, 20, Mode::write, nullptr}, 7, begin, 16); });
    } else {
      if (*rc::gen::inRange(0, 8) == 0) strides[site] = 16 * *rc::gen::element(1u, 2u, 5u);
      const auto lanes = *rc::gen::element(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xfffffff0u);
      Places places{};
      for (std::uint32_t k = 0; k < 32; ++k) places[k] = 4096 + begin + strides[site] * k;
      scatters[site].meet(places.data(), lanes, 16);
      const Mode mode = what == 4 ? Mode::write : Mode::read;
      both([&](Block& block) {
        block.races.access_each({warp, what == 4 ? 10 + site : site, mode, nullptr}, scatters[site],
                                places.data(), 4096);
      });
    }
  }
  // By which of several readers is open, as above.
  const auto all = [](const Block& block) {
    std::map<std::tuple<std::uint32_t, bool, bool>, std::uint64_t> cells;
    for (const Race& race : block.found.found())
      cells[{race.now.number, race.before.writes, race.before.copy}] += race.count;
    return cells;
  };
  RC_CLASSIFY(later.found.found().empty(), "no race");
  RC_ASSERT(all(later) == all(at_once));
}

}  // namespace
}  // namespace softcuda::check
