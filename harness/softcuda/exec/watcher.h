#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "harness/softcuda/check/clocks.h"
#include "harness/softcuda/check/extents.h"
#include "harness/softcuda/check/global_races.h"
#include "harness/softcuda/check/scatter.h"
#include "harness/softcuda/check/shared_races.h"
#include "harness/softcuda/check/written.h"
#include "harness/softcuda/exec/findings.h"
#include "harness/softcuda/exec/footprint.h"
#include "harness/softcuda/exec/launch.h"
#include "harness/softcuda/exec/taint.h"
#include "harness/softcuda/isa/watch.h"

namespace softcuda::exec {

/// What the detectors of all blocks of a launch share.
struct Detectors {
  Checks checks;
  Findings findings;
  check::Races global_found;
  check::GlobalRaces* global_races = nullptr;         ///< where checks.race
  check::Written* global_written = nullptr;           ///< where checks.init
  std::shared_ptr<const check::ElementMap> elements;  ///< where checks.extents, and something is described

  /// The launch is over: what blocks did to each other becomes findings.
  void tell_global_races();
  /// What they keep about `bytes` bytes of global memory.
  [[nodiscard]] std::uint64_t shadow_bytes(std::uint64_t bytes) const;
};

/// Looks on as one host thread runs blocks: tells the detectors in check/ what happens, and follows unwritten
/// values through registers itself.
class Watcher final : public isa::Watch {
 public:
  /// `shared` and `local`: where the blocks that it is going to see have these memories, at the same place
  /// each.
  Watcher(const Launch& launch, Detectors& detectors, const std::byte* shared, const std::byte* local);

  /// Whether accesses have to be seen, and not only synchronisation.
  [[nodiscard]] bool sees_accesses() const { return races_on_ || init_on_ || elements_ != nullptr; }
  void start(std::uint64_t block);
  void finish();
  /// What it keeps about the memories and registers of its blocks.
  [[nodiscard]] Footprint::Shadow shadow() const;

  void run(isa::Warp&, const isa::Op*, bool full) override;

  void touched(isa::Warp&, const isa::Touch&) override;
  void fenced(isa::Warp&, isa::Order) override;
  void met(isa::Warp&, const isa::Op*, std::uint32_t mask_row) override;
  void converged(isa::Warp&) override;
  void delivered(isa::Warp&, const isa::AsyncCopy&, std::uint32_t lanes) override;
  void uncommitted(isa::Warp&, const isa::Op*, std::uint32_t lanes) override;
  void arrived(isa::Warp&, std::uint64_t barrier) override;
  void waited(isa::Warp&, std::uint64_t barrier) override;

  /// Lanes of warps that a CTA barrier has brought together, [warp] -> lanes; `exited` warps count as there.
  struct Arrived {
    std::uint32_t warp, lanes, live;
  };
  void barrier(std::uint32_t number, const std::vector<Arrived>& arrived,
               const std::vector<std::uint32_t>& exited);
  /// Where a CTA barrier's arrivals without a wait are kept: an address that no memory has.
  [[nodiscard]] static std::uint64_t barrier_place(std::uint32_t number) { return number + 1; }
  void synchronisation(check::FaultKind, const isa::Warp&, std::uint32_t number, std::uint32_t lanes,
                       std::string what);

 private:
  void found(Finding finding);
  const isa::Op* one(isa::Warp&, const isa::Op*, bool full);
  template <bool kFull>
  const isa::Op* run_undoubted(isa::Warp&, const isa::Op*);
  const isa::Op* run_good(isa::Warp&, const isa::Op*, bool full);
  struct Site;
  [[nodiscard]] Site& known_site(std::uint32_t number);
  [[nodiscard]] Site* site_of(const isa::Warp&, const isa::Touch&);
  void race_touch(isa::Warp&, const isa::Touch&);
  void whole_touch(const isa::Warp&, const isa::Touch&, const check::SharedRaces::Access&);
  void lanes_touch(isa::Warp&, const isa::Touch&, const check::SharedRaces::Access&, bool weak);
  void strong_touch(isa::Warp&, const isa::Touch&, std::uint64_t address, bool shared);
  void init_touch(isa::Warp&, const isa::Touch&);
  void extent_touch(isa::Warp&, const isa::Touch&);
  [[nodiscard]] const check::Elements* elements_at(std::uint32_t number, std::uint64_t address);
  void load_touch(isa::Warp&, const isa::Touch&, const OpShape&);
  [[nodiscard]] bool loads_written(const isa::Warp&, const isa::Touch&);
  void load_lanes(isa::Warp&, const isa::Touch&, const OpShape&, bool good);
  void store_touch(isa::Warp&, const isa::Touch&, const OpShape&);
  void update_touch(isa::Warp&, const isa::Touch&, const OpShape&);
  void gather_touch(isa::Warp&, const isa::Touch&);
  void gathered(isa::Warp&, const isa::Op*, const OpShape&);
  const isa::Op* shuffled(isa::Warp&, const isa::Op*, const OpShape&, bool full);
  void used(isa::Warp&, const isa::Op*, const OpShape&, int row, const char* as);
  void unwritten(isa::Warp&, const isa::Op*, std::uint32_t lanes, const char* as);
  [[nodiscard]] const OpShape& shape_of(const isa::Op*) const;
  [[nodiscard]] bool in_shared(std::uint64_t address) const {
    return address - shared_begin_ < shared_bytes_;
  }
  [[nodiscard]] bool in_local(std::uint64_t address) const { return address - local_begin_ < local_bytes_; }
  [[nodiscard]] bool reads_written(const isa::Touch&);
  void found_written(std::uint64_t offset, std::uint64_t takings);
  /// nullptr: memory that is always good (parameters), or that nobody looks after.
  check::Written* written_at(std::uint64_t address);
  void remember(const isa::Warp&, const isa::Op*, int lane, std::uint64_t address);

  const Launch& launch_;
  Detectors& detectors_;
  bool races_on_, init_on_;
  const check::ElementMap* elements_;  ///< nullptr: every byte of an allocation is as good as any
  std::uint64_t block_ = 0;
  check::Clocks clocks_;
  check::Races shared_found_;
  check::SharedRaces shared_races_;
  std::optional<Taint> taint_;
  check::Written shared_written_, local_written_;
  std::uint64_t shared_begin_, shared_bytes_, local_begin_, local_bytes_;
  /// The last unwritten bytes that each lane of each warp has read: what a report can say of where they came
  /// from.
  struct Source {
    std::uint32_t number = kNoNumber;
    std::uint64_t address = 0;
  };
  std::vector<Source> sources_;
  /// What is known of an instruction's accesses to shared memory by lanes' own addresses.
  struct Site {
    check::Scatter scatter;
    check::FoundWritten written;
  };
  /// Accesses by all others, which are forgotten with the next one. Instructions that are executed a few
  /// times gain nothing by a site, and sites take memory (Footprint).
  Site passing_{check::Scatter(0), {}};
  std::vector<std::unique_ptr<Site>> sites_;
  static constexpr std::uint16_t kTimes = 16;  ///< that an instruction is executed before it has a site
  std::vector<std::uint16_t>
      site_numbers_;  ///< by instruction: how often so far, or kTimes + a site's number
  std::uint64_t site_bytes_ = 0;
  Site* site_ = nullptr;  ///< of the access looked at; nullptr: not such a one, or not in shared memory alone
  /// By instruction, the described allocation that it met last: nearly always it works on one tensor.
  std::vector<const check::Elements*> met_;
  /// Halves of each lane's row that were never written, while a gather runs.
  std::array<std::uint32_t, isa::kLanes> gathered_bad_{};
  bool gathered_any_ = false;
};

}  // namespace softcuda::exec
