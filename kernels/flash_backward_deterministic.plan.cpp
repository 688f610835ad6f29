#include "kernels/backward_launches.h"

/// The plan of flash_backward_deterministic.cu: dQ is made by blocks that own queries.
namespace flashdiff::kernels {
namespace {

BackwardCall call(const LaidOut& io) { return {io, "flash_backward_deterministic", false}; }

Numerics numerics(const Problem& problem) {
  Numerics n = backward_numerics(problem);
  n.deterministic = true;
  return n;
}
Needs needs(const LaidOut& io) { return call(io).needs(); }
std::vector<Launch> plan(const LaidOut& io, const Addresses& at) { return call(io).launches(at); }

}  // namespace

KernelPlan flash_backward_deterministic_plan() {
  return {
      "backward on tensor cores, dQ by a pass of its own: f16, bf16, head dims up to 256, every mask and "
      "layout",
      why_not_backward,
      numerics,
      needs,
      plan,
      nullptr,
      Pass::backward};
}

}  // namespace flashdiff::kernels
