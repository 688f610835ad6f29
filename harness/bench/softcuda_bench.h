#pragma once
#include "harness/outcome/outcome.h"

namespace flashdiff {

/// Registers `softcuda/KERNEL/...`: every in-repo kernel on the software driver with one host thread,
/// memcheck on, copies and canaries included. items_per_second: useful FLOP/s (2 h_q pairs (d_qk + d_v)).
/// Counters: `warp_instructions` of one answer (exact), `warp_instructions_per_second` and core,
/// `of_eigen_gemm`: FLOP/s over those of Eigen's own 512^3 float product, run in turn with it. Errors: no
/// software driver.
[[nodiscard]] Outcome<void> register_softcuda_benchmarks();

}  // namespace flashdiff
