#pragma once
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "harness/softcuda/exec/settings.h"

namespace softcuda::exec {

/// In which order a block's warps get their turns, and for how long: all that Settings::warp_order means. The
/// same for the same seed and block, on every machine.
class Turns {
 public:
  Turns(WarpOrder order, std::uint32_t warps, std::uint64_t seed);
  void start(std::uint64_t block);

  /// Warps of the next round, each once.
  [[nodiscard]] const std::vector<std::uint32_t>& round();
  /// Instructions of a turn.
  [[nodiscard]] std::int64_t length();
  /// Turns that the warp takes one after the other, unless it has to wait: one that spins for what another
  /// warp does must not spin for ever.
  [[nodiscard]] int in_a_row(std::uint32_t warp) const {
    return order_ == WarpOrder::far_ahead && warp == first_ ? 64 : 1;
  }

 private:
  WarpOrder order_;
  std::uint64_t seed_;
  std::uint32_t first_ = 0;
  std::vector<std::uint32_t> warps_;
  std::optional<std::mt19937_64> engine_;  ///< of random orders: seeding one costs more than a small block
};

/// The block that starts as number `position` of `blocks`, by Settings::block_order.
[[nodiscard]] std::uint64_t block_at(BlockOrder order, std::uint64_t position, std::uint64_t blocks,
                                     std::uint64_t seed);

}  // namespace softcuda::exec
