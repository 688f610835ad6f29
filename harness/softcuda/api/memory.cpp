#include <cstring>

#include "harness/softcuda/api/state.h"

/// Memory ("CUDA Driver API", 6.13). Streams are in order and launches synchronous, so a copy on a stream is
/// the plain copy.
using softcuda::api::in_context;
using softcuda::api::state;

namespace {

softcuda::exec::DeviceMemory& memory() { return state().machine.memory(); }

template <class T>
CUresult code_of(const softcuda::exec::MemoryResult<T>& result) {
  if (result) return CUDA_SUCCESS;
  return result.error() == softcuda::exec::MemoryError::out_of_memory ? CUDA_ERROR_OUT_OF_MEMORY
                                                                      : CUDA_ERROR_INVALID_VALUE;
}

CUresult fill(CUdeviceptr to, std::uint32_t value, std::size_t element, std::size_t count) {
  return in_context([&] {
    if (to % element != 0) return CUDA_ERROR_INVALID_VALUE;
    return count == 0 ? CUDA_SUCCESS : code_of(memory().fill(to, value, element, count));
  });
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuMemAlloc(CUdeviceptr* address, std::size_t bytes) {
  return in_context([&] {
    if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
    const auto got = memory().allocate(bytes, "cuMemAlloc");
    if (!got) return code_of(got);
    *address = *got;
    const std::lock_guard lock(state().mutex);
    state().owners[*got] = softcuda::api::current_context();
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuMemFree(CUdeviceptr address) {
  return in_context([&] {
    if (address == 0) return CUDA_SUCCESS;
    {
      const std::lock_guard lock(state().mutex);
      state().owners.erase(address);
    }
    return code_of(memory().free(address));
  });
}
SOFTCUDA_EXPORT CUresult cuMemGetInfo(std::size_t* free_bytes, std::size_t* total) {
  return in_context([&] {
    if (free_bytes == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *total = memory().total_bytes();
    *free_bytes = *total - memory().used_bytes();
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuMemcpyHtoD(CUdeviceptr to, const void* from, std::size_t bytes) {
  return in_context([&] {
    if (bytes == 0) return CUDA_SUCCESS;
    return from == nullptr ? CUDA_ERROR_INVALID_VALUE : code_of(memory().copy_in(to, from, bytes));
  });
}
SOFTCUDA_EXPORT CUresult cuMemcpyDtoH(void* to, CUdeviceptr from, std::size_t bytes) {
  return in_context([&] {
    if (bytes == 0) return CUDA_SUCCESS;
    return to == nullptr ? CUDA_ERROR_INVALID_VALUE : code_of(memory().copy_out(to, from, bytes));
  });
}
SOFTCUDA_EXPORT CUresult cuMemcpyDtoD(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  return in_context([&] { return bytes == 0 ? CUDA_SUCCESS : code_of(memory().copy(to, from, bytes)); });
}
SOFTCUDA_EXPORT CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void* from, std::size_t bytes, CUstream) {
  return cuMemcpyHtoD(to, from, bytes);
}
SOFTCUDA_EXPORT CUresult cuMemcpyDtoHAsync(void* to, CUdeviceptr from, std::size_t bytes, CUstream) {
  return cuMemcpyDtoH(to, from, bytes);
}
SOFTCUDA_EXPORT CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream) {
  return cuMemcpyDtoD(to, from, bytes);
}
SOFTCUDA_EXPORT CUresult cuMemsetD8(CUdeviceptr to, unsigned char value, std::size_t count) {
  return fill(to, value, 1, count);
}
SOFTCUDA_EXPORT CUresult cuMemsetD32(CUdeviceptr to, unsigned value, std::size_t count) {
  return fill(to, value, 4, count);
}
SOFTCUDA_EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, std::size_t count, CUstream) {
  return fill(to, value, 1, count);
}
SOFTCUDA_EXPORT CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, std::size_t count, CUstream) {
  return fill(to, value, 4, count);
}

// Streams are in order and everything is done when its call returns, so that what is asynchronous is plain.
SOFTCUDA_EXPORT CUresult cuMemAllocAsync(CUdeviceptr* address, std::size_t bytes, CUstream) {
  return cuMemAlloc(address, bytes);
}
SOFTCUDA_EXPORT CUresult cuMemFreeAsync(CUdeviceptr address, CUstream) { return cuMemFree(address); }
/// Rows of a multiple of 512 bytes, as a GPU of this kind gives them.
SOFTCUDA_EXPORT CUresult cuMemAllocPitch(CUdeviceptr* address, std::size_t* pitch, std::size_t width,
                                         std::size_t height, unsigned element) {
  if (pitch == nullptr || (element != 4 && element != 8 && element != 16)) return CUDA_ERROR_INVALID_VALUE;
  *pitch = (width + 511) / 512 * 512;
  return cuMemAlloc(address, *pitch * height);
}
/// Device memory is host memory: a device address is where its bytes are.
SOFTCUDA_EXPORT CUresult cuMemAllocManaged(CUdeviceptr* address, std::size_t bytes, unsigned) {
  const CUresult got = cuMemAlloc(address, bytes);
  if (got == CUDA_SUCCESS) memory().written().set(*address, bytes);  // what the host writes there is not seen
  return got;
}
SOFTCUDA_EXPORT CUresult cuMemHostAlloc(void** pointer, std::size_t bytes, unsigned) {
  if (pointer == nullptr) return CUDA_ERROR_INVALID_VALUE;
  CUdeviceptr address = 0;
  const CUresult got = cuMemAllocManaged(&address, bytes, CU_MEM_ATTACH_GLOBAL);
  if (got == CUDA_SUCCESS) *pointer = reinterpret_cast<void*>(address);
  return got;
}
SOFTCUDA_EXPORT CUresult cuMemAllocHost(void** pointer, std::size_t bytes) {
  return cuMemHostAlloc(pointer, bytes, 0);
}
SOFTCUDA_EXPORT CUresult cuMemFreeHost(void* pointer) {
  return cuMemFree(reinterpret_cast<CUdeviceptr>(pointer));
}
SOFTCUDA_EXPORT CUresult cuMemHostGetDevicePointer(CUdeviceptr* address, void* pointer, unsigned) {
  return in_context([&] {
    if (address == nullptr || !memory().find(reinterpret_cast<std::uint64_t>(pointer)))
      return CUDA_ERROR_INVALID_VALUE;
    *address = reinterpret_cast<CUdeviceptr>(pointer);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuMemGetAddressRange(CUdeviceptr* base, std::size_t* bytes, CUdeviceptr address) {
  return in_context([&] {
    const auto found = memory().find(address);
    if (!found) return CUDA_ERROR_NOT_FOUND;
    if (base != nullptr) *base = found->base;
    if (bytes != nullptr) *bytes = found->bytes;
    return CUDA_SUCCESS;
  });
}
/// By where the pointers lead, "unified addressing".
SOFTCUDA_EXPORT CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  const bool to_device = memory().in_device_range(to), from_device = memory().in_device_range(from);
  if (to_device && from_device) return cuMemcpyDtoD(to, from, bytes);
  if (to_device) return cuMemcpyHtoD(to, reinterpret_cast<const void*>(from), bytes);
  if (from_device) return cuMemcpyDtoH(reinterpret_cast<void*>(to), from, bytes);
  return in_context([&] {
    std::memmove(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream) {
  return cuMemcpy(to, from, bytes);
}
SOFTCUDA_EXPORT CUresult cuMemsetD16(CUdeviceptr to, unsigned short value, std::size_t count) {
  return fill(to, value, 2, count);
}
SOFTCUDA_EXPORT CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, std::size_t count, CUstream) {
  return fill(to, value, 2, count);
}
/// Host pointers are taken for what they are: clients ask this of every pointer that they are given.
SOFTCUDA_EXPORT CUresult cuPointerGetAttribute(void* value, CUpointer_attribute which, CUdeviceptr address) {
  return in_context([&] {
    if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto found = memory().find(address);
    if (!found) return CUDA_ERROR_INVALID_VALUE;
    switch (which) {
      case CU_POINTER_ATTRIBUTE_MEMORY_TYPE: *static_cast<unsigned*>(value) = CU_MEMORYTYPE_DEVICE; break;
      case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL: *static_cast<int*>(value) = 0; break;
      case CU_POINTER_ATTRIBUTE_DEVICE_POINTER: *static_cast<CUdeviceptr*>(value) = address; break;
      case CU_POINTER_ATTRIBUTE_HOST_POINTER: *static_cast<CUdeviceptr*>(value) = address; break;
      case CU_POINTER_ATTRIBUTE_IS_MANAGED: *static_cast<int*>(value) = 0; break;
      case CU_POINTER_ATTRIBUTE_CONTEXT:
        *static_cast<CUcontext*>(value) = softcuda::api::current_context();
        break;
      case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR: *static_cast<CUdeviceptr*>(value) = found->base; break;
      case CU_POINTER_ATTRIBUTE_RANGE_SIZE: *static_cast<std::size_t*>(value) = found->bytes; break;
      default: return CUDA_ERROR_NOT_SUPPORTED;
    }
    return CUDA_SUCCESS;
  });
}
