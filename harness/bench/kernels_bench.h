#pragma once
#include <functional>
#include <vector>

#include "harness/backend/answerers/registry.h"
#include "harness/figures/shapes.h"
#include "harness/outcome/outcome.h"
#include "harness/timing/timed.h"

namespace flashdiff {

struct KernelsBench {
  timing::TimingPlan plan;
  int repetitions = 5;  ///< each an entry of its own; a time of one is the median of its samples
  /// What is timed of a kernel.
  std::function<std::vector<figures::Shape>(const kernels::KernelPlan&)> shapes = figures::published;
  bool cudnn = true;  ///< beside them, on the same shapes
  /// On a GPU. Tests alone say something else: times of the software driver say nothing of a kernel.
  BackendOptions backend{DeviceChoice::gpu, {}, {}, 0};
};

/// Registers `gpu/KERNEL/SHAPE`: kernels on a GPU by CUDA events; and `gpu/cudnn/...`, `gpu/cudnn_bias/...`,
/// each in the process that holds cuDNN. Each shape is examined first, and has Google Benchmark's error with
/// the verdict instead of a time where it is no pass. items_per_second: useful FLOP/s; bytes_per_second: of
/// an append, its logical rows. Counters: `padded_flops` of the rectangle, `tile_flops` of whole tiles where
/// the kernel has some, `bytes` of the logical rows; `of_tensor_peak`, `of_f32_peak`, `of_memory_peak` where
/// the GPU's are published; `samples`, `discarded` ones, which were throttled, where there are any;
/// `sm_megahertz` and `watts` where NVML is there. Adds to the context: the device, its driver, what the L2
/// cache holds, NVML and cuDNN or why not. Errors (unsupported): no such device.
[[nodiscard]] Outcome<void> register_kernel_benchmarks(const KernelsBench& options);

}  // namespace flashdiff
