#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

/// Who is ordered before whom inside a block: vector clocks over its warps, as FastTrack has them over
/// threads (Flanagan and Freund, PLDI 2009), and inside a warp over its lanes.
///
/// A moment is a number that all warps share; it grows with each event that orders something, so that a
/// barrier puts all warps' accesses of one interval under one number. An access at moment m by warp v comes
/// before what warp w does now when seen(w, v) >= m.
namespace softcuda::check {

inline constexpr int kWarps = 32;  ///< of a block, at most
inline constexpr int kWarpLanes = 32;

class Clocks {
 public:
  using Moment = std::uint32_t;
  using Seen = std::array<Moment, kWarps>;

  void start(std::uint32_t warps);

  [[nodiscard]] Moment now() const { return now_; }
  [[nodiscard]] Moment seen(std::uint32_t warp, std::uint32_t other) const { return seen_[warp][other]; }
  /// Everything up to here, by whomever, comes before what `warp` does now.
  [[nodiscard]] Moment floor(std::uint32_t warp) const { return floor_[warp]; }

  /// The least floor of all warps: what came up to here is over for everybody.
  [[nodiscard]] Moment lowest() const { return lowest_; }

  /// Lanes of one warp: a step is the same for a warp as a moment is for the block.
  [[nodiscard]] std::uint32_t step(std::uint32_t warp) const { return lanes_[warp].step; }
  /// Whether what lane `before` did at `step` comes before what `lane` does now.
  [[nodiscard]] bool lane_ordered(std::uint32_t warp, std::uint32_t before, std::uint32_t step,
                                  std::uint32_t lane) const;

  /// The lanes have met: what each did comes before what any of them does from now on. `all`: every lane of
  /// the warp that lives is among them.
  void lanes_met(std::uint32_t warp, std::uint32_t lanes, bool all);
  /// A barrier of those warps has completed. Threads that have exited do not wait, and what they did is over:
  /// name them among the warps.
  void barrier(std::span<const std::uint32_t> warps);

  /// fence: "release" makes what came before it visible to who acquires a later strong write of this warp;
  /// "acquire" orders what comes behind it after what strong reads have met (PTX ISA 8.8, "Release and
  /// Acquire Patterns").
  void fence(std::uint32_t warp, bool release, bool acquire);
  /// A strong write, or the write half of an atomic, at `address`; `releases`: it has release semantics
  /// itself.
  void strong_write(std::uint32_t warp, std::uint64_t address, bool releases);
  void strong_read(std::uint32_t warp, std::uint64_t address, bool acquires);
  /// An arrival at the mbarrier at `address`, and the end of a wait for it: release and acquire.
  void arrive(std::uint32_t warp, std::uint64_t address) { strong_write(warp, address, true); }
  void wait(std::uint32_t warp, std::uint64_t address) { strong_read(warp, address, true); }

 private:
  struct Lanes {
    std::uint32_t step = 1;
    std::uint32_t met = 0;  ///< all lanes met last at the end of this step
    /// [lane][other]: only once some, but not all, lanes have met.
    std::unique_ptr<std::array<std::array<std::uint32_t, kWarpLanes>, kWarpLanes>> seen;
  };
  void join(std::uint32_t warp, const Seen&);
  [[nodiscard]] Seen knowledge(std::uint32_t warp);
  void lower(std::uint32_t warp);

  std::uint32_t warps_ = 0;
  Moment now_ = 1;
  std::vector<Seen> seen_;
  std::vector<Moment> floor_;
  Moment lowest_ = 0;
  std::vector<Lanes> lanes_;
  std::map<std::uint32_t, Seen> released_, acquirable_;  ///< by warp: only where fences are used
  std::map<std::uint64_t, Seen> places_;                 ///< by address of strong writes that released
};

}  // namespace softcuda::check
