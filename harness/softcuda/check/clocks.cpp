#include "harness/softcuda/check/clocks.h"

#include <algorithm>

namespace softcuda::check {

void Clocks::start(std::uint32_t warps) {
  warps_ = warps;
  now_ = 1;
  seen_.assign(warps, Seen{});
  floor_.assign(warps, 0);
  lowest_ = 0;
  lanes_.clear();
  lanes_.resize(warps);
  released_.clear();
  acquirable_.clear();
  places_.clear();
}

bool Clocks::lane_ordered(std::uint32_t warp, std::uint32_t before, std::uint32_t step,
                          std::uint32_t lane) const {
  const Lanes& of = lanes_[warp];
  if (before == lane || step <= of.met) return true;
  // Several lanes on one side: only a meeting of all of them orders the access for sure.
  const bool single = before < kWarpLanes && lane < kWarpLanes;
  return single && of.seen != nullptr && step <= (*of.seen)[lane][before];
}

void Clocks::lanes_met(std::uint32_t warp, std::uint32_t lanes, bool all) {
  Lanes& of = lanes_[warp];
  if (all) {
    of.met = of.step++;
    of.seen.reset();
    return;
  }
  if (of.seen == nullptr) {
    of.seen = std::make_unique<std::array<std::array<std::uint32_t, kWarpLanes>, kWarpLanes>>();
    for (auto& row : *of.seen) row.fill(of.met);
  }
  std::array<std::uint32_t, kWarpLanes> joined{};
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    if ((lanes >> lane & 1u) == 0) continue;
    for (int other = 0; other < kWarpLanes; ++other)
      joined[static_cast<std::size_t>(other)] =
          std::max(joined[static_cast<std::size_t>(other)],
                   (*of.seen)[static_cast<std::size_t>(lane)][static_cast<std::size_t>(other)]);
    joined[static_cast<std::size_t>(lane)] = of.step;
  }
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    if ((lanes >> lane & 1u) != 0) (*of.seen)[static_cast<std::size_t>(lane)] = joined;
  }
  ++of.step;
}

void Clocks::lower(std::uint32_t warp) {
  Moment least = now_;
  for (std::uint32_t other = 0; other < warps_; ++other) {
    if (other != warp) least = std::min(least, seen_[warp][other]);
  }
  // Its own accesses are in order by themselves only lane by lane: the floor passes them where the warp has
  // learnt of itself through a barrier.
  floor_[warp] = std::min(least, seen_[warp][warp]);
}

void Clocks::join(std::uint32_t warp, const Seen& more) {
  for (std::uint32_t other = 0; other < warps_; ++other)
    seen_[warp][other] = std::max(seen_[warp][other], more[other]);
  lower(warp);
  lowest_ = std::ranges::min(floor_);
}

/// What the warp has seen, and what it has done up to now; later moments are not part of it.
Clocks::Seen Clocks::knowledge(std::uint32_t warp) {
  Seen all = seen_[warp];
  all[warp] = now_++;
  return all;
}

void Clocks::barrier(std::span<const std::uint32_t> warps) {
  Seen joined{};
  for (const std::uint32_t warp : warps) {
    for (std::uint32_t other = 0; other < warps_; ++other)
      joined[other] = std::max(joined[other], seen_[warp][other]);
  }
  for (const std::uint32_t warp : warps) joined[warp] = now_;
  ++now_;
  for (const std::uint32_t warp : warps) {
    seen_[warp] = joined;
    lower(warp);
  }
  lowest_ = std::ranges::min(floor_);
}

void Clocks::fence(std::uint32_t warp, bool release, bool acquire) {
  if (acquire) {
    if (const auto found = acquirable_.find(warp); found != acquirable_.end()) {
      join(warp, found->second);
      acquirable_.erase(found);
    }
  }
  if (release) released_[warp] = knowledge(warp);
}

void Clocks::strong_write(std::uint32_t warp, std::uint64_t address, bool releases) {
  const auto publish = [&](const Seen& what) {
    Seen& place = places_[address];
    for (std::uint32_t other = 0; other < warps_; ++other) place[other] = std::max(place[other], what[other]);
  };
  if (releases) return publish(knowledge(warp));
  if (const auto found = released_.find(warp); found != released_.end()) publish(found->second);
}

void Clocks::strong_read(std::uint32_t warp, std::uint64_t address, bool acquires) {
  const auto found = places_.find(address);
  if (found == places_.end()) return;
  if (acquires) return join(warp, found->second);
  Seen& later = acquirable_[warp];
  for (std::uint32_t other = 0; other < warps_; ++other)
    later[other] = std::max(later[other], found->second[other]);
}

}  // namespace softcuda::check
