#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "harness/softcuda/check/races.h"
#include "harness/softcuda/check/shared_races.h"

namespace softcuda::check {

/// Races between the blocks of a launch in global memory: two accesses to a byte, one of them a write, by
/// blocks that neither grid sync nor a release and acquire pattern orders (PTX ISA 8.8). Within a block
/// nothing is looked for.
///
/// State is kept by cells of 8 bytes, 16 bytes each: the last write and the last reads. Blocks that share a
/// cell without sharing a byte split it. The state of a launch is told from an earlier one's by its eras, so
/// that nothing has to be cleared between launches. One host thread at a time.
class GlobalRaces {
 public:
  /// Of device memory at [begin, begin + bytes).
  GlobalRaces(std::uint64_t begin, std::uint64_t bytes);
  ~GlobalRaces();
  GlobalRaces(const GlobalRaces&) = delete;
  GlobalRaces& operator=(const GlobalRaces&) = delete;

  [[nodiscard]] bool holds(std::uint64_t address) const { return address - begin_ < bytes_; }
  void start_launch(Races& races);
  void start_block(std::uint32_t block);

  /// An instruction of a block. `values`: of a write, where they are known.
  struct Access {
    std::uint32_t block = 0, number = 0;
    Mode mode = Mode::read;
    const Values* values = nullptr;
    std::uint32_t lane_bytes = 0;  ///< of a run over all lanes: how many bytes are each one's
  };
  void access(const Access&, std::uint32_t lane, std::uint64_t address, std::uint32_t bytes);
  /// As Clocks::fence, strong_write and strong_read, between blocks.
  void fence(std::uint32_t block, bool release, bool acquire);
  void strong_write(std::uint32_t block, std::uint64_t address, bool releases);
  void strong_read(std::uint32_t block, std::uint64_t address, bool acquires);
  /// What is kept about `bytes` bytes of memory, and so far about this launch's blocks.
  [[nodiscard]] std::uint64_t shadow_bytes(std::uint64_t bytes) const;

 private:
  using Era = std::uint32_t;  ///< a block between two releases; 0: none
  struct Knowledge {
    std::unordered_map<std::uint32_t, Era> eras;  ///< block -> its eras up to this one come before
    Era latest = 0;                               ///< the era that the last release among them began
  };
  struct Side {
    Era era = 0;
    std::uint32_t number : 23 = 0;
    std::uint32_t strong : 1 = 0;
    std::uint32_t bytes : 8 = 0;  ///< of the cell, a bit each
  };
  struct Cell {
    Side write, read;
  };
  static_assert(sizeof(Cell) == 16);
  struct Block {
    Era era = 0;
    Knowledge knows, released, acquirable;
    bool releases = false;
    Era shared = 0;    ///< the last era of several blocks that it has put down itself
    Era acquired = 0;  ///< what others did in eras of several blocks up to this one may come before
    /// The place read last and what was there: who spins on it need not learn it again.
    std::uint64_t read_place = 0;
    std::uint32_t read_version = 0;
  };
  struct Place {
    Knowledge knowledge;
    std::uint32_t version = 0;  ///< grows with each release into it
  };
  static constexpr Era kSplit = 0xfffffffeu;
  static constexpr std::uint32_t kBlocks = 0xffffffffu;  ///< in block_of_: an era of several blocks

  [[nodiscard]] Cell& cell_at(std::uint64_t address) const;
  [[nodiscard]] bool is_current(Era era) const { return era >= first_era_; }
  /// The era of several blocks that now is; none is older than the last release.
  Era several();
  void acquire(Block& me, const Knowledge& more);
  [[nodiscard]] bool ordered(const Block& me, std::uint32_t block, const Side& before) const;
  [[nodiscard]] bool read_before(const Cell* first, std::size_t count, Era mine) const;
  void touch(const Access&, std::uint32_t lane, Cell& cell, const Side& now, std::uint64_t address);
  void split_touch(const Access&, std::uint32_t lane, Cell& cell, const Side& now, std::uint64_t address);
  [[nodiscard]] bool must_split(const Cell& cell, std::uint32_t block, const Side& now) const;
  Block& block_at(std::uint32_t block) {
    if (current_block_ == nullptr || current_ != block) {
      current_ = block;
      current_block_ = &blocks_[block];  // references into the map stay good as it grows
    }
    return *current_block_;
  }
  Era next_era(std::uint32_t block);
  static void join(Knowledge& into, const Knowledge& more);

  std::uint64_t begin_, bytes_;
  Cell* cells_ = nullptr;
  std::size_t mapped_ = 0;
  Races* races_ = nullptr;
  Era first_era_ = 1, last_era_ = 0;
  Era several_ = 1;                      ///< of several blocks, since the last release
  bool released_since_ = false;          ///< so that the next one is another
  std::vector<std::uint32_t> block_of_;  ///< by era, from first_era_ on
  std::unordered_map<std::uint32_t, Block> blocks_;
  std::uint32_t current_ = 0;  ///< the block met last, and its entry
  Block* current_block_ = nullptr;
  std::unordered_map<std::uint64_t, Place> places_;
  std::unordered_map<const Cell*, std::array<Cell, 8>> split_;
};

}  // namespace softcuda::check
