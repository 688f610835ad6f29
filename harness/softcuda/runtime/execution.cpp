#include <vector>

#include "harness/softcuda/runtime/runtime.h"

/// "Execution Control" and "Occupancy". A launch has ended when its call returns, so a kernel's fault is this
/// call's error already; a GPU's runtime may tell it later.
using softcuda::runtime::call;
using softcuda::runtime::driver_stream;
using softcuda::runtime::error_of;
using softcuda::runtime::function_of;

namespace {

struct Configuration {
  dim3 grid, block;
  std::size_t shared;
  cudaStream_t stream;
};
/// Between <<<>>> and the stub that it calls.
std::vector<Configuration>& configurations() {
  thread_local std::vector<Configuration> stack;
  return stack;
}

/// What the runtime refuses by a word of its own, before the driver is asked.
bool launchable(dim3 grid, dim3 block) {
  const auto within = [](unsigned n, unsigned most) { return n >= 1 && n <= most; };
  return within(block.x, 1024) && within(block.y, 1024) && within(block.z, 64) &&
         block.x * block.y * block.z <= 1024 && within(grid.x, 0x7fffffffu) && within(grid.y, 65535) &&
         within(grid.z, 65535);
}

cudaError_t launch(const void* host, dim3 grid, dim3 block, void** arguments, std::size_t shared,
                   cudaStream_t stream) {
  return call([&] {
    CUfunction function = nullptr;
    if (const cudaError_t found = function_of(host, function); found != cudaSuccess) return found;
    if (!launchable(grid, block)) return cudaErrorInvalidConfiguration;
    return error_of(cuLaunchKernel(function, grid.x, grid.y, grid.z, block.x, block.y, block.z,
                                   static_cast<unsigned>(shared), driver_stream(stream), arguments, nullptr));
  });
}

/// `body` is given the driver's function.
template <class Body>
cudaError_t with_function(const void* host, Body body) {
  return call([&] {
    CUfunction function = nullptr;
    const cudaError_t found = function_of(host, function);
    return found == cudaSuccess ? error_of(body(function)) : found;
  });
}

}  // namespace

SOFTCUDA_RUNTIME unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared,
                                                      CUstream_st* stream) {
  configurations().push_back({grid, block, shared, stream});
  return 0;
}
SOFTCUDA_RUNTIME cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared,
                                                        void* stream) {
  if (configurations().empty()) return softcuda::runtime::told(cudaErrorMissingConfiguration);
  const Configuration top = configurations().back();
  configurations().pop_back();
  *grid = top.grid;
  *block = top.block;
  *shared = top.shared;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  return cudaSuccess;
}
/// Kept by the program for good, so it is the stub's address: a function of the driver ends with its context.
SOFTCUDA_RUNTIME cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(host));
  return cudaSuccess;
}
SOFTCUDA_RUNTIME cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                                                std::size_t shared, cudaStream_t stream) {
  return launch(kernel, grid, block, arguments, shared, stream);
}
SOFTCUDA_RUNTIME cudaError_t cudaLaunchKernel(const void* host, dim3 grid, dim3 block, void** arguments,
                                              std::size_t shared, cudaStream_t stream) {
  return launch(host, grid, block, arguments, shared, stream);
}
SOFTCUDA_RUNTIME cudaError_t cudaLaunchCooperativeKernel(const void* host, dim3 grid, dim3 block,
                                                         void** arguments, std::size_t shared,
                                                         cudaStream_t stream) {
  return with_function(host, [&](CUfunction function) {
    if (!launchable(grid, block)) return cudaErrorInvalidConfiguration;
    return error_of(cuLaunchCooperativeKernel(function, grid.x, grid.y, grid.z, block.x, block.y, block.z,
                                              static_cast<unsigned>(shared), driver_stream(stream),
                                              arguments));
  });
}
/// Launch attributes are the driver's, bit for bit; it says which it knows.
SOFTCUDA_RUNTIME cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* given, const void* host,
                                                 void** arguments) {
  if (given == nullptr) return softcuda::runtime::told(cudaErrorInvalidValue);
  return with_function(host, [&](CUfunction function) {
    if (!launchable(given->gridDim, given->blockDim)) return cudaErrorInvalidConfiguration;
    CUlaunchConfig config{};
    config.gridDimX = given->gridDim.x, config.gridDimY = given->gridDim.y,
    config.gridDimZ = given->gridDim.z;
    config.blockDimX = given->blockDim.x, config.blockDimY = given->blockDim.y;
    config.blockDimZ = given->blockDim.z;
    config.sharedMemBytes = static_cast<unsigned>(given->dynamicSmemBytes);
    config.hStream = driver_stream(given->stream);
    static_assert(sizeof(cudaLaunchAttribute) == sizeof(CUlaunchAttribute));
    config.attrs = reinterpret_cast<CUlaunchAttribute*>(given->attrs);
    config.numAttrs = given->numAttrs;
    return error_of(cuLaunchKernelEx(&config, function, arguments, nullptr));
  });
}

SOFTCUDA_RUNTIME cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* out, const void* host) {
  if (out == nullptr) return softcuda::runtime::told(cudaErrorInvalidValue);
  return with_function(host, [&](CUfunction function) {
    *out = {};
    CUresult failed = CUDA_SUCCESS;
    const auto get = [&](auto& into, CUfunction_attribute which) {
      int value = 0;
      const CUresult got = cuFuncGetAttribute(&value, which, function);
      if (got != CUDA_SUCCESS) failed = got;
      into = static_cast<std::remove_reference_t<decltype(into)>>(value);
    };
    get(out->sharedSizeBytes, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
    get(out->constSizeBytes, CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES);
    get(out->localSizeBytes, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
    get(out->maxThreadsPerBlock, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    get(out->numRegs, CU_FUNC_ATTRIBUTE_NUM_REGS);
    get(out->ptxVersion, CU_FUNC_ATTRIBUTE_PTX_VERSION);
    get(out->binaryVersion, CU_FUNC_ATTRIBUTE_BINARY_VERSION);
    get(out->maxDynamicSharedSizeBytes, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
    return failed;
  });
}
/// The runtime's numbers are the driver's (8: dynamic shared memory, 9: carve-out).
SOFTCUDA_RUNTIME cudaError_t cudaFuncSetAttribute(const void* host, cudaFuncAttribute which, int value) {
  return with_function(host, [&](CUfunction function) {
    return cuFuncSetAttribute(function, static_cast<CUfunction_attribute>(which), value);
  });
}
SOFTCUDA_RUNTIME cudaError_t cudaFuncSetCacheConfig(const void* host, cudaFuncCache config) {
  return with_function(host, [&](CUfunction function) {
    return cuFuncSetCacheConfig(function, static_cast<CUfunc_cache>(config));
  });
}
SOFTCUDA_RUNTIME cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* host,
                                                                           int threads, std::size_t shared) {
  return with_function(host, [&](CUfunction function) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, threads, shared);
  });
}
SOFTCUDA_RUNTIME cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, const void* host, int threads, std::size_t shared, unsigned flags) {
  return with_function(host, [&](CUfunction function) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, function, threads, shared, flags);
  });
}
