#include <cstring>

#include "harness/softcuda/api/memory.h"

/// Unified addressing ("CUDA Driver API", 6.16): what a pointer leads to. Clients ask this of every pointer
/// that they are given, so that a plain pointer of the host is no mistake and no report.
using namespace softcuda::api;

namespace {

CUresult attribute(void* value, CUpointer_attribute which, CUdeviceptr address) {
  if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const auto found = memory().find(address);
  if (!found) return CUDA_ERROR_INVALID_VALUE;
  const Held held = held_at(found->base).value_or(Held{&state().primary, MemoryKind::device, 0, nullptr});
  const bool host = held.kind == MemoryKind::host || held.kind == MemoryKind::registered;
  switch (which) {
    case CU_POINTER_ATTRIBUTE_CONTEXT: *static_cast<CUcontext*>(value) = held.context; break;
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
      *static_cast<unsigned*>(value) = host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
      break;
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER: *static_cast<CUdeviceptr*>(value) = address; break;
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:  // a GPU's own memory has none
      if (held.kind == MemoryKind::device) return CUDA_ERROR_INVALID_VALUE;
      *static_cast<CUdeviceptr*>(value) = address;
      break;
    case CU_POINTER_ATTRIBUTE_BUFFER_ID: *static_cast<unsigned long long*>(value) = found->number; break;
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
      *static_cast<unsigned*>(value) = held.kind == MemoryKind::managed ? 1 : 0;
      break;
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL: *static_cast<int*>(value) = 0; break;
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
    case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE: *static_cast<unsigned*>(value) = 0; break;
    case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES: *static_cast<unsigned long long*>(value) = 0; break;
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
    case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR: *static_cast<CUdeviceptr*>(value) = found->base; break;
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
    case CU_POINTER_ATTRIBUTE_MAPPING_SIZE: *static_cast<std::size_t*>(value) = found->bytes; break;
    case CU_POINTER_ATTRIBUTE_MAPPED: *static_cast<unsigned*>(value) = 1; break;
    case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
      *static_cast<unsigned long long*>(value) = CU_POINTER_ATTRIBUTE_ACCESS_FLAG_READWRITE;
      break;
    case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE: *static_cast<CUmemoryPool*>(value) = held.pool.get(); break;
    default: return CUDA_ERROR_NOT_SUPPORTED;
  }
  return CUDA_SUCCESS;
}

/// Bytes of an attribute's value, which cuPointerGetAttributes sets to zero where there is none.
std::size_t size_of(CUpointer_attribute which) {
  switch (which) {
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
    case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
    case CU_POINTER_ATTRIBUTE_MAPPED: return 4;
    default: return 8;
  }
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuPointerGetAttribute(void* value, CUpointer_attribute which, CUdeviceptr address) {
  return in_context([&] { return attribute(value, which, address); });
}
/// Of a plain pointer of the host "the attributes are assigned default NULL values", and it is no error.
SOFTCUDA_EXPORT CUresult cuPointerGetAttributes(unsigned count, CUpointer_attribute* which, void** values,
                                                CUdeviceptr address) {
  return in_context([&] {
    if (which == nullptr || values == nullptr || count == 0) return CUDA_ERROR_INVALID_VALUE;
    for (unsigned k = 0; k < count; ++k) {
      if (values[k] == nullptr) return CUDA_ERROR_INVALID_VALUE;
      const CUresult got = attribute(values[k], which[k], address);
      if (got == CUDA_ERROR_NOT_SUPPORTED) return got;
      if (got == CUDA_SUCCESS) continue;
      std::memset(values[k], 0, size_of(which[k]));
      if (which[k] == CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL) *static_cast<int*>(values[k]) = CU_DEVICE_INVALID;
    }
    return CUDA_SUCCESS;
  });
}
