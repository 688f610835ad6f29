#pragma once
#include <vector>

#include "harness/driver/handles.h"
#include "harness/outcome/outcome.h"
#include "harness/problem/laid_out.h"
#include "kernels/kernel.h"

namespace flashdiff {

/// A workspace that no call has used yet: poison. One that was used before is whatever the calls left in it.
/// Errors: the driver's.
[[nodiscard]] Outcome<driver::DeviceBuffer> poisoned_workspace(const driver::Driver& driver,
                                                               std::size_t bytes);

/// A case in device memory, for one kernel: the tensors of its pass, the plan's metadata, and the launches
/// planned upon them and upon a workspace of the plan's size, which outlives them. Buffers are exactly as
/// large as what they hold: softcuda's memcheck then sees the first byte beyond a guard band. Allocating
/// costs microseconds on softcuda; on a GPU the copies outweigh it.
class OnDevice {
 public:
  /// Errors: the driver's.
  [[nodiscard]] static Outcome<OnDevice> upload(const driver::Driver& driver, const kernels::KernelPlan& plan,
                                                const LaidOut& sent, CUdeviceptr workspace);
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
