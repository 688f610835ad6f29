#include <cstring>

#include "harness/softcuda/api/memory.h"
#include "harness/softcuda/check/host_address.h"

/// Copies and fills of one dimension ("CUDA Driver API", 6.13). Streams are in order and everything has
/// happened when its call returns, so that a copy on a stream is the plain copy.
using namespace softcuda::api;
namespace check = softcuda::check;

namespace {

/// Which side must be device memory; the other is as its pointer is ("unified addressing").
enum class Must : std::uint8_t { neither, to, from, both };

CUresult copy(const char* call, std::uint64_t to, std::uint64_t from, std::size_t bytes, Must must) {
  return in_context([&] {
    if (bytes == 0) return CUDA_SUCCESS;
    const bool to_device = must == Must::to || must == Must::both || is_device(to);
    const bool from_device = must == Must::from || must == Must::both || is_device(from);
    if ((!to_device && to == 0) || (!from_device && from == 0)) return CUDA_ERROR_INVALID_VALUE;
    if (to_device) {
      if (const CUresult ok = check_access(call, to, bytes, true); ok != CUDA_SUCCESS) return ok;
    }
    if (from_device) {
      if (const CUresult ok = check_access(call, from, bytes, false); ok != CUDA_SUCCESS) return ok;
    }
    move_bytes(to, from, bytes);
    return CUDA_SUCCESS;
  });
}

CUresult fill(const char* call, CUdeviceptr to, std::uint32_t value, std::size_t element, std::size_t count) {
  return in_context([&] {
    if (to % element != 0 || count > SIZE_MAX / element) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult ok = check_access(call, to, element * count, true); ok != CUDA_SUCCESS) return ok;
    (void)memory().fill(to, value, element, count);
    return CUDA_SUCCESS;
  });
}

/// Rows of `width` elements, `pitch` bytes apart.
CUresult fill_rows(const char* call, CUdeviceptr to, std::size_t pitch, std::uint32_t value,
                   std::size_t element, std::size_t width, std::size_t height) {
  return in_context([&] {
    if (width == 0 || height == 0) return CUDA_SUCCESS;
    if (to % element != 0 || width > SIZE_MAX / element) return CUDA_ERROR_INVALID_VALUE;
    const bool rows = height > 1;
    if (rows && (pitch < width * element || pitch % element != 0)) return CUDA_ERROR_INVALID_VALUE;
    // Rows rise, so that a height beyond all memory ends at the first row that is not there.
    for (std::size_t row = 0; row < height; ++row) {
      const CUresult ok = check_access(call, to + row * pitch, width * element, true);
      if (ok != CUDA_SUCCESS) return ok;
    }
    for (std::size_t row = 0; row < height; ++row)
      (void)memory().fill(to + row * pitch, value, element, width);
    return CUDA_SUCCESS;
  });
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuMemcpyHtoD(CUdeviceptr to, const void* from, std::size_t bytes) {
  return copy("cuMemcpyHtoD", to, check::address_of(from), bytes, Must::to);
}
SOFTCUDA_EXPORT CUresult cuMemcpyDtoH(void* to, CUdeviceptr from, std::size_t bytes) {
  return copy("cuMemcpyDtoH", check::address_of(to), from, bytes, Must::from);
}
SOFTCUDA_EXPORT CUresult cuMemcpyDtoD(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  return copy("cuMemcpyDtoD", to, from, bytes, Must::both);
}
SOFTCUDA_EXPORT CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void* from, std::size_t bytes,
                                           CUstream stream) {
  return on_stream(stream,
                   [&] { return copy("cuMemcpyHtoDAsync", to, check::address_of(from), bytes, Must::to); });
}
SOFTCUDA_EXPORT CUresult cuMemcpyDtoHAsync(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  return on_stream(stream,
                   [&] { return copy("cuMemcpyDtoHAsync", check::address_of(to), from, bytes, Must::from); });
}
SOFTCUDA_EXPORT CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, std::size_t bytes,
                                           CUstream stream) {
  return on_stream(stream, [&] { return copy("cuMemcpyDtoDAsync", to, from, bytes, Must::both); });
}
SOFTCUDA_EXPORT CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  return copy("cuMemcpy", to, from, bytes, Must::neither);
}
SOFTCUDA_EXPORT CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  return on_stream(stream, [&] { return copy("cuMemcpyAsync", to, from, bytes, Must::neither); });
}

SOFTCUDA_EXPORT CUresult cuMemsetD8(CUdeviceptr to, unsigned char value, std::size_t count) {
  return fill("cuMemsetD8", to, value, 1, count);
}
SOFTCUDA_EXPORT CUresult cuMemsetD16(CUdeviceptr to, unsigned short value, std::size_t count) {
  return fill("cuMemsetD16", to, value, 2, count);
}
SOFTCUDA_EXPORT CUresult cuMemsetD32(CUdeviceptr to, unsigned value, std::size_t count) {
  return fill("cuMemsetD32", to, value, 4, count);
}
SOFTCUDA_EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, std::size_t count,
                                         CUstream stream) {
  return on_stream(stream, [&] { return fill("cuMemsetD8Async", to, value, 1, count); });
}
SOFTCUDA_EXPORT CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, std::size_t count,
                                          CUstream stream) {
  return on_stream(stream, [&] { return fill("cuMemsetD16Async", to, value, 2, count); });
}
SOFTCUDA_EXPORT CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, std::size_t count,
                                          CUstream stream) {
  return on_stream(stream, [&] { return fill("cuMemsetD32Async", to, value, 4, count); });
}
SOFTCUDA_EXPORT CUresult cuMemsetD2D8(CUdeviceptr to, std::size_t pitch, unsigned char value,
                                      std::size_t width, std::size_t height) {
  return fill_rows("cuMemsetD2D8", to, pitch, value, 1, width, height);
}
SOFTCUDA_EXPORT CUresult cuMemsetD2D16(CUdeviceptr to, std::size_t pitch, unsigned short value,
                                       std::size_t width, std::size_t height) {
  return fill_rows("cuMemsetD2D16", to, pitch, value, 2, width, height);
}
SOFTCUDA_EXPORT CUresult cuMemsetD2D32(CUdeviceptr to, std::size_t pitch, unsigned value, std::size_t width,
                                       std::size_t height) {
  return fill_rows("cuMemsetD2D32", to, pitch, value, 4, width, height);
}
SOFTCUDA_EXPORT CUresult cuMemsetD2D8Async(CUdeviceptr to, std::size_t pitch, unsigned char value,
                                           std::size_t width, std::size_t height, CUstream stream) {
  return on_stream(stream,
                   [&] { return fill_rows("cuMemsetD2D8Async", to, pitch, value, 1, width, height); });
}
SOFTCUDA_EXPORT CUresult cuMemsetD2D16Async(CUdeviceptr to, std::size_t pitch, unsigned short value,
                                            std::size_t width, std::size_t height, CUstream stream) {
  return on_stream(stream,
                   [&] { return fill_rows("cuMemsetD2D16Async", to, pitch, value, 2, width, height); });
}
SOFTCUDA_EXPORT CUresult cuMemsetD2D32Async(CUdeviceptr to, std::size_t pitch, unsigned value,
                                            std::size_t width, std::size_t height, CUstream stream) {
  return on_stream(stream,
                   [&] { return fill_rows("cuMemsetD2D32Async", to, pitch, value, 4, width, height); });
}
