#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/softcuda/check/fault.h"
#include "harness/softcuda/count/tally.h"
#include "harness/softcuda/exec/footprint.h"
#include "harness/softcuda/exec/launch.h"
#include "harness/softcuda/exec/standstill.h"
#include "harness/softcuda/exec/turns.h"
#include "harness/softcuda/exec/warp_runner.h"
#include "harness/softcuda/exec/watcher.h"
#include "harness/softcuda/isa/copies.h"
#include "harness/softcuda/isa/system.h"

namespace softcuda::exec {

/// Memory of fixed alignment, kept between blocks.
class Arena {
 public:
  std::byte* reserve(std::size_t bytes);
  [[nodiscard]] std::byte* data() const { return data_.get(); }
  /// Keeps no more than that.
  void trim(std::size_t bytes) {
    if (bytes_ > bytes) data_.reset(), bytes_ = 0;
  }

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t bytes_ = 0;
};

/// Where a host thread runs its blocks; kept between launches, since new pages cost more than a small one.
struct BlockMemory {
  Arena files, shared, local;
  /// What a launch of unusual size took.
  void give_back() {
    for (Arena* arena : {&files, &shared, &local}) arena->trim(std::size_t{4} << 20);
  }
};

/// Runs one block after another on one host thread: register files, shared and local memory are set up once a
/// launch.
class BlockRunner final : private isa::System {
 public:
  BlockRunner(const Launch& launch, BlockMemory& memory);
  /// The block's fault, if it has one.
  std::optional<check::Fault> run(std::uint64_t block);
  /// The same in steps, for blocks that take turns: `begin`, then `round`, a turn of each warp, until it says
  /// `finished` or there is a fault, then `finish`.
  void begin(std::uint64_t block);
  enum class Progress : std::uint8_t {
    finished,
    going,
    waiting,  ///< of a cooperative launch: no turn changed a register, so it is for other blocks to act
  };
  Progress round(std::optional<check::Fault>& fault);
  void finish();
  /// Where each warp stands.
  [[nodiscard]] check::Fault stuck(check::FaultKind) const;
  [[nodiscard]] const count::Tally& tally() const { return tally_; }
  /// Of this host thread: without global memory.
  [[nodiscard]] Footprint footprint() const;
  /// What the last block has printed.
  [[nodiscard]] std::string take_printed() { return std::exchange(printed_, {}); }

 private:
  struct Barrier {
    std::uint32_t arrived = 0;
    std::uint32_t wanted = 0;  ///< 0: every thread that lives
    std::uint32_t votes = 0, voters = 0;
  };

  [[nodiscard]] isa::Warp& warp(std::uint32_t index) const;
  void fill_constants();
  void fill_special(isa::Warp&, const SpecialRow&);
  [[nodiscard]] std::uint64_t special_value(Special, std::uint32_t thread, std::uint32_t lane) const;
  void start();
  [[nodiscard]] std::uint32_t living() const;
  bool turn(WarpThread&, std::optional<check::Fault>& fault);
  std::optional<check::Fault> arrive(WarpThread&);
  void complete(std::uint32_t number);
  void check_barriers();
  void look_at(const isa::BarrierRequest&, const Barrier&, const WarpThread&);
  void look_at_completed(std::uint32_t number);
  [[nodiscard]] check::Fault fault_at(const WarpThread&) const;

  const Launch& launch_;
  Extent3 position_{};
  Arena &files_, &shared_, &local_;
  std::vector<check::Interval> sites_;
  std::vector<count::SharedPattern> patterns_;  ///< by site
  std::vector<WarpThread> threads_;
  Turns turns_;
  std::vector<Standstill> standstills_;  ///< by warp, of a cooperative launch
  std::array<Barrier, 16> barriers_{};
  isa::Copies copies_;
  std::optional<Watcher> watcher_;

  void print(std::string text) override;
  void assertion(std::string where, std::string what) override;
  std::string printed_;
  std::string asserted_where_, asserted_what_;
  count::Tally tally_;
};

}  // namespace softcuda::exec
