#include "harness/softcuda/exec/footprint.h"

#include "harness/softcuda/exec/block.h"
#include "harness/softcuda/exec/watcher.h"

/// The sums of Footprint, from the sizes that each detector tells. What is left out does not grow with
/// memory: clocks of warps, findings, a pointer an instruction.
namespace softcuda::exec {

std::uint64_t Detectors::shadow_bytes(std::uint64_t bytes) const {
  return (global_races != nullptr ? global_races->shadow_bytes(bytes) : 0) +
         (global_written != nullptr ? check::Written::shadow_bytes(bytes) : 0) +
         (elements != nullptr ? elements->shadow_bytes() : 0);
}

Footprint::Shadow Watcher::shadow() const {
  Footprint::Shadow kept;
  kept.shared += site_numbers_.size() * sizeof site_numbers_[0];
  for (const std::unique_ptr<Site>& site : sites_) kept.shared += sizeof(Site) + site->written.shadow_bytes();
  if (races_on_) kept.shared += shared_races_.shadow_bytes();
  if (init_on_) {
    kept.shared += check::Written::shadow_bytes(shared_bytes_);
    kept.local += check::Written::shadow_bytes(local_bytes_);
    kept.registers += taint_->shadow_bytes() + sources_.size() * sizeof(Source);
  }
  return kept;
}

Footprint BlockRunner::footprint() const {
  const Program& program = launch_.program;
  Footprint own;
  own.shared = launch_.shared_bytes();
  own.local = std::uint64_t{program.local_bytes} * launch_.warps() * isa::kLanes;
  own.registers = std::uint64_t{program.registers_end - program.registers_begin} * launch_.warps();
  if (watcher_) own.shadow = watcher_->shadow();
  return own;
}

}  // namespace softcuda::exec
