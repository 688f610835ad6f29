#pragma once
#include <cuda.h>
#include <cudaTypedefs.h>

#include "harness/outcome/outcome.h"

/// Every function of the CUDA driver API that flashdiff calls, with the API version in which its present
/// signature came in: cudaTypedefs.h has the type under that version, and cuGetProcAddress answers that very
/// entry, whatever the newest driver means by the plain name (cuCtxSynchronize takes a context since 13.0).
#define FLASHDIFF_DRIVER_FUNCTIONS(X)                  \
  X(cuInit, 2000)                                      \
  X(cuDriverGetVersion, 2020)                          \
  X(cuGetErrorName, 6000)                              \
  X(cuGetErrorString, 6000)                            \
  X(cuDeviceGet, 2000)                                 \
  X(cuDeviceGetCount, 2000)                            \
  X(cuDeviceGetName, 2000)                             \
  X(cuDeviceGetAttribute, 2000)                        \
  X(cuDeviceTotalMem, 3020)                            \
  X(cuDevicePrimaryCtxRetain, 7000)                    \
  X(cuDevicePrimaryCtxRelease, 11000)                  \
  X(cuDevicePrimaryCtxReset, 11000)                    \
  X(cuCtxGetCurrent, 4000)                             \
  X(cuCtxSetCurrent, 4000)                             \
  X(cuCtxSynchronize, 2000)                            \
  X(cuModuleLoadDataEx, 2010)                          \
  X(cuModuleUnload, 2000)                              \
  X(cuModuleGetFunction, 2000)                         \
  X(cuModuleGetGlobal, 3020)                           \
  X(cuMemGetInfo, 3020)                                \
  X(cuMemAlloc, 3020)                                  \
  X(cuMemFree, 3020)                                   \
  X(cuMemAllocAsync, 11020)                            \
  X(cuMemFreeAsync, 11020)                             \
  X(cuMemcpyHtoD, 3020)                                \
  X(cuMemcpyDtoH, 3020)                                \
  X(cuMemcpyDtoD, 3020)                                \
  X(cuMemcpyHtoDAsync, 3020)                           \
  X(cuMemcpyDtoHAsync, 3020)                           \
  X(cuMemcpyDtoDAsync, 3020)                           \
  X(cuMemsetD8, 3020)                                  \
  X(cuMemsetD16, 3020)                                 \
  X(cuMemsetD32, 3020)                                 \
  X(cuMemsetD8Async, 3020)                             \
  X(cuMemsetD32Async, 3020)                            \
  X(cuStreamCreate, 2000)                              \
  X(cuStreamDestroy, 4000)                             \
  X(cuStreamSynchronize, 2000)                         \
  X(cuStreamWaitEvent, 3020)                           \
  X(cuEventCreate, 2000)                               \
  X(cuEventDestroy, 4000)                              \
  X(cuEventRecord, 2000)                               \
  X(cuEventSynchronize, 2000)                          \
  X(cuEventElapsedTime, 2000)                          \
  X(cuFuncGetAttribute, 2020)                          \
  X(cuFuncSetAttribute, 9000)                          \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor, 6050) \
  X(cuLaunchKernel, 4000)

namespace flashdiff {

class Driver;

/// An Outcome made of what a call of the driver API answered: success, or an error that names the call,
/// CUresult's name and its description. A fault of a launch is a device_fault (softcuda's report as detail),
/// an image that cannot be loaded bad_input, anything else a failure of the harness.
[[nodiscard]] Outcome<void> checked(const Driver& driver, const char* call, CUresult result);

template <class Pointer>
class DriverFunction;

/// One entry of the table: calling it checks the result, so that no CUresult can be forgotten.
template <class... Arguments>
class DriverFunction<CUresult (*)(Arguments...)> {
 public:
  using Pointer = CUresult (*)(Arguments...);

  [[nodiscard]] Outcome<void> operator()(Arguments... arguments) const {
    return checked(*driver_, name_, pointer_(arguments...));
  }
  /// The function itself, for who wants to look at the CUresult.
  [[nodiscard]] Pointer raw() const { return pointer_; }
  [[nodiscard]] const char* name() const { return name_; }

 private:
  friend class Driver;
  Pointer pointer_ = nullptr;
  const char* name_ = nullptr;
  const Driver* driver_ = nullptr;
};

}  // namespace flashdiff
