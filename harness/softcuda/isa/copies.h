#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/softcuda/isa/warp.h"

/// Asynchronous copies between their issue and the wait of the thread that issued them ("Data Movement:
/// cp.async", PTX ISA 9.7.9.25).
namespace softcuda::isa {

/// One cp.async instruction of a warp: `bytes` bytes a lane from global to shared memory, of which the first
/// from_bytes[lane] are read and the rest zero. Or, with `arrival`, a cp.async.mbarrier.arrive on to[lane].
struct AsyncCopy {
  Op op;                    ///< as decoded: Op::number says where it stands
  std::uint32_t lanes = 0;  ///< still under way
  std::uint32_t bytes = 0;
  bool moved = false;  ///< the data are there already: only their being waited for is awaited
  bool arrival = false;
  bool counted = false;  ///< of an arrival: .noinc, which takes part in the barrier's expected count
  std::array<std::uint64_t, kLanes> to{}, from{};  ///< host addresses
  std::array<std::uint32_t, kLanes> from_bytes{};
  std::array<std::uint32_t, kLanes> group{};  ///< of the lane, counted from 0
};

/// A block's copies, by warp. Nothing is recorded unless `tracked`: data then move at the issue, and what is
/// counted is groups.
class Copies {
 public:
  struct OfWarp {
    std::array<std::uint32_t, kLanes> committed{};  ///< groups
    std::array<std::uint32_t, kLanes> open{};       ///< copies that no group holds yet
    std::vector<AsyncCopy> under_way;               ///< oldest first
  };

  /// Begins a block with those warps, in the order of Warp::index.
  void start(std::span<Warp* const> warps, bool tracked) {
    owners_.assign(warps.begin(), warps.end());
    warps_.resize(warps.size());
    for (OfWarp& one : warps_) {
      one.committed.fill(0);
      one.open.fill(0);
      one.under_way.clear();
    }
    tracked_ = tracked;
  }
  [[nodiscard]] bool tracked() const { return tracked_; }
  [[nodiscard]] OfWarp& of(const Warp& w) { return warps_[static_cast<std::size_t>(w.index)]; }
  [[nodiscard]] std::vector<OfWarp>& all() { return warps_; }
  [[nodiscard]] Warp& warp(const OfWarp& one) {
    return *owners_[static_cast<std::size_t>(&one - warps_.data())];
  }

 private:
  std::vector<Warp*> owners_;
  std::vector<OfWarp> warps_;
  bool tracked_ = false;
};

/// Moves the data of `lanes` of a copy, or arrives for them, and tells who looks on. The copy forgets them.
void deliver(Warp&, AsyncCopy&, std::uint32_t lanes);
/// Whatever has to be complete before somebody looks at the mbarrier at host address `barrier`: hardware
/// completes copies by itself at some time, and late delivery must not make a waiting loop endless.
void deliver_for(Warp&, std::uint64_t barrier);

}  // namespace softcuda::isa
