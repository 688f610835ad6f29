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
    if (got) *address = *got;
    return code_of(got);
  });
}
SOFTCUDA_EXPORT CUresult cuMemFree(CUdeviceptr address) {
  return in_context([&] { return address == 0 ? CUDA_SUCCESS : code_of(memory().free(address)); });
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
