#include "kernels/backward_launches.h"

/// The plan of flash_backward_deterministic.cu: dQ is made by blocks that own queries.
namespace flashdiff::kernels {
namespace {

struct Deterministic {
  static constexpr std::string_view name = "flash_backward_deterministic";
  static constexpr bool sums_dq = false;
};

}  // namespace

KernelPlan flash_backward_deterministic_plan() {
  return backward_plan<Deterministic>(
      "backward on tensor cores, dQ by a pass of its own: f16, bf16, head dims up to 256, every mask, "
      "layout and score modifier");
}

}  // namespace flashdiff::kernels
