#include <algorithm>

#include "harness/softcuda/api/state.h"

/// Contexts, primary and made ("CUDA Driver API", 6.7 and 6.8). All of them share one address space: what a
/// context has of its own is its allocations and the fault that broke it.
using softcuda::api::context_stack;
using softcuda::api::current_context;
using softcuda::api::guarded;
using softcuda::api::in_context;
using softcuda::api::state;

namespace {

CUresult device_known(CUdevice device) {
  if (!state().initialised) return CUDA_ERROR_NOT_INITIALIZED;
  return device == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}
/// The caller holds the lock.
bool is_context(CUcontext context) {
  return (context == &state().primary && state().primary_uses != 0) || state().contexts.contains(context);
}

CUresult make(CUcontext* context, unsigned flags, CUdevice device) {
  return guarded([&] {
    if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
    auto made = std::make_unique<CUctx_st>();
    made->flags = flags;
    const std::lock_guard lock(state().mutex);
    *context = made.release();
    state().contexts.insert(*context);
    context_stack().push_back(*context);
    return CUDA_SUCCESS;
  });
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  const std::lock_guard lock(state().mutex);
  ++state().primary_uses;
  *context = &state().primary;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
  return guarded([&] {
    if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
    {
      const std::lock_guard lock(state().mutex);
      if (state().primary_uses == 0) return CUDA_ERROR_INVALID_CONTEXT;
      if (--state().primary_uses != 0) return CUDA_SUCCESS;
    }
    softcuda::api::end_context(&state().primary);  // a new one starts sound
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuDevicePrimaryCtxReset(CUdevice device) {
  return guarded([&] {
    if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
    softcuda::api::end_context(&state().primary);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
  if (flags == nullptr || active == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  const std::lock_guard lock(state().mutex);
  *flags = state().primary.flags;
  *active = static_cast<int>(state().primary_uses != 0);
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDevicePrimaryCtxSetFlags(CUdevice device, unsigned flags) {
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  const std::lock_guard lock(state().mutex);
  state().primary.flags = flags;
  return CUDA_SUCCESS;
}

#undef cuCtxCreate
SOFTCUDA_EXPORT CUresult cuCtxCreate_v2(CUcontext* context, unsigned flags, CUdevice device) {
  return make(context, flags, device);
}
/// `parameters` ask for partitions of a GPU, which there are none of here.
SOFTCUDA_EXPORT CUresult cuCtxCreate_v4(CUcontext* context, CUctxCreateParams* parameters, unsigned flags,
                                        CUdevice device) {
  if (parameters != nullptr && parameters->numExecAffinityParams != 0) return CUDA_ERROR_NOT_SUPPORTED;
  return make(context, flags, device);
}
SOFTCUDA_EXPORT CUresult cuCtxDestroy(CUcontext context) {
  return guarded([&] {
    {
      const std::lock_guard lock(state().mutex);
      if (!state().contexts.contains(context)) return CUDA_ERROR_INVALID_CONTEXT;
    }
    softcuda::api::end_context(context);
    const std::lock_guard lock(state().mutex);
    state().contexts.erase(context);
    std::erase(context_stack(), context);
    delete context;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxSetCurrent(CUcontext context) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    if (context != nullptr && !is_context(context)) return CUDA_ERROR_INVALID_CONTEXT;
    if (!context_stack().empty()) context_stack().pop_back();
    if (context != nullptr) context_stack().push_back(context);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxGetCurrent(CUcontext* context) {
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *context = context_stack().empty() ? nullptr : context_stack().back();
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuCtxPushCurrent(CUcontext context) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    if (!is_context(context)) return CUDA_ERROR_INVALID_CONTEXT;
    context_stack().push_back(context);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxPopCurrent(CUcontext* context) {
  if (context_stack().empty()) return CUDA_ERROR_INVALID_CONTEXT;
  if (context != nullptr) *context = context_stack().back();
  context_stack().pop_back();
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuCtxGetDevice(CUdevice* device) {
  return in_context([&] {
    if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *device = 0;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxGetFlags(unsigned* flags) {
  return in_context([&] {
    if (flags == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *flags = current_context()->flags;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxGetApiVersion(CUcontext, unsigned* version) {
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *version = 13000;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return in_context([&] {
    if (least != nullptr) *least = 0;
    if (greatest != nullptr) *greatest = 0;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxGetLimit(std::size_t* value, CUlimit limit) {
  return in_context([&] {
    if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    switch (limit) {
      case CU_LIMIT_STACK_SIZE: *value = 1024; return CUDA_SUCCESS;
      case CU_LIMIT_PRINTF_FIFO_SIZE: *value = 1 << 20; return CUDA_SUCCESS;
      case CU_LIMIT_MALLOC_HEAP_SIZE: *value = 0; return CUDA_SUCCESS;
      default: return CUDA_ERROR_UNSUPPORTED_LIMIT;
    }
  });
}
/// Hints for a GPU's memory: nothing has to be set aside here.
SOFTCUDA_EXPORT CUresult cuCtxSetLimit(CUlimit, std::size_t) {
  return in_context([] { return CUDA_SUCCESS; });
}
SOFTCUDA_EXPORT CUresult cuCtxSetCacheConfig(CUfunc_cache) {
  return in_context([] { return CUDA_SUCCESS; });
}
/// Launches run to their end before cuLaunchKernel returns, so that there is nothing to wait for.
#undef cuCtxSynchronize
SOFTCUDA_EXPORT CUresult cuCtxSynchronize() {
  return in_context([] { return CUDA_SUCCESS; });
}
