#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "harness/softcuda/isa/warp.h"

namespace softcuda::exec {

enum class GroupState : std::uint8_t { ready, waiting, barrier };

/// Lanes of a warp that are at the same place.
struct Group {
  const isa::Op* pc = nullptr;
  std::uint32_t lanes = 0;
  GroupState state = GroupState::ready;
  bool rested = false;  ///< its turn ran out while others could have run: they go first
  isa::BarrierRequest request;
};

enum class WarpEvent : std::uint8_t {
  finished,  ///< no lane lives
  blocked,   ///< every group waits
  arrived,   ///< a group has come to a barrier: WarpThread::arrival
  yielded,   ///< the turn is over
  fault,     ///< Warp::raised
};

/// A warp's groups of lanes and how they take turns: the one with the smallest pc runs, until it meets or
/// passes another's. Ops are in rank order (order.h), so this brings lanes back together where their paths
/// do.
class WarpThread {
 public:
  /// Begins at the first op with those lanes.
  void start(isa::Warp* warp, std::span<const isa::Op> ops, std::uint32_t lanes);
  /// Runs until something happens that the block has to know; at most about `turn` instructions.
  WarpEvent run(std::int64_t turn);
  /// The groups that wait at the barrier go on.
  void release(std::uint32_t barrier);

  [[nodiscard]] bool finished() const { return groups_.empty(); }
  [[nodiscard]] bool can_run() const;
  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  [[nodiscard]] isa::Warp& warp() const { return *warp_; }
  [[nodiscard]] std::size_t arrival() const { return arrival_; }
  void set_ready(std::size_t group) { groups_[group].state = GroupState::ready; }

  std::uint64_t warp_instructions = 0;  ///< of the block that it runs

 private:
  std::size_t pick();
  [[nodiscard]] bool is_behind(std::size_t group) const;
  [[nodiscard]] const isa::Op* limit_for(std::size_t group) const;
  void settle(std::size_t group);
  void retire(std::uint32_t lanes);
  void erase(std::size_t group) { groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(group)); }

  isa::Warp* warp_ = nullptr;
  const isa::Op* end_ = nullptr;
  std::vector<Group> groups_;
  std::size_t arrival_ = 0;
};

}  // namespace softcuda::exec
