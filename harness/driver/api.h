#pragma once
#include <cuda.h>

/// The CUDA driver API as a table of functions. cuda.h spells the versions (`cuMemAlloc` is the macro
/// cuMemAlloc_v2), so each name here is, once expanded, both the member and the symbol that is looked up.
namespace flashdiff::driver {

// clang-format off
#define FLASHDIFF_DRIVER_API(X)                                                                       \
  X(cuInit) X(cuDriverGetVersion) X(cuGetErrorName) X(cuGetErrorString)                               \
  X(cuDeviceGetCount) X(cuDeviceGet) X(cuDeviceGetName) X(cuDeviceGetAttribute) X(cuDeviceTotalMem)   \
  X(cuDeviceGetPCIBusId)                                                                              \
  X(cuDevicePrimaryCtxRetain) X(cuDevicePrimaryCtxRelease) X(cuCtxSetCurrent) X(cuCtxSynchronize)     \
  X(cuCtxGetDevice)                                                                                   \
  X(cuModuleLoadDataEx) X(cuModuleUnload) X(cuModuleGetFunction) X(cuModuleGetGlobal)                 \
  X(cuFuncGetAttribute) X(cuFuncSetAttribute) X(cuLaunchKernel)                                       \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor)                                                      \
  X(cuMemAlloc) X(cuMemFree) X(cuMemGetInfo) X(cuMemcpyHtoD) X(cuMemcpyDtoH) X(cuMemcpyDtoD)          \
  X(cuMemcpyHtoDAsync) X(cuMemcpyDtoHAsync) X(cuMemcpyDtoDAsync)                                      \
  X(cuMemsetD8) X(cuMemsetD32) X(cuMemsetD8Async) X(cuMemsetD32Async)                                 \
  X(cuStreamCreate) X(cuStreamDestroy) X(cuStreamSynchronize)                                         \
  X(cuEventCreate) X(cuEventDestroy) X(cuEventRecord) X(cuEventSynchronize) X(cuEventElapsedTime)
// clang-format on

struct Api {
#define FLASHDIFF_MEMBER(name) decltype(&::name) name = nullptr;
  FLASHDIFF_DRIVER_API(FLASHDIFF_MEMBER)
#undef FLASHDIFF_MEMBER
};

}  // namespace flashdiff::driver
