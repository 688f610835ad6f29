#pragma once
#include <cstddef>

#include <cuda.h>
#include <cuda_runtime_api.h>

/// What the chapters of the CUDA runtime share: everything is made of driver calls.
namespace softcuda::runtime {

/// The driver is up and the primary context retained, from the first call on; says so once on stderr, unless
/// SOFTCUDA_NOTICE=none.
[[nodiscard]] cudaError_t ready();

/// Results of the driver have the same numbers in the runtime ("CUDA Runtime API", enum cudaError),
/// since 10.1.
[[nodiscard]] inline cudaError_t error_of(CUresult result) { return static_cast<cudaError_t>(result); }
[[nodiscard]] inline cudaError_t error_of(cudaError_t error) { return error; }

/// Remembers an error for this thread's cudaGetLastError, and gives it back.
cudaError_t told(cudaError_t error);

/// An entry point's body: `body` answers a CUresult or a cudaError_t.
template <class Body>
cudaError_t call(Body body) {
  const cudaError_t up = ready();
  return told(up == cudaSuccess ? error_of(body()) : up);
}

/// The runtime's names for the default stream are the driver's null stream here: everything is in order.
[[nodiscard]] inline CUstream driver_stream(cudaStream_t stream) {
  return stream == cudaStreamLegacy || stream == cudaStreamPerThread ? nullptr : stream;
}

/// Of what nvcc's code has registered. Loads the module that has it, at its first use.
/// Errors: cudaErrorInvalidDeviceFunction, cudaErrorInvalidSymbol, or why the module cannot be loaded.
[[nodiscard]] cudaError_t function_of(const void* host_function, CUfunction& function);
[[nodiscard]] cudaError_t symbol_of(const void* host_variable, CUdeviceptr& address, std::size_t& bytes);
/// Unloads every module: the context is about to end.
void forget_modules();

}  // namespace softcuda::runtime

/// CUDART_CB aside, what nvcc's programs link to.
#define SOFTCUDA_RUNTIME extern "C" __attribute__((visibility("default")))
