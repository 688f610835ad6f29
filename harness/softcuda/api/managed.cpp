#include "harness/softcuda/api/memory.h"

/// Advice on managed memory and its prefetch ("CUDA Driver API", 6.16). Its pages never move here: a right
/// call changes nothing, a wrong one is refused.
using namespace softcuda::api;

namespace {

CUresult is_managed(const char* call, CUdeviceptr address, std::size_t bytes) {
  if (bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = check_access(call, address, bytes, false); ok != CUDA_SUCCESS) return ok;
  const auto found = memory().find(address);
  const auto held = found ? held_at(found->base) : std::nullopt;
  return held && held->kind == MemoryKind::managed ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/// The device, or the host, whose NUMA nodes are not told apart.
CUresult is_place(const CUmemLocation& place) {
  switch (place.type) {
    case CU_MEM_LOCATION_TYPE_DEVICE: return place.id == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
    case CU_MEM_LOCATION_TYPE_HOST:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT: return CUDA_SUCCESS;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
}
/// As calls before CUDA 12.2 named a place.
CUmemLocation place_of(CUdevice device) {
  const auto type = device == CU_DEVICE_CPU ? CU_MEM_LOCATION_TYPE_HOST : CU_MEM_LOCATION_TYPE_DEVICE;
  return {type, device};
}

CUresult advise(CUdeviceptr address, std::size_t bytes, CUmem_advise advice, CUmemLocation place) {
  return in_context([&] {
    if (advice < CU_MEM_ADVISE_SET_READ_MOSTLY || advice > CU_MEM_ADVISE_UNSET_ACCESSED_BY)
      return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult ok = is_managed("cuMemAdvise", address, bytes); ok != CUDA_SUCCESS) return ok;
    const bool placed =
        advice == CU_MEM_ADVISE_SET_PREFERRED_LOCATION || advice >= CU_MEM_ADVISE_SET_ACCESSED_BY;
    return placed ? is_place(place) : CUDA_SUCCESS;
  });
}
CUresult prefetch(CUdeviceptr address, std::size_t bytes, CUmemLocation place, unsigned flags,
                  CUstream stream) {
  return on_stream(stream, [&] {
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult ok = is_managed("cuMemPrefetchAsync", address, bytes); ok != CUDA_SUCCESS) return ok;
    return is_place(place);
  });
}

}  // namespace

#undef cuMemAdvise
#undef cuMemPrefetchAsync
SOFTCUDA_EXPORT CUresult cuMemAdvise_v2(CUdeviceptr address, std::size_t bytes, CUmem_advise advice,
                                        CUmemLocation place) {
  return advise(address, bytes, advice, place);
}
SOFTCUDA_EXPORT CUresult cuMemAdvise(CUdeviceptr address, std::size_t bytes, CUmem_advise advice,
                                     CUdevice device) {
  return advise(address, bytes, advice, place_of(device));
}
SOFTCUDA_EXPORT CUresult cuMemPrefetchAsync_v2(CUdeviceptr address, std::size_t bytes, CUmemLocation place,
                                               unsigned flags, CUstream stream) {
  return prefetch(address, bytes, place, flags, stream);
}
SOFTCUDA_EXPORT CUresult cuMemPrefetchAsync(CUdeviceptr address, std::size_t bytes, CUdevice device,
                                            CUstream stream) {
  return prefetch(address, bytes, place_of(device), 0, stream);
}
