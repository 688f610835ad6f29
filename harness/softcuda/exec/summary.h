#pragma once
#include "harness/softcuda/count/counters.h"
#include "harness/softcuda/count/kernel_counters.h"
#include "harness/softcuda/exec/program.h"

namespace softcuda::exec {

/// What a launch's figures by number mean: executions of blocks times what is in them, accesses by who made
/// them.
[[nodiscard]] count::KernelCounters summary_of(const Program&, const count::Tally&);
/// Its sums alone, at a fraction of the cost; `launches` is 1.
[[nodiscard]] count::Counters totals_of(const Program&, const count::Tally&);

}  // namespace softcuda::exec
