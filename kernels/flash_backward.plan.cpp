#include "kernels/backward_launches.h"

/// The plan of flash_backward.cu: dQ is summed in the workspace by the blocks that own keys.
namespace flashdiff::kernels {
namespace {

struct Atomic {
  static constexpr std::string_view name = "flash_backward";
  static constexpr bool sums_dq = true;
};

}  // namespace

KernelPlan flash_backward_plan() {
  return backward_plan<Atomic>(
      "backward on tensor cores, dQ by atomic additions: f16, bf16, head dims up to 256, every mask, "
      "layout and score modifier");
}

}  // namespace flashdiff::kernels
