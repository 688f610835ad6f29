#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// What is counted while a kernel runs, by numbers only: blocks and memory instructions of its program. Names
/// come later (exec/summary.h), when a launch is over.
namespace softcuda::count {

/// A basic block of the kernel.
struct BlockCount {
  std::uint64_t executions = 0;   ///< once a group of lanes that came to its end together
  std::uint64_t lanes = 0;        ///< the same times lanes of the group
  std::uint64_t divergences = 0;  ///< its branch split the group in two

  BlockCount& operator+=(const BlockCount& more) {
    executions += more.executions;
    lanes += more.lanes;
    divergences += more.divergences;
    return *this;
  }
};

/// Memories that traffic is counted for.
enum class Space : std::uint8_t { global, shared, local };
inline constexpr std::size_t kSpaces = 3;

/// Accesses of warps to one memory. Units are 32-byte sectors of global and local memory, wavefronts of
/// shared memory: sectors.h and wavefronts.h have the rules.
struct Traffic {
  std::uint64_t requests = 0;  ///< instructions of a warp, with at least one lane
  std::uint64_t units = 0;
  std::uint64_t ideal =
      0;  ///< units that as many lanes and bytes would have taken at best; never more than units
  std::uint64_t bytes = 0;  ///< asked for: lanes times bytes a lane

  Traffic& operator+=(const Traffic& more) {
    requests += more.requests;
    units += more.units;
    ideal += more.ideal;
    bytes += more.bytes;
    return *this;
  }
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

/// Of one launch, or the part of it that one host thread runs.
struct Tally {
  std::vector<BlockCount> blocks;                     ///< by number; 0 takes what is no block's end
  std::array<std::vector<Traffic>, kSpaces> traffic;  ///< by space and number of the memory instruction
  std::uint64_t barriers = 0;                         ///< CTA barriers that a group of lanes arrived at

  Tally() = default;
  Tally(std::size_t block_numbers, std::size_t sites) : blocks(block_numbers) {
    traffic.fill(std::vector<Traffic>(sites));
  }
  /// `more` is of the same program.
  Tally& operator+=(const Tally& more) {
    for (std::size_t b = 0; b < blocks.size(); ++b) blocks[b] += more.blocks[b];
    for (std::size_t s = 0; s < kSpaces; ++s) {
      for (std::size_t site = 0; site < traffic[s].size(); ++site) traffic[s][site] += more.traffic[s][site];
    }
    barriers += more.barriers;
    return *this;
  }
};

}  // namespace softcuda::count
