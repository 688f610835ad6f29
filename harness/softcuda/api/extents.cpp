#include <cstdio>

#include "harness/softcuda/api/state.h"
#include "harness/softcuda/softcuda.h"

/// Which bytes of an allocation are elements of a client's tensors (softcuda.h).
using softcuda::api::state;

namespace {

std::string describe(const SoftcudaBox* given) {
  if (given == nullptr || given->tensor == nullptr) return "a tensor without a name";
  if (given->axes > softcuda::check::kMostAxes)
    return std::string(given->tensor) + ": more than " + std::to_string(softcuda::check::kMostAxes) + " axes";
  if (given->axes != 0 && (given->names == nullptr || given->extents == nullptr || given->strides == nullptr))
    return std::string(given->tensor) + ": axes without names, extents or strides";
  softcuda::check::Box box;
  box.tensor = given->tensor;
  box.label = given->label != nullptr ? given->label : "";
  box.base = given->base;
  box.element_bytes = given->element;
  for (unsigned k = 0; k < given->axes; ++k)
    box.axes.push_back(
        {given->names[k] != nullptr ? given->names[k] : "", given->extents[k], given->strides[k]});
  return state().machine.memory().describe(std::move(box));
}

}  // namespace

SOFTCUDA_EXPORT int softcudaAddExtent(const SoftcudaBox* box, char* why, unsigned long long size) {
  std::string reason;
  try {
    reason = describe(box);
  } catch (const std::bad_alloc&) {
    reason = "out of memory";
  }
  if (reason.empty()) return 0;
  if (why != nullptr && size != 0) std::snprintf(why, size, "%s", reason.c_str());
  return 1;
}
SOFTCUDA_EXPORT int softcudaForgetExtents(unsigned long long address) {
  return state().machine.memory().forget_extents(address) ? 0 : 1;
}
