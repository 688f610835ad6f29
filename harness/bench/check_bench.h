#pragma once

namespace flashdiff {

/// Registers `check/KERNEL/random_cases`: drawing, laying out, running on the software driver and judging, as
/// a worker does it, on one core. items_per_second: cases. The cases are the same in every run.
void register_check_benchmarks();

}  // namespace flashdiff
