#pragma once
#include <cstdint>

#include "harness/softcuda/exec/program.h"
#include "harness/softcuda/exec/warp_runner.h"

namespace softcuda::exec {

/// Whether a warp of a cooperative launch spins for what another block does: its lanes stand where they stood
/// a turn ago, and none of its registers has changed. A guess, on which only the lengths of turns depend, and
/// how long the launch goes on when all blocks stand still.
class Standstill {
 public:
  [[nodiscard]] bool lasts() const { return lasts_; }
  /// Instructions of the warp's next turn: enough for a few looks at memory where it spins.
  [[nodiscard]] std::int64_t turn() const { return lasts_ ? 64 : 2048; }
  /// The warp has had a turn; `yielded`: it could have gone on.
  void look(const WarpThread&, const Program&, bool yielded);

 private:
  std::size_t seen_ = 0;  ///< a hash of registers and places, 0: none yet
  bool lasts_ = false;
};

}  // namespace softcuda::exec
