#pragma once

namespace flashdiff {

/// Registers `openvino/SHAPE`: a vendor's fused attention on the processor, one thread pinned to a core, f32,
/// model compiled and tensors bound beforehand; the label says threads, pinning and whether it fused, as the
/// compiled model and its profile have them. items_per_second: useful FLOP/s (2 h_q pairs (d_qk + d_v)), by
/// shapes that `reference/SHAPE/forward` has too. Counter `of_eigen_gemm`: that rate over the rate of Eigen's
/// own 512^3 float product, run in turn with it. Where OpenVINO is not installed the entries say so.
void register_openvino_benchmarks();

}  // namespace flashdiff
