#pragma once

namespace flashdiff {

/// softcuda on tensor_core.cu: useful FLOP/s over Eigen's float product on one core; what detectors and the
/// other tensor core models cost, as ratios in one run; and how long its module takes to load.
void register_tensor_core_benchmarks();

}  // namespace flashdiff
