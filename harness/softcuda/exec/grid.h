#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/softcuda/check/fault.h"
#include "harness/softcuda/count/tally.h"
#include "harness/softcuda/exec/block.h"
#include "harness/softcuda/exec/footprint.h"
#include "harness/softcuda/exec/host_threads.h"
#include "harness/softcuda/exec/launch.h"

namespace softcuda::exec {

struct GridResult {
  count::Tally tally;
  Footprint footprint;  ///< without global memory
  std::optional<check::Fault> fault;
  std::string printed;  ///< by the kernel: blocks in the order in which they started, 1 MiB at most
};

/// What one launch leaves to the next: host threads, and the memory that each runs blocks in.
struct Workers {
  HostThreads threads;
  std::vector<BlockMemory> memory;
};

/// Runs all blocks on up to `threads` host threads. Blocks start in the order that the settings say,
/// so that a block may wait for an earlier one. After a fault only blocks that started before the faulting
/// one are run on: the fault reported is that of the first one to start, for any number of threads.
[[nodiscard]] GridResult run_grid(const Launch&, Workers&, unsigned threads);

}  // namespace softcuda::exec
