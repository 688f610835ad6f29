#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "harness/softcuda/check/clocks.h"

namespace softcuda::check {

/// How the places of one instruction's accesses lie to each other, where every lane has its own. In a loop
/// they stay as they are and move together, so that what has been found out of one access holds for the next
/// one; to see that it is of the same kind takes one comparison of all lanes.
class Scatter {
 public:
  static constexpr int kVersionBits = 40;
  /// `number`: another one for each Scatter whose accesses one detector sees.
  explicit Scatter(std::uint64_t number) : like_(number << kVersionBits) {}

  /// The access of `bytes` bytes a lane at places[lane]. All 32 places are compared, idle lanes' as well.
  void meet(const std::uint64_t* places, std::uint32_t lanes, std::uint32_t bytes) {
    first_ = places[std::countr_zero(lanes)];
    std::uint64_t differ = (lanes_ ^ lanes) | (bytes_ ^ bytes);
    for (std::size_t lane = 0; lane < kWarpLanes; ++lane) differ |= (places[lane] - first_) ^ distance_[lane];
    if (differ != 0) take(places, lanes, bytes);
  }

  /// Accesses with the same one have the same lanes, bytes and distances: the number, and in the low bits how
  /// often they have changed.
  [[nodiscard]] std::uint64_t like() const { return like_; }
  [[nodiscard]] std::uint32_t lanes() const { return lanes_; }
  [[nodiscard]] std::uint32_t bytes() const { return bytes_; }
  /// The first active lane's place, and the least and the greatest of all active lanes'.
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t least() const { return first_ - below_; }
  [[nodiscard]] std::uint64_t most() const { return first_ + above_; }
  /// f(lane, count) for each run of active lanes that lie side by side, in order.
  template <class Function>
  void for_each_run(Function f) const {
    for (std::uint32_t rest = begins_; rest != 0;) {
      const auto lane = static_cast<std::uint32_t>(std::countr_zero(rest));
      rest &= rest - 1;
      const std::uint32_t here = (rest == 0 ? 0 : rest & -rest) - (1u << lane);  // up to the next run
      f(lane, static_cast<std::uint32_t>(std::popcount(lanes_ & here)));
    }
  }

 private:
  void take(const std::uint64_t* places, std::uint32_t lanes, std::uint32_t bytes) {
    ++like_;
    lanes_ = lanes;
    bytes_ = bytes;
    begins_ = 0;
    below_ = above_ = 0;
    for (std::uint32_t lane = 0; lane < kWarpLanes; ++lane) {
      distance_[lane] = places[lane] - first_;
      if ((lanes >> lane & 1u) == 0) continue;
      const bool follows =
          lane > 0 && (lanes >> (lane - 1) & 1u) != 0 && places[lane] == places[lane - 1] + bytes;
      begins_ |= static_cast<std::uint32_t>(!follows) << lane;
      below_ = std::max(below_, first_ - std::min(first_, places[lane]));
      above_ = std::max(above_, std::max(first_, places[lane]) - first_);
    }
  }

  alignas(64) std::array<std::uint64_t, kWarpLanes> distance_{};  ///< from the first active lane's place
  std::uint64_t first_ = 0, below_ = 0, above_ = 0, like_;
  std::uint32_t lanes_ = 0, bytes_ = 0;  ///< no lanes: none yet
  std::uint32_t begins_ = 0;             ///< lanes with which a run begins
};

/// At which offsets accesses of one kind were found, or made, to be of written bytes only. Written bytes stay
/// so until some are taken back, which `takings` (Written::clears) counts: all is forgotten then.
class FoundWritten {
 public:
  [[nodiscard]] bool has(const Scatter& scatter, std::uint64_t offset, std::uint64_t takings) const {
    const std::uint64_t at = offset >> shift_;
    return scatter.like() == like_ && takings == takings_ && at << shift_ == offset &&
           at / 64 < bits_.size() && (bits_[at / 64] >> at % 64 & 1) != 0;
  }
  /// `most`: what offsets are less than.
  void add(const Scatter& scatter, std::uint64_t offset, std::uint64_t takings, std::uint64_t most) {
    if (scatter.like() != like_ || takings != takings_) {
      like_ = scatter.like();
      takings_ = takings;
      shift_ = std::countr_zero(scatter.bytes());
      bits_.assign((most >> shift_) / 64 + 1, 0);
    }
    const std::uint64_t at = offset >> shift_;
    if (at << shift_ == offset && at / 64 < bits_.size()) bits_[at / 64] |= std::uint64_t{1} << at % 64;
  }
  [[nodiscard]] std::uint64_t shadow_bytes() const { return bits_.capacity() * sizeof bits_[0]; }
  /// The most that one of offsets below `most` takes, of accesses of 4 bytes a lane or more.
  [[nodiscard]] static std::uint64_t most_bytes(std::uint64_t most) { return most / 32 + 8; }

 private:
  std::uint64_t like_ = 0, takings_ = 0;
  int shift_ = 0;                    ///< log2 of a lane's bytes
  std::vector<std::uint64_t> bits_;  ///< by offset in units of a lane's bytes
};

}  // namespace softcuda::check
