#pragma once
#include <vector>

#include "harness/driver/handles.h"
#include "harness/outcome/outcome.h"
#include "harness/problem/laid_out.h"
#include "kernels/kernel.h"

namespace flashdiff {

/// A case in device memory, for one kernel: the tensors of its pass, the plan's metadata, its workspace full
/// of poison, and the launches planned upon them. Buffers are exactly as large as what they hold: softcuda's
/// memcheck then sees the first byte beyond a guard band. Allocating costs microseconds on softcuda; on a GPU
/// the copies outweigh it.
class OnDevice {
 public:
  /// Errors: the driver's.
  [[nodiscard]] static Outcome<OnDevice> upload(const driver::Driver& driver, const kernels::KernelPlan& plan,
                                                const LaidOut& sent);
  [[nodiscard]] const std::vector<kernels::Launch>& launches() const { return launches_; }
  /// All tensors back into `io`, guard bands included.
  [[nodiscard]] Outcome<void> download(LaidOut& io) const;

 private:
  explicit OnDevice(std::vector<TensorRole> tensors) : tensors_(std::move(tensors)) {}
  Outcome<CUdeviceptr> put(const driver::Driver& driver, std::span<const std::byte> bytes);
  std::vector<TensorRole> tensors_;
  std::vector<driver::DeviceBuffer> buffers_;  ///< of the tensors, in their order; then the plan's own
  std::vector<kernels::Launch> launches_;
};

}  // namespace flashdiff
