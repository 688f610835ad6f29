#include "harness/softcuda/api/memory.h"

/// Stream-ordered memory and its pools ("CUDA Driver API", 6.15). Everything has happened when its call
/// returns, so that the order of streams is the order of calls.
using namespace softcuda::api;

namespace {

using Pool = std::shared_ptr<CUmemPoolHandle_st>;

/// The caller holds the lock.
Pool pool_of(CUmemoryPool handle) {
  const auto found = state().pools.find(handle);
  return found != state().pools.end() ? found->second : nullptr;
}
CUmemoryPool add_pool(std::uint64_t most) {
  auto made = std::make_shared<CUmemPoolHandle_st>();
  made->most = most;
  CUmemoryPool handle = made.get();
  state().pools[handle] = std::move(made);
  return handle;
}
/// The caller holds the lock.
void make_default() {
  if (state().default_pool != nullptr) return;
  state().default_pool = state().current_pool = add_pool(0);
}

CUresult allocate(CUdeviceptr* address, std::size_t bytes, const Pool& pool, const char* call) {
  if (pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
  {
    const std::lock_guard lock(state().mutex);
    if (pool->most != 0 && (bytes > pool->most || pool->used > pool->most - bytes))
      return CUDA_ERROR_OUT_OF_MEMORY;
  }
  return take(address, bytes, call, {nullptr, MemoryKind::device, 0, pool});
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuMemAllocAsync(CUdeviceptr* address, std::size_t bytes, CUstream stream) {
  return on_stream(stream, [&] {
    Pool pool;
    {
      const std::lock_guard lock(state().mutex);
      make_default();
      pool = pool_of(state().current_pool);
    }
    return allocate(address, bytes, pool, "cuMemAllocAsync");
  });
}
SOFTCUDA_EXPORT CUresult cuMemAllocFromPoolAsync(CUdeviceptr* address, std::size_t bytes, CUmemoryPool from,
                                                 CUstream stream) {
  return on_stream(stream, [&] {
    Pool pool;
    {
      const std::lock_guard lock(state().mutex);
      pool = pool_of(from);
    }
    return allocate(address, bytes, pool, "cuMemAllocFromPoolAsync");
  });
}
SOFTCUDA_EXPORT CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream) {
  return on_stream(stream, [&] {
    return address == 0 ? CUDA_SUCCESS
                        : give_back(address, "cuMemFreeAsync", MemoryKind::device, MemoryKind::managed);
  });
}

SOFTCUDA_EXPORT CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool, CUdevice device) {
  return guarded([&] {
    if (pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
    const std::lock_guard lock(state().mutex);
    make_default();
    *pool = state().default_pool;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuDeviceGetMemPool(CUmemoryPool* pool, CUdevice device) {
  return guarded([&] {
    if (pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
    const std::lock_guard lock(state().mutex);
    make_default();
    *pool = state().current_pool;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuDeviceSetMemPool(CUdevice device, CUmemoryPool pool) {
  return guarded([&] {
    if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
    const std::lock_guard lock(state().mutex);
    make_default();
    if (pool_of(pool) == nullptr) return CUDA_ERROR_INVALID_VALUE;
    state().current_pool = pool;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuMemPoolCreate(CUmemoryPool* pool, const CUmemPoolProps* wanted) {
  return guarded([&] {
    if (pool == nullptr || wanted == nullptr || wanted->allocType != CU_MEM_ALLOCATION_TYPE_PINNED)
      return CUDA_ERROR_INVALID_VALUE;
    if (!state().initialised) return CUDA_ERROR_NOT_INITIALIZED;
    // No pool of the host's memory, none to share with other processes.
    if (wanted->location.type != CU_MEM_LOCATION_TYPE_DEVICE ||
        wanted->handleTypes != CU_MEM_HANDLE_TYPE_NONE)
      return CUDA_ERROR_NOT_SUPPORTED;
    if (wanted->location.id != 0) return CUDA_ERROR_INVALID_DEVICE;
    const std::lock_guard lock(state().mutex);
    make_default();
    *pool = add_pool(wanted->maxSize);
    return CUDA_SUCCESS;
  });
}
/// Allocations that are left keep the pool alive until they are freed; its handle is gone.
SOFTCUDA_EXPORT CUresult cuMemPoolDestroy(CUmemoryPool pool) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    if (pool_of(pool) == nullptr || pool == state().default_pool) return CUDA_ERROR_INVALID_VALUE;
    if (state().current_pool == pool) state().current_pool = state().default_pool;
    state().pools.erase(pool);
    return CUDA_SUCCESS;
  });
}
/// A pool keeps nothing back that could be trimmed.
SOFTCUDA_EXPORT CUresult cuMemPoolTrimTo(CUmemoryPool pool, std::size_t) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    return pool_of(pool) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}
SOFTCUDA_EXPORT CUresult cuMemPoolSetAttribute(CUmemoryPool handle, CUmemPool_attribute which, void* value) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    const Pool pool = pool_of(handle);
    if (pool == nullptr || value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    switch (which) {
      case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
        pool->reuse[which - CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES] = *static_cast<int*>(value);
        return CUDA_SUCCESS;
      case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
        pool->release_threshold = *static_cast<cuuint64_t*>(value);
        return CUDA_SUCCESS;
      case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
      case CU_MEMPOOL_ATTR_USED_MEM_HIGH:  // may be reset, to zero only
        if (*static_cast<cuuint64_t*>(value) != 0) return CUDA_ERROR_INVALID_VALUE;
        pool->used_high = pool->used;
        return CUDA_SUCCESS;
      default: return CUDA_ERROR_INVALID_VALUE;
    }
  });
}
SOFTCUDA_EXPORT CUresult cuMemPoolGetAttribute(CUmemoryPool handle, CUmemPool_attribute which, void* value) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    const Pool pool = pool_of(handle);
    if (pool == nullptr || value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    switch (which) {
      case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
        *static_cast<int*>(value) = pool->reuse[which - CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES];
        return CUDA_SUCCESS;
      case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
        *static_cast<cuuint64_t*>(value) = pool->release_threshold;
        return CUDA_SUCCESS;
      case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT:
      case CU_MEMPOOL_ATTR_USED_MEM_CURRENT:
        *static_cast<cuuint64_t*>(value) = pool->used;
        return CUDA_SUCCESS;
      case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
      case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
        *static_cast<cuuint64_t*>(value) = pool->used_high;
        return CUDA_SUCCESS;
      default: return CUDA_ERROR_INVALID_VALUE;
    }
  });
}
/// There is one device, whose own pools it may always use.
SOFTCUDA_EXPORT CUresult cuMemPoolSetAccess(CUmemoryPool pool, const CUmemAccessDesc* map,
                                            std::size_t count) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    if (pool_of(pool) == nullptr || (map == nullptr && count != 0)) return CUDA_ERROR_INVALID_VALUE;
    for (std::size_t k = 0; k < count; ++k) {
      if (map[k].location.type != CU_MEM_LOCATION_TYPE_DEVICE || map[k].location.id != 0)
        return CUDA_ERROR_INVALID_DEVICE;
      if (map[k].flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE) return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuMemPoolGetAccess(CUmemAccess_flags* flags, CUmemoryPool pool,
                                            CUmemLocation* location) {
  return guarded([&] {
    const std::lock_guard lock(state().mutex);
    if (flags == nullptr || location == nullptr || pool_of(pool) == nullptr ||
        location->type != CU_MEM_LOCATION_TYPE_DEVICE || location->id != 0)
      return CUDA_ERROR_INVALID_VALUE;
    *flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    return CUDA_SUCCESS;
  });
}
