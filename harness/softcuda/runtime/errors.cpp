#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "harness/softcuda/runtime/runtime.h"

/// "Error Handling": the last error of a thread, and what errors are called. An error that breaks the context
/// stays; others are forgotten once they have been asked for.
namespace softcuda::runtime {
namespace {

thread_local cudaError_t last = cudaSuccess;

bool breaks_the_context(cudaError_t error) {
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorIllegalInstruction:
    case cudaErrorHardwareStackError:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert: return true;
    default: return false;
  }
}

cudaError_t bring_up() {
  const char* notice = std::getenv("SOFTCUDA_NOTICE");
  if (notice == nullptr || std::strcmp(notice, "none") != 0) {
    std::fprintf(stderr,
                 "softcuda: kernels of this program run on the CPU (SOFTCUDA_NOTICE=none hides this line)\n");
  }
  if (const CUresult up = cuInit(0); up != CUDA_SUCCESS) return error_of(up);
  CUcontext primary = nullptr;
  return error_of(cuDevicePrimaryCtxRetain(&primary, 0));
}

struct Words {
  cudaError_t error;
  const char* name;
  const char* text;
};
#define NAMED(name, ...) \
  Words { name, #name, __VA_ARGS__ }
constexpr std::array kWords{
    NAMED(cudaSuccess, "no error"),
    NAMED(cudaErrorInvalidValue, "invalid argument"),
    NAMED(cudaErrorMemoryAllocation, "out of memory"),
    NAMED(cudaErrorInitializationError, "initialization error"),
    NAMED(cudaErrorCudartUnloading, "driver shutting down"),
    NAMED(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    NAMED(cudaErrorInvalidPitchValue, "invalid pitch argument"),
    NAMED(cudaErrorInvalidSymbol, "invalid device symbol"),
    NAMED(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    NAMED(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    NAMED(cudaErrorMissingConfiguration, "__global__ function call is not configured"),
    NAMED(cudaErrorInvalidDeviceFunction, "invalid device function"),
    NAMED(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    NAMED(cudaErrorInvalidDevice, "invalid device ordinal"),
    NAMED(cudaErrorInvalidKernelImage, "device kernel image is invalid"),
    NAMED(cudaErrorDeviceUninitialized, "invalid device context"),
    NAMED(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"),
    NAMED(cudaErrorInvalidPtx, "a PTX JIT compilation failed"),
    NAMED(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    NAMED(cudaErrorSymbolNotFound, "named symbol not found"),
    NAMED(cudaErrorNotReady, "device not ready"),
    NAMED(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    NAMED(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    NAMED(cudaErrorLaunchTimeout, "the launch timed out and was terminated"),
    NAMED(cudaErrorAssert, "device-side assert triggered"),
    NAMED(cudaErrorHardwareStackError, "hardware stack error"),
    NAMED(cudaErrorIllegalInstruction, "an illegal instruction was encountered"),
    NAMED(cudaErrorMisalignedAddress, "misaligned address"),
    NAMED(cudaErrorInvalidAddressSpace, "operation not supported on global/shared address space"),
    NAMED(cudaErrorInvalidPc, "invalid program counter"),
    NAMED(cudaErrorLaunchFailure, "unspecified launch failure"),
    NAMED(cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch"),
    NAMED(cudaErrorNotPermitted, "operation not permitted"),
    NAMED(cudaErrorNotSupported, "operation not supported"),
    NAMED(cudaErrorUnknown, "unknown error"),
};
#undef NAMED

const Words* words_of(cudaError_t error) {
  for (const Words& one : kWords) {
    if (one.error == error) return &one;
  }
  return nullptr;
}

}  // namespace

cudaError_t ready() {
  static const cudaError_t up = bring_up();
  return up;
}

cudaError_t told(cudaError_t error) {
  if (error != cudaSuccess && error != cudaErrorNotReady) last = error;
  return error;
}

}  // namespace softcuda::runtime

namespace runtime = softcuda::runtime;

SOFTCUDA_RUNTIME cudaError_t cudaGetLastError() {
  const cudaError_t error = runtime::last;
  if (!runtime::breaks_the_context(error)) runtime::last = cudaSuccess;
  return error;
}
SOFTCUDA_RUNTIME cudaError_t cudaPeekAtLastError() { return runtime::last; }
SOFTCUDA_RUNTIME const char* cudaGetErrorName(cudaError_t error) {
  const auto* words = runtime::words_of(error);
  return words != nullptr ? words->name : "unrecognized error code";
}
SOFTCUDA_RUNTIME const char* cudaGetErrorString(cudaError_t error) {
  const auto* words = runtime::words_of(error);
  return words != nullptr ? words->text : "unrecognized error code";
}
SOFTCUDA_RUNTIME cudaError_t cudaDeviceReset() {
  const cudaError_t done = runtime::call([] {
    runtime::forget_modules();
    return cuDevicePrimaryCtxReset(0);
  });
  if (done == cudaSuccess) runtime::last = cudaSuccess;
  return done;
}
