#include <algorithm>

#include "harness/softcuda/api/state.h"

/// Contexts, primary and made ("CUDA Driver API", 6.7 and 6.8). All of them share one address space: what a
/// context has of its own is its allocations and the fault that broke it.
using softcuda::api::context_stack;
using softcuda::api::current_context;
using softcuda::api::device_known;
using softcuda::api::guarded;
using softcuda::api::in_context;
using softcuda::api::state;

namespace {

/// The caller holds the lock.
bool is_context(CUcontext context) {
  return (context == &state().primary && state().primary_uses != 0) || state().contexts.contains(context);
}

/// What each supported limit is before it is set, in bytes: an A100's. There is no heap of device memory.
const std::size_t* limit_of(CUlimit limit) {
  static const std::map<CUlimit, std::size_t> all{{CU_LIMIT_STACK_SIZE, 1024},
                                                  {CU_LIMIT_PRINTF_FIFO_SIZE, 1 << 20},
                                                  {CU_LIMIT_MALLOC_HEAP_SIZE, 0},
                                                  {CU_LIMIT_MAX_L2_FETCH_GRANULARITY, 64},
                                                  {CU_LIMIT_PERSISTING_L2_CACHE_SIZE, 0}};
  const auto found = all.find(limit);
  return found != all.end() ? &found->second : nullptr;
}

CUresult make(CUcontext* context, unsigned flags, CUdevice device) {
  return guarded([&] {
    if (context == nullptr || (flags & ~unsigned{CU_CTX_FLAGS_MASK}) != 0) return CUDA_ERROR_INVALID_VALUE;
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
  if ((flags & ~unsigned{CU_CTX_FLAGS_MASK}) != 0) return CUDA_ERROR_INVALID_VALUE;
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
    if (!state().initialised) return CUDA_ERROR_NOT_INITIALIZED;
    if (context != nullptr && !is_context(context)) return CUDA_ERROR_INVALID_CONTEXT;
    if (!context_stack().empty()) context_stack().pop_back();
    if (context != nullptr) context_stack().push_back(context);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxGetCurrent(CUcontext* context) {
  if (!state().initialised) return CUDA_ERROR_NOT_INITIALIZED;
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
  if (!state().initialised) return CUDA_ERROR_NOT_INITIALIZED;
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
    const std::lock_guard lock(state().mutex);
    *flags = current_context()->flags;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxGetApiVersion(CUcontext context, unsigned* version) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!is_context(context != nullptr ? context : current_context())) return CUDA_ERROR_INVALID_CONTEXT;
    *version = 13000;
    return CUDA_SUCCESS;
  });
}
/// Limits of a GPU's memory, of which nothing has to be set aside here: what is set is kept and answered.
SOFTCUDA_EXPORT CUresult cuCtxGetLimit(std::size_t* value, CUlimit limit) {
  return in_context([&] {
    const std::size_t* const otherwise = limit_of(limit);
    if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (otherwise == nullptr) return CUDA_ERROR_UNSUPPORTED_LIMIT;
    const std::lock_guard lock(state().mutex);
    const auto& set = current_context()->limits;
    const auto found = set.find(limit);
    *value = found != set.end() ? found->second : *otherwise;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxSetLimit(CUlimit limit, std::size_t value) {
  return in_context([&] {
    if (limit_of(limit) == nullptr) return CUDA_ERROR_UNSUPPORTED_LIMIT;
    const std::lock_guard lock(state().mutex);
    current_context()->limits[limit] = value;
    return CUDA_SUCCESS;
  });
}
/// A hint, kept.
SOFTCUDA_EXPORT CUresult cuCtxSetCacheConfig(CUfunc_cache config) {
  return in_context([&] {
    if (config > CU_FUNC_CACHE_PREFER_EQUAL) return CUDA_ERROR_INVALID_VALUE;
    const std::lock_guard lock(state().mutex);
    current_context()->cache = config;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuCtxGetCacheConfig(CUfunc_cache* config) {
  return in_context([&] {
    if (config == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const std::lock_guard lock(state().mutex);
    *config = current_context()->cache;
    return CUDA_SUCCESS;
  });
}
/// Launches run to their end before cuLaunchKernel returns, so that there is nothing to wait for.
#undef cuCtxSynchronize
SOFTCUDA_EXPORT CUresult cuCtxSynchronize() {
  return in_context([] { return CUDA_SUCCESS; });
}
