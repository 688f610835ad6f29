#pragma once

namespace flashdiff {

/// Registers `openvino/SHAPE`: a vendor's fused attention on the processor, one thread, f32, model compiled
/// and tensors bound beforehand. items_per_second: useful FLOP/s (2 h_q pairs (d_qk + d_v)), by shapes that
/// `reference/SHAPE/forward` has too. Counter `of_eigen_gemm`: that rate over the rate of Eigen's own 512^3
/// float product, run in turn with it. Where OpenVINO is not installed the entries say so.
void register_openvino_benchmarks();

}  // namespace flashdiff
