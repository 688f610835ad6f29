#pragma once

namespace flashdiff {

/// Registers `reference/...`: attention_forward and attention_forward_with_budget on one core.
/// items_per_second: useful FLOP/s (2 h_q pairs (d_qk + d_v)). Counters: `of_eigen_gemm`, that rate over the
/// rate of Eigen's own 512^3 double product, run in turn with it; `budget_over_reference`, time with the
/// budget over time without, run in turn.
void register_reference_benchmarks();

}  // namespace flashdiff
