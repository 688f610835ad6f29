#include <cstring>
#include <optional>

#include "harness/softcuda/runtime/runtime.h"

/// "Memory Management" and "Unified Addressing". Copies on a stream have been made when their call returns.
using softcuda::runtime::call;
using softcuda::runtime::error_of;
using softcuda::runtime::told;

namespace {

CUdeviceptr device(const void* pointer) { return reinterpret_cast<CUdeviceptr>(pointer); }

/// "cudaMalloc: devPtr is set to NULL for 0 bytes" in practice; the driver refuses them.
template <class Allocate>
cudaError_t allocate(void** pointer, std::size_t bytes, Allocate from_driver) {
  if (pointer == nullptr) return told(cudaErrorInvalidValue);
  return call([&] {
    *pointer = nullptr;
    if (bytes == 0) return CUDA_SUCCESS;
    CUdeviceptr address = 0;
    const CUresult got = from_driver(&address);
    if (got == CUDA_SUCCESS) *pointer = reinterpret_cast<void*>(address);
    return got;
  });
}

cudaError_t copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return cudaSuccess;
  if (to == nullptr || from == nullptr) return cudaErrorInvalidValue;
  switch (kind) {
    case cudaMemcpyHostToHost: std::memmove(to, from, bytes); return cudaSuccess;
    case cudaMemcpyHostToDevice: return error_of(cuMemcpyHtoD(device(to), from, bytes));
    case cudaMemcpyDeviceToHost: return error_of(cuMemcpyDtoH(to, device(from), bytes));
    case cudaMemcpyDeviceToDevice: return error_of(cuMemcpyDtoD(device(to), device(from), bytes));
    case cudaMemcpyDefault: return error_of(cuMemcpy(device(to), device(from), bytes));
  }
  return cudaErrorInvalidMemcpyDirection;
}
/// The two ends of a copy of that kind.
struct Ends {
  CUmemorytype from, to;
};
std::optional<Ends> ends_of(cudaMemcpyKind kind) {
  constexpr CUmemorytype host = CU_MEMORYTYPE_HOST, on_device = CU_MEMORYTYPE_DEVICE;
  switch (kind) {
    case cudaMemcpyHostToHost: return Ends{host, host};
    case cudaMemcpyHostToDevice: return Ends{host, on_device};
    case cudaMemcpyDeviceToHost: return Ends{on_device, host};
    case cudaMemcpyDeviceToDevice: return Ends{on_device, on_device};
    case cudaMemcpyDefault: return Ends{CU_MEMORYTYPE_UNIFIED, CU_MEMORYTYPE_UNIFIED};
  }
  return std::nullopt;
}
cudaError_t copy_rows(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                      std::size_t width, std::size_t height, cudaMemcpyKind kind) {
  if (width > to_pitch || width > from_pitch) return cudaErrorInvalidPitchValue;
  const std::optional<Ends> ends = ends_of(kind);
  if (!ends) return cudaErrorInvalidMemcpyDirection;
  if (width == 0 || height == 0) return cudaSuccess;
  CUDA_MEMCPY2D rows{};
  rows.srcMemoryType = ends->from, rows.dstMemoryType = ends->to;
  rows.srcHost = from, rows.dstHost = to;
  rows.srcDevice = device(from), rows.dstDevice = device(to);
  rows.srcPitch = from_pitch, rows.dstPitch = to_pitch;
  rows.WidthInBytes = width, rows.Height = height;
  return error_of(cuMemcpy2DUnaligned(&rows));
}

/// `body` is given the address of [offset, offset + bytes) of a symbol.
template <class Body>
cudaError_t with_symbol(const void* symbol, std::size_t offset, std::size_t bytes, Body body) {
  return call([&] {
    CUdeviceptr address = 0;
    std::size_t size = 0;
    if (const cudaError_t found = softcuda::runtime::symbol_of(symbol, address, size); found != cudaSuccess)
      return found;
    if (offset > size || bytes > size - offset) return cudaErrorInvalidValue;
    return body(reinterpret_cast<void*>(address + offset));
  });
}
cudaError_t to_symbol(const void* symbol, const void* from, std::size_t bytes, std::size_t offset,
                      cudaMemcpyKind kind) {
  if (kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyHostToHost)
    return told(cudaErrorInvalidMemcpyDirection);
  return with_symbol(symbol, offset, bytes, [&](void* at) { return copy(at, from, bytes, kind); });
}
cudaError_t from_symbol(void* to, const void* symbol, std::size_t bytes, std::size_t offset,
                        cudaMemcpyKind kind) {
  if (kind == cudaMemcpyHostToDevice || kind == cudaMemcpyHostToHost)
    return told(cudaErrorInvalidMemcpyDirection);
  return with_symbol(symbol, offset, bytes, [&](void* at) { return copy(to, at, bytes, kind); });
}

}  // namespace

SOFTCUDA_RUNTIME cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  return allocate(pointer, bytes, [&](CUdeviceptr* at) { return cuMemAlloc(at, bytes); });
}
SOFTCUDA_RUNTIME cudaError_t cudaMallocManaged(void** pointer, std::size_t bytes, unsigned flags) {
  if (bytes == 0) return told(cudaErrorInvalidValue);
  return allocate(pointer, bytes, [&](CUdeviceptr* at) { return cuMemAllocManaged(at, bytes, flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t stream) {
  return allocate(pointer, bytes, [&](CUdeviceptr* at) {
    return cuMemAllocAsync(at, bytes, softcuda::runtime::driver_stream(stream));
  });
}
SOFTCUDA_RUNTIME cudaError_t cudaMallocPitch(void** pointer, std::size_t* pitch, std::size_t width,
                                             std::size_t height) {
  return allocate(pointer, width * height,
                  [&](CUdeviceptr* at) { return cuMemAllocPitch(at, pitch, width, height, 4); });
}
SOFTCUDA_RUNTIME cudaError_t cudaFree(void* pointer) {
  return call([&] { return cuMemFree(device(pointer)); });
}
SOFTCUDA_RUNTIME cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  return call([&] { return cuMemFreeAsync(device(pointer), softcuda::runtime::driver_stream(stream)); });
}
SOFTCUDA_RUNTIME cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned flags) {
  if (pointer == nullptr) return told(cudaErrorInvalidValue);
  return call([&] {
    *pointer = nullptr;
    return bytes == 0 ? CUDA_SUCCESS : cuMemHostAlloc(pointer, bytes, flags);
  });
}
SOFTCUDA_RUNTIME cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  return cudaHostAlloc(pointer, bytes, cudaHostAllocDefault);
}
SOFTCUDA_RUNTIME cudaError_t cudaFreeHost(void* pointer) {
  return call([&] { return pointer == nullptr ? CUDA_SUCCESS : cuMemFreeHost(pointer); });
}
SOFTCUDA_RUNTIME cudaError_t cudaHostGetDevicePointer(void** address, void* pointer, unsigned flags) {
  return call(
      [&] { return cuMemHostGetDevicePointer(reinterpret_cast<CUdeviceptr*>(address), pointer, flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaHostGetFlags(unsigned* flags, void* pointer) {
  return call([&] { return cuMemHostGetFlags(flags, pointer); });
}
SOFTCUDA_RUNTIME cudaError_t cudaHostRegister(void* pointer, std::size_t bytes, unsigned flags) {
  return call([&] { return cuMemHostRegister(pointer, bytes, flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaHostUnregister(void* pointer) {
  return call([&] { return cuMemHostUnregister(pointer); });
}
SOFTCUDA_RUNTIME cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total) {
  return call([&] { return cuMemGetInfo(free_bytes, total); });
}

SOFTCUDA_RUNTIME cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return call([&] { return copy(to, from, bytes, kind); });
}
SOFTCUDA_RUNTIME cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes,
                                             cudaMemcpyKind kind, cudaStream_t) {
  return call([&] { return copy(to, from, bytes, kind); });
}
SOFTCUDA_RUNTIME cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from,
                                          std::size_t from_pitch, std::size_t width, std::size_t height,
                                          cudaMemcpyKind kind) {
  return call([&] { return copy_rows(to, to_pitch, from, from_pitch, width, height, kind); });
}
SOFTCUDA_RUNTIME cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from,
                                               std::size_t from_pitch, std::size_t width, std::size_t height,
                                               cudaMemcpyKind kind, cudaStream_t) {
  return call([&] { return copy_rows(to, to_pitch, from, from_pitch, width, height, kind); });
}
SOFTCUDA_RUNTIME cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  return call([&] { return cuMemsetD8(device(to), static_cast<unsigned char>(value), bytes); });
}
SOFTCUDA_RUNTIME cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t) {
  return cudaMemset(to, value, bytes);
}
SOFTCUDA_RUNTIME cudaError_t cudaMemset2D(void* to, std::size_t pitch, int value, std::size_t width,
                                          std::size_t height) {
  return call([&] {
    if (width > pitch) return cudaErrorInvalidPitchValue;
    if (width == 0 || height == 0) return cudaSuccess;
    return error_of(cuMemsetD2D8(device(to), pitch, static_cast<unsigned char>(value), width, height));
  });
}

SOFTCUDA_RUNTIME cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* from, std::size_t bytes,
                                                std::size_t offset, cudaMemcpyKind kind) {
  return to_symbol(symbol, from, bytes, offset, kind);
}
SOFTCUDA_RUNTIME cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* from, std::size_t bytes,
                                                     std::size_t offset, cudaMemcpyKind kind, cudaStream_t) {
  return to_symbol(symbol, from, bytes, offset, kind);
}
SOFTCUDA_RUNTIME cudaError_t cudaMemcpyFromSymbol(void* to, const void* symbol, std::size_t bytes,
                                                  std::size_t offset, cudaMemcpyKind kind) {
  return from_symbol(to, symbol, bytes, offset, kind);
}
SOFTCUDA_RUNTIME cudaError_t cudaMemcpyFromSymbolAsync(void* to, const void* symbol, std::size_t bytes,
                                                       std::size_t offset, cudaMemcpyKind kind,
                                                       cudaStream_t) {
  return from_symbol(to, symbol, bytes, offset, kind);
}
SOFTCUDA_RUNTIME cudaError_t cudaGetSymbolAddress(void** address, const void* symbol) {
  return with_symbol(symbol, 0, 0, [&](void* at) {
    *address = at;
    return cudaSuccess;
  });
}
SOFTCUDA_RUNTIME cudaError_t cudaGetSymbolSize(std::size_t* bytes, const void* symbol) {
  return call([&] {
    CUdeviceptr address = 0;
    return softcuda::runtime::symbol_of(symbol, address, *bytes);
  });
}

/// A pointer that nobody has allocated here is the host's, and no error since CUDA 11.
SOFTCUDA_RUNTIME cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* out, const void* pointer) {
  if (out == nullptr) return told(cudaErrorInvalidValue);
  return call([&] {
    *out = {};
    out->type = cudaMemoryTypeUnregistered;
    out->device = cudaInvalidDeviceId;
    out->hostPointer = const_cast<void*>(pointer);
    unsigned type = 0, managed = 0;
    const CUresult known = cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, device(pointer));
    if (known == CUDA_ERROR_INVALID_VALUE) return CUDA_SUCCESS;
    if (known != CUDA_SUCCESS) return known;
    const CUresult asked = cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, device(pointer));
    if (asked != CUDA_SUCCESS) return asked;
    out->type = managed != 0                 ? cudaMemoryTypeManaged
                : type == CU_MEMORYTYPE_HOST ? cudaMemoryTypeHost
                                             : cudaMemoryTypeDevice;
    out->device = 0;
    out->devicePointer = const_cast<void*>(pointer);
    if (out->type == cudaMemoryTypeDevice) out->hostPointer = nullptr;
    return CUDA_SUCCESS;
  });
}
