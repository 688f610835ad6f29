#include "harness/softcuda/check/global_races.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace softcuda::check {
namespace {

constexpr std::uint64_t kBegin = 1 << 16;

struct Memory {
  Memory() { races.start_launch(found); }
  void touch(std::uint32_t block, Mode mode, std::uint64_t offset, std::uint32_t bytes) {
    races.access({block, block + 1, mode, nullptr, 0}, 0, kBegin + offset, bytes);
  }
  Races found;
  GlobalRaces races{kBegin, 4096};
};

TEST(GlobalRaces, LaunchesAreOrdered) {
  Memory memory;
  memory.races.start_block(0);
  memory.touch(0, Mode::write, 0, 4);
  memory.races.start_launch(memory.found);
  memory.races.start_block(1);
  memory.touch(1, Mode::read, 0, 4);
  memory.touch(1, Mode::write, 0, 4);
  EXPECT_TRUE(memory.found.found().empty());
}

/// What several blocks have read in one launch may be written in the next.
TEST(GlobalRaces, LaunchesAreOrderedBehindManyReaders) {
  Memory memory;
  for (std::uint32_t block = 0; block < 4; ++block) {
    memory.races.start_block(block);
    memory.touch(block, Mode::read, 0, 8);
    memory.touch(block, Mode::update, 8, 4);
  }
  memory.races.start_launch(memory.found);
  memory.races.start_block(0);
  memory.touch(0, Mode::write, 0, 8);
  memory.touch(0, Mode::write, 8, 8);
  EXPECT_TRUE(memory.found.found().empty());
}

TEST(GlobalRaces, AtomicsDoNotRaceWithEachOther) {
  Memory memory;
  for (std::uint32_t block = 0; block < 4; ++block) {
    memory.races.start_block(block);
    memory.touch(block, Mode::update, 8, 4);
  }
  EXPECT_TRUE(memory.found.found().empty());
  memory.touch(3, Mode::read, 8, 4);
  EXPECT_EQ(memory.found.found().size(), 1u);
}

TEST(GlobalRaces, AReleaseAndAnAcquireOrderBlocks) {
  for (const bool fenced : {true, false}) {
    Memory memory;
    memory.races.start_block(0);
    memory.races.start_block(1);
    memory.touch(0, Mode::write, 0, 4);
    if (fenced) memory.races.fence(0, true, true);
    memory.races.strong_read(0, kBegin + 64, false);
    memory.races.strong_write(0, kBegin + 64, false);
    memory.races.strong_read(1, kBegin + 64, false);
    memory.races.strong_write(1, kBegin + 64, false);
    if (fenced) memory.races.fence(1, true, true);
    memory.touch(1, Mode::read, 0, 4);
    EXPECT_EQ(memory.found.found().empty(), fenced);
  }
}

/// A grid barrier, as cooperative groups have it: each block releases into one place, and then acquires it.
void grid_barrier(Memory& memory, std::uint32_t blocks) {
  constexpr std::uint64_t kPlace = kBegin + 2048;
  for (std::uint32_t block = 0; block < blocks; ++block) {
    memory.races.strong_read(block, kPlace, false);
    memory.races.strong_write(block, kPlace, true);
  }
  for (std::uint32_t block = 0; block < blocks; ++block) memory.races.strong_read(block, kPlace, true);
}

/// Writes behind a grid barrier that reads of several blocks come before; without the second barrier they
/// race with reads of its own side. Block 32 as any other.
TEST(GlobalRaces, AGridBarrierOrdersWhatSeveralBlocksHaveRead) {
  constexpr std::uint32_t kBlocks = 34;
  for (const bool second : {true, false}) {
    Memory memory;
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
      memory.races.start_block(block);
      memory.touch(block, Mode::write, 8 * block, 8);
    }
    grid_barrier(memory, kBlocks);
    for (std::uint32_t block = 0; block < kBlocks; ++block) memory.touch(block, Mode::read, 0, 8 * kBlocks);
    if (second) grid_barrier(memory, kBlocks);
    for (std::uint32_t block = 0; block < kBlocks; ++block) memory.touch(block, Mode::write, 8 * block, 8);
    EXPECT_EQ(memory.found.found().empty(), second);
  }
}

/// What a block has read itself behind the barrier is no other's.
TEST(GlobalRaces, AReadOfOnesOwnBehindTheBarrierIsNoOthers) {
  Memory memory;
  for (std::uint32_t block = 0; block < 3; ++block) {
    memory.races.start_block(block);
    memory.touch(block, Mode::read, 0, 8);
    memory.touch(block, Mode::update, 8, 8);
  }
  grid_barrier(memory, 3);
  memory.touch(1, Mode::read, 0, 8);
  memory.touch(1, Mode::write, 0, 8);
  memory.touch(1, Mode::update, 8, 8);
  memory.touch(1, Mode::read, 8, 8);
  EXPECT_TRUE(memory.found.found().empty());
}

/// A block reads late, behind another one's release, and then acquires that.
TEST(GlobalRaces, AReadBetweenAReleaseAndItsAcquireIsNoOthers) {
  Memory memory;
  memory.races.start_block(0);
  memory.races.start_block(1);
  memory.touch(0, Mode::read, 0, 8);
  memory.races.strong_write(0, kBegin + 64, true);
  memory.touch(1, Mode::read, 0, 8);
  memory.races.strong_read(1, kBegin + 64, true);
  memory.touch(1, Mode::write, 0, 8);
  EXPECT_TRUE(memory.found.found().empty());
}

// Whole cells that a read has nothing new to tell of are passed by vectors. What must not be taken for such:

TEST(GlobalRaces, ManyReadersBeforeDoNotExcuseWhoHasNotAcquired) {
  Memory memory;
  for (std::uint32_t block = 0; block < 4; ++block) memory.races.start_block(block);
  memory.touch(0, Mode::write, 0, 64);
  memory.races.strong_write(0, kBegin + 512, true);
  for (const std::uint32_t block : {1u, 2u}) {
    memory.races.strong_read(block, kBegin + 512, true);
    memory.touch(block, Mode::read, 0, 64);
  }
  EXPECT_TRUE(memory.found.found().empty());
  memory.touch(3, Mode::read, 0, 64);
  EXPECT_EQ(memory.found.found().size(), 1u);
}

TEST(GlobalRaces, AReadAfterAReleaseIsNotAmongThoseBeforeIt) {
  Memory memory;
  for (std::uint32_t block = 0; block < 4; ++block) memory.races.start_block(block);
  for (const std::uint32_t block : {0u, 1u}) memory.touch(block, Mode::read, 0, 64);
  memory.races.strong_write(0, kBegin + 512, true);
  memory.races.strong_read(3, kBegin + 512, true);
  memory.touch(2, Mode::read, 0, 64);
  memory.touch(3, Mode::write, 0, 64);
  EXPECT_EQ(memory.found.found().size(), 1u);
}

TEST(GlobalRaces, AWeakReadAmongStrongOnesRacesWithAStrongWrite) {
  for (const std::uint32_t readers : {1u, 3u}) {
    Memory memory;
    for (std::uint32_t block = 0; block < 4; ++block) memory.races.start_block(block);
    for (std::uint32_t block = 0; block < readers; ++block) memory.touch(block, Mode::strong_read, 0, 64);
    memory.touch(0, Mode::read, 0, 64);
    memory.touch(3, Mode::strong_write, 0, 64);
    EXPECT_EQ(memory.found.found().size(), 1u) << readers;
  }
}

/// Against every pair of accesses, byte by byte.
RC_GTEST_PROP(GlobalRaces, FindsWhatComparingEveryPairFinds, ()) {
  struct Did {
    std::uint32_t block;
    std::uint64_t offset;
    std::uint32_t bytes;
    bool writes;
  };
  Memory memory;
  for (std::uint32_t block = 0; block < 3; ++block) memory.races.start_block(block);
  std::vector<Did> all;
  bool expected = false;
  const auto steps = *rc::gen::inRange(1, 20);
  for (int step = 0; step < steps && !expected; ++step) {
    const auto bytes = 1u << *rc::gen::inRange(0, 5);
    const Did now{*rc::gen::inRange<std::uint32_t>(0, 3),
                  bytes * *rc::gen::inRange<std::uint64_t>(0, 64 / bytes), bytes,
                  *rc::gen::weightedElement<bool>({{2, false}, {1, true}})};
    for (const Did& before : all) {
      const bool overlap =
          before.offset < now.offset + now.bytes && now.offset < before.offset + before.bytes;
      expected = expected || (overlap && before.block != now.block && (before.writes || now.writes));
    }
    memory.touch(now.block, now.writes ? Mode::write : Mode::read, now.offset, now.bytes);
    all.push_back(now);
  }
  RC_ASSERT(memory.found.found().empty() != expected);
}

}  // namespace
}  // namespace softcuda::check
