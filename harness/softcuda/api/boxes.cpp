#include "harness/softcuda/api/memory.h"
#include "harness/softcuda/check/host_address.h"

/// Copies of two and three dimensions ("CUDA Driver API", 6.13, cuMemcpy2D and cuMemcpy3D), row by row. There
/// are no CUDA arrays here: a side that is one is refused with CUDA_ERROR_NOT_SUPPORTED.
using namespace softcuda::api;
namespace check = softcuda::check;

namespace {

struct Side {
  std::uint64_t first = 0;  ///< address of the box's first byte
  std::size_t pitch = 0;    ///< bytes between rows
  std::size_t slice = 0;    ///< bytes between slices
  bool device = false;
  [[nodiscard]] std::uint64_t row(std::size_t y, std::size_t z) const {
    return first + y * pitch + z * slice;
  }
};
struct Box {
  std::size_t width = 0, height = 0, depth = 0;  ///< bytes, rows, slices
};

/// As CUDA_MEMCPY3D has each of its sides.
struct Described {
  CUmemorytype type;
  const void* host;
  CUdeviceptr device;
  std::size_t x, y, z, pitch, height;
};

CUresult side(const Described& of, const Box& box, Side& made) {
  std::uint64_t base = 0;
  switch (of.type) {
    case CU_MEMORYTYPE_HOST:
      base = check::address_of(of.host);
      made.device = is_device(base);
      break;
    case CU_MEMORYTYPE_DEVICE:
      base = of.device;
      made.device = true;
      break;
    case CU_MEMORYTYPE_UNIFIED:  // the address stands in the device's place
      base = of.device;
      made.device = is_device(base);
      break;
    case CU_MEMORYTYPE_ARRAY: return CUDA_ERROR_NOT_SUPPORTED;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
  if (base == 0 && !made.device) return CUDA_ERROR_INVALID_VALUE;
  // A row must fit into the pitch, a slice into the height; neither is looked at where there is only one.
  constexpr std::size_t kMost = std::size_t{1} << 31;
  if (of.x > kMost || of.pitch > kMost || of.height > kMost || of.y > kMost || of.z > kMost)
    return CUDA_ERROR_INVALID_VALUE;
  const bool rows = box.height > 1 || of.y != 0 || box.depth > 1 || of.z != 0;
  if (rows && of.pitch < of.x + box.width) return CUDA_ERROR_INVALID_VALUE;
  if ((box.depth > 1 || of.z != 0) && of.height < of.y + box.height) return CUDA_ERROR_INVALID_VALUE;
  made.pitch = of.pitch;
  made.slice = of.pitch * of.height;
  made.first = base + of.x + of.y * of.pitch + of.z * made.slice;
  return CUDA_SUCCESS;
}

CUresult check_rows(const char* call, const Side& of, const Box& box, bool write) {
  if (!of.device) return CUDA_SUCCESS;
  for (std::size_t z = 0; z < box.depth; ++z) {
    for (std::size_t y = 0; y < box.height; ++y) {
      const CUresult ok = check_access(call, of.row(y, z), box.width, write);
      if (ok != CUDA_SUCCESS) return ok;
    }
  }
  return CUDA_SUCCESS;
}

/// Nothing is copied where any row of either side is not there.
CUresult copy(const char* call, const Described& to, const Described& from, const Box& box) {
  if (box.width == 0 || box.height == 0 || box.depth == 0) return CUDA_SUCCESS;
  constexpr std::size_t kMost = std::size_t{1} << 31;
  if (box.width > kMost || box.height > kMost || box.depth > kMost) return CUDA_ERROR_INVALID_VALUE;
  Side target, source;
  if (const CUresult ok = side(to, box, target); ok != CUDA_SUCCESS) return ok;
  if (const CUresult ok = side(from, box, source); ok != CUDA_SUCCESS) return ok;
  if (const CUresult ok = check_rows(call, target, box, true); ok != CUDA_SUCCESS) return ok;
  if (const CUresult ok = check_rows(call, source, box, false); ok != CUDA_SUCCESS) return ok;
  for (std::size_t z = 0; z < box.depth; ++z) {
    for (std::size_t y = 0; y < box.height; ++y) move_bytes(target.row(y, z), source.row(y, z), box.width);
  }
  return CUDA_SUCCESS;
}

CUresult copy_2d(const char* call, const CUDA_MEMCPY2D* p) {
  return in_context([&] {
    if (p == nullptr) return CUDA_ERROR_INVALID_VALUE;
    return copy(call,
                {p->dstMemoryType, p->dstHost, p->dstDevice, p->dstXInBytes, p->dstY, 0, p->dstPitch, 0},
                {p->srcMemoryType, p->srcHost, p->srcDevice, p->srcXInBytes, p->srcY, 0, p->srcPitch, 0},
                {p->WidthInBytes, p->Height, 1});
  });
}
CUresult copy_3d(const char* call, const CUDA_MEMCPY3D* p) {
  return in_context([&] {
    if (p == nullptr || p->reserved0 != nullptr || p->reserved1 != nullptr) return CUDA_ERROR_INVALID_VALUE;
    return copy(call,
                {p->dstMemoryType, p->dstHost, p->dstDevice, p->dstXInBytes, p->dstY, p->dstZ, p->dstPitch,
                 p->dstHeight},
                {p->srcMemoryType, p->srcHost, p->srcDevice, p->srcXInBytes, p->srcY, p->srcZ, p->srcPitch,
                 p->srcHeight},
                {p->WidthInBytes, p->Height, p->Depth});
  });
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuMemcpy2D(const CUDA_MEMCPY2D* what) { return copy_2d("cuMemcpy2D", what); }
SOFTCUDA_EXPORT CUresult cuMemcpy2DUnaligned(const CUDA_MEMCPY2D* what) {
  return copy_2d("cuMemcpy2DUnaligned", what);
}
SOFTCUDA_EXPORT CUresult cuMemcpy2DAsync(const CUDA_MEMCPY2D* what, CUstream stream) {
  return on_stream(stream, [&] { return copy_2d("cuMemcpy2DAsync", what); });
}
SOFTCUDA_EXPORT CUresult cuMemcpy3D(const CUDA_MEMCPY3D* what) { return copy_3d("cuMemcpy3D", what); }
SOFTCUDA_EXPORT CUresult cuMemcpy3DAsync(const CUDA_MEMCPY3D* what, CUstream stream) {
  return on_stream(stream, [&] { return copy_3d("cuMemcpy3DAsync", what); });
}
