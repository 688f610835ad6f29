#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "harness/softcuda/exec/profile.h"
#include "harness/softcuda/isa/modes.h"

namespace softcuda::exec {

/// In which order the warps of a block get their turns. Results of a correct kernel do not depend on it.
enum class WarpOrder : std::uint8_t {
  round_robin,
  reversed,
  random,     ///< another warp after each turn, turns of random length
  far_ahead,  ///< one warp (drawn by seed and block) runs until it has to wait, the others follow
};
/// In which order blocks start.
enum class BlockOrder : std::uint8_t { rising, falling, random };

/// Which detectors look on. Bounds, alignment and lifetime of memory are always checked.
struct Checks {
  bool race = false;     ///< shared memory, and global memory between blocks
  bool init = false;     ///< unwritten values that reach a store, a branch, an address or a matrix operand
  bool sync = true;      ///< barriers under divergence, wrong member masks, waits without commit
  bool leaks = false;    ///< allocations that outlive their context
  bool extents = false;  ///< accesses to what is no element of the tensors that a client has described
};

/// How launches are run. Every value may be set at any time and counts from the next launch on.
struct Settings {
  const DeviceProfile* device = profiles().data();       ///< which GPU programs see; its limits are launches'
  unsigned threads = 0;                                  ///< host threads of a launch; 0: one a processor
  std::uint64_t instruction_limit = 20'000'000'000;      ///< warp instructions of a launch; 0: none
  std::uint64_t local_limit = std::uint64_t{1} << 30;    ///< bytes of local memory of a launch
  std::uint64_t shadow_limit = std::uint64_t{16} << 30;  ///< bytes that detectors keep about global memory
  Checks checks;
  WarpOrder warp_order = WarpOrder::round_robin;
  BlockOrder block_order = BlockOrder::rising;
  std::uint8_t poison = 0xff;  ///< what shared and local memory hold before they are written
  isa::Modes modes;

  /// Sets one of them from text: key as in the list that keys() gives, value as there. An error is one line
  /// that says what was expected.
  [[nodiscard]] tl::expected<void, std::string> set(std::string_view key, std::string_view value);
  /// The keys.
  [[nodiscard]] static std::vector<std::string> names();
  /// One line a key: name, values, default, meaning; for help texts and the README.
  [[nodiscard]] static std::string keys();
};

}  // namespace softcuda::exec
