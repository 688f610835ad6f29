#include "harness/softcuda/check/shared_races.h"

#include <algorithm>

namespace softcuda::check {

void SharedRaces::start(std::uint32_t bytes, Clocks& clocks, Races& races) {
  clocks_ = &clocks;
  races_ = &races;
  bytes_ = bytes;
  const std::size_t cells = (bytes + grain_ - 1) / grain_;
  writes_.assign(cells, {});
  reads_.assign(cells, {});
  many_.clear();
}

/// Finer cells: each gets what its whole has had.
void SharedRaces::refine(std::uint32_t bytes) {
  const std::uint32_t by = grain_ / bytes;
  std::vector<Write> writes((bytes_ + bytes - 1) / bytes);
  std::vector<Read> reads(writes.size());
  std::unordered_map<std::size_t, Clocks::Seen> many;
  for (std::size_t cell = 0; cell < writes.size(); ++cell) {
    writes[cell] = writes_[cell / by];
    reads[cell] = reads_[cell / by];
    if (const auto found = many_.find(cell / by); found != many_.end()) many[cell] = found->second;
  }
  writes_.swap(writes);
  reads_.swap(reads);
  many_.swap(many);
  grain_ = bytes;
}

void SharedRaces::race(const Who& who, std::uint32_t warp, std::uint32_t lane, std::uint32_t number,
                       bool wrote, bool copy) {
  races_->add({{warp, lane, number, wrote, copy},
               {who.warp, who.lane, who.number, who.writes, who.mode == Mode::copy},
               who.offset,
               who.bytes});
}

void SharedRaces::after_write(const Who& who, const Write& write) {
  if (write.moment == kPending) return race(who, write.warp, write.lane, write.number, true, true);
  if (who.strong && write.strong) return;
  if (write.warp == who.warp) {
    if (who.lane != kSeveral && clocks_->lane_ordered(who.warp, write.lane, write.step, who.lane)) return;
    // Read by several lanes: ordered for all of them only where all have met.
    if (who.lane == kSeveral && clocks_->lane_ordered(who.warp, write.lane, write.step, kWarpLanes)) return;
  } else if (clocks_->seen(who.warp, write.warp) >= write.moment) {
    return;
  }
  if (who.writes && who.values != nullptr) {
    const bool at_once =
        write.warp == who.warp && write.number == who.number && write.step == clocks_->step(who.warp);
    if (who.values->same(who.lane, at_once ? write.lane : kSeveral)) return;
  }
  race(who, write.warp, write.lane, write.number, true, false);
}

void SharedRaces::after_reads(const Who& who, std::size_t cell, const Read& read) {
  if (who.strong && read.strong) return;
  const auto ordered = [&](std::uint32_t warp, Clocks::Moment moment) {
    return clocks_->seen(who.warp, warp) >= moment;
  };
  if (read.moment == kMany) {
    const Clocks::Seen& moments = many_[cell];
    for (std::uint32_t warp = 0; warp < kWarps; ++warp) {
      if (warp != who.warp && moments[warp] != 0 && !ordered(warp, moments[warp]))
        return race(who, warp, warp == read.warp ? read.lane : kSeveral, read.number, false, false);
    }
  } else {
    for (std::uint32_t warp = 0; warp < kWarps; ++warp) {
      if (warp != who.warp && (read.warps >> warp & 1u) != 0 && !ordered(warp, read.moment))
        return race(who, warp, warp == read.warp ? read.lane : kSeveral, read.number, false, false);
    }
  }
  if (read.warp != who.warp) return;
  const bool mine = read.lane == kSeveral ? clocks_->lane_ordered(who.warp, kWarpLanes, read.step, who.lane)
                                          : clocks_->lane_ordered(who.warp, read.lane, read.step, who.lane);
  if (!mine) race(who, read.warp, read.lane, read.number, false, false);
}

void SharedRaces::note_read(const Who& who, std::size_t cell) {
  Read& read = reads_[cell];
  const std::uint32_t bit = 1u << who.warp;
  const Clocks::Moment now = clocks_->now();
  const std::uint32_t step = clocks_->step(who.warp);
  const bool again = read.warp == who.warp && read.step == step && read.moment == now;
  const auto lane = static_cast<std::uint8_t>(again && read.lane != who.lane ? kSeveral : who.lane);
  if (read.moment <= clocks_->floor(who.warp)) {
    read = {now, bit, step, who.number, static_cast<std::uint8_t>(who.warp), lane, who.strong};
    return;
  }
  if (read.moment != now) {
    // Earlier reads that come before this one need not be kept: whoever is ordered behind this one is ordered
    // behind them. Others are.
    Clocks::Seen moments{};
    if (read.moment == kMany) {
      moments = many_[cell];
    } else {
      for (std::uint32_t warp = 0; warp < kWarps; ++warp) {
        if ((read.warps >> warp & 1u) != 0) moments[warp] = read.moment;
      }
    }
    std::uint32_t left = 0;
    for (std::uint32_t warp = 0; warp < kWarps; ++warp) {
      if (warp == who.warp || clocks_->seen(who.warp, warp) >= moments[warp]) moments[warp] = 0;
      left |= static_cast<std::uint32_t>(moments[warp] != 0) << warp;
    }
    if (left == 0) {
      many_.erase(cell);
      read = {now, bit, step, who.number, static_cast<std::uint8_t>(who.warp), lane, who.strong};
      return;
    }
    moments[who.warp] = now;
    many_[cell] = moments;
    read.moment = kMany;
    read.warps = left;
  }
  read.warps |= bit;
  read.strong = read.strong && who.strong;
  read.warp = static_cast<std::uint8_t>(who.warp);
  read.lane = lane;
  read.step = step;
  read.number = who.number;
}

void SharedRaces::access(std::uint32_t warp, std::uint32_t lane, std::uint32_t number, Mode mode,
                         std::uint32_t offset, std::uint32_t bytes, const Values* values) {
  if (bytes < grain_) refine(bytes);
  const bool writes =
      mode == Mode::write || mode == Mode::strong_write || mode == Mode::update || mode == Mode::copy;
  const bool strong = mode == Mode::strong_read || mode == Mode::strong_write || mode == Mode::update;
  const Who who{warp, lane, number, offset, bytes, mode, writes, strong, values};
  const Clocks::Moment floor = clocks_->floor(warp);
  const std::size_t first = offset / grain_, last = (offset + bytes + grain_ - 1) / grain_;
  for (std::size_t cell = first; cell < last; ++cell) {
    Write& write = writes_[cell];
    if (write.moment > floor) after_write(who, write);
    if (!writes) {
      note_read(who, cell);
      continue;
    }
    Read& read = reads_[cell];
    if (read.moment > floor) {
      after_reads(who, cell, read);
      if (read.moment == kMany) many_.erase(cell);
      read = {};
    }
    write = {mode == Mode::copy ? kPending : clocks_->now(),
             clocks_->step(warp),
             number,
             static_cast<std::uint8_t>(warp),
             static_cast<std::uint8_t>(lane),
             strong};
  }
}

void SharedRaces::landed(std::uint32_t warp, std::uint32_t lane, std::uint32_t number, std::uint32_t offset,
                         std::uint32_t bytes) {
  for (std::size_t cell = offset / grain_; cell < (offset + bytes + grain_ - 1) / grain_; ++cell) {
    Write& write = writes_[cell];
    if (write.moment != kPending || write.warp != warp || write.lane != lane || write.number != number)
      continue;
    write.moment = clocks_->now();
    write.step = clocks_->step(warp);
  }
}

}  // namespace softcuda::check
