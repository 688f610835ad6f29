#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/softcuda/check/allocations.h"
#include "harness/softcuda/check/extents.h"
#include "harness/softcuda/exec/program.h"
#include "harness/softcuda/exec/settings.h"

namespace softcuda::exec {

using Extent3 = std::array<std::uint32_t, 3>;

struct Detectors;

/// What grid.sync of nvcc 12 and 13 wants of the driver: a size, then the word that blocks count their
/// arrivals in.
inline constexpr std::uint32_t kWorkspaceBytes = 8;

/// What all blocks of a launch share.
struct Launch {
  const Program& program;
  Extent3 grid{}, block{};
  std::uint32_t dynamic_shared_bytes = 0;
  std::vector<std::byte> parameters;
  const check::Allocations& allocations;
  const check::Extents& extents;
  const Settings& settings;
  std::atomic<std::int64_t>& budget;  ///< instructions left
  bool limited = true;
  Detectors* detectors = nullptr;  ///< none: nobody looks on
  /// Of a cooperative launch: device memory of kWorkspaceBytes, zero at first; 0 of any other.
  std::uint64_t workspace = 0;

  [[nodiscard]] std::uint32_t threads() const { return block[0] * block[1] * block[2]; }
  [[nodiscard]] std::uint32_t warps() const { return (threads() + isa::kLanes - 1) / isa::kLanes; }
  [[nodiscard]] std::uint64_t blocks() const { return std::uint64_t{grid[0]} * grid[1] * grid[2]; }
  [[nodiscard]] std::uint32_t shared_bytes() const {
    return program.static_shared_bytes + dynamic_shared_bytes;
  }
};

}  // namespace softcuda::exec
