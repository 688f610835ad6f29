#include <algorithm>
#include <cstdio>
#include <cstring>

#include "harness/softcuda/api/state.h"

/// Functions' attributes, occupancy and launches ("CUDA Driver API", 6.22 and 6.29).
using softcuda::api::in_context;
using softcuda::api::state;
namespace exec = softcuda::exec;
namespace check = softcuda::check;

namespace {

CUresult code_of(const check::Fault& fault) {
  switch (check::code_of(fault.kind)) {
    case check::Code::illegal_address: return CUDA_ERROR_ILLEGAL_ADDRESS;
    case check::Code::misaligned_address: return CUDA_ERROR_MISALIGNED_ADDRESS;
    case check::Code::invalid_address_space: return CUDA_ERROR_INVALID_ADDRESS_SPACE;
    case check::Code::launch_timeout: return CUDA_ERROR_LAUNCH_TIMEOUT;
    case check::Code::launch_failed: return CUDA_ERROR_LAUNCH_FAILED;
    case check::Code::illegal_instruction: return CUDA_ERROR_ILLEGAL_INSTRUCTION;
    case check::Code::assert_failed: return CUDA_ERROR_ASSERT;
  }
  return CUDA_ERROR_LAUNCH_FAILED;
}

/// The parameters as one packed buffer, from either form that cuLaunchKernel takes.
CUresult gather_parameters(const exec::Kernel& kernel, void** parameters, void** extra,
                           std::vector<std::byte>& bytes) {
  bytes.assign(kernel.parameter_bytes, std::byte{0});
  if (parameters != nullptr && extra != nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (parameters != nullptr) {
    for (std::size_t i = 0; i < kernel.parameters.size(); ++i) {
      if (parameters[i] == nullptr) return CUDA_ERROR_INVALID_VALUE;
      std::memcpy(bytes.data() + kernel.parameters[i].offset, parameters[i], kernel.parameters[i].bytes);
    }
    return CUDA_SUCCESS;
  }
  if (extra == nullptr) return kernel.parameters.empty() ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  const void* buffer = nullptr;
  std::size_t size = 0;
  for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER)
      buffer = extra[1];
    else if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE)
      size = *static_cast<const std::size_t*>(extra[1]);
    else
      return CUDA_ERROR_INVALID_VALUE;
  }
  if (buffer == nullptr || size < kernel.parameter_bytes) return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(bytes.data(), buffer, kernel.parameter_bytes);
  return CUDA_SUCCESS;
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuFuncGetAttribute(int* value, CUfunction_attribute which, CUfunction function) {
  return in_context([&] {
    if (value == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (function->kernel == nullptr) return CUDA_ERROR_NO_BINARY_FOR_GPU;
    const exec::Kernel& kernel = *function->kernel;
    switch (which) {
      case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = static_cast<int>(kernel.max_threads); break;
      case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: *value = static_cast<int>(kernel.static_shared_bytes); break;
      case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES: *value = static_cast<int>(kernel.local_bytes); break;
      case CU_FUNC_ATTRIBUTE_NUM_REGS: *value = static_cast<int>(kernel.registers); break;
      case CU_FUNC_ATTRIBUTE_PTX_VERSION:
      case CU_FUNC_ATTRIBUTE_BINARY_VERSION: *value = 80; break;
      case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: *value = function->dynamic_shared_limit; break;
      default: *value = 0;
    }
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute which, int value) {
  return in_context([&] {
    if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (function->kernel == nullptr) return CUDA_SUCCESS;  // its launch says what is wrong
    if (which != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
      return CUDA_SUCCESS;  // the others are hints
    const auto most = static_cast<int>(exec::Machine::limits().shared_bytes_per_block -
                                       function->kernel->static_shared_bytes);
    if (value < 0 || value > most) return CUDA_ERROR_INVALID_VALUE;
    function->dynamic_shared_limit = value;
    return CUDA_SUCCESS;
  });
}
/// Bounded by threads, shared memory and blocks; a register's file is not an sm_80's here.
SOFTCUDA_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function,
                                                                     int threads,
                                                                     std::size_t dynamic_shared) {
  return in_context([&] {
    if (blocks == nullptr || function == nullptr || threads <= 0) return CUDA_ERROR_INVALID_VALUE;
    if (function->kernel == nullptr) return CUDA_ERROR_NO_BINARY_FOR_GPU;
    const std::size_t shared = function->kernel->static_shared_bytes + dynamic_shared + 1024;
    *blocks = static_cast<int>(
        std::min<std::size_t>({32, std::size_t{2048} / static_cast<std::size_t>((threads + 31) / 32 * 32),
                               std::size_t{164} * 1024 / shared}));
    return CUDA_SUCCESS;
  });
}

SOFTCUDA_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, CUfunction function, int threads, std::size_t dynamic_shared, unsigned) {
  return cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, threads, dynamic_shared);
}
SOFTCUDA_EXPORT CUresult cuFuncSetCacheConfig(CUfunction, CUfunc_cache) {
  return in_context([] { return CUDA_SUCCESS; });
}

namespace {

CUresult launch(CUfunction function, const exec::Dim3& grid, const exec::Dim3& block, unsigned shared_bytes,
                void** parameters, void** extra) {
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (function->kernel == nullptr) {
    std::fprintf(stderr, "softcuda: `%s` is of a module without PTX: machine code is not executed\n",
                 function->name.c_str());
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  if (shared_bytes > static_cast<unsigned>(function->dynamic_shared_limit)) return CUDA_ERROR_INVALID_VALUE;
  std::vector<std::byte> bytes;
  const CUresult gathered = gather_parameters(*function->kernel, parameters, extra, bytes);
  if (gathered != CUDA_SUCCESS) return gathered;
  const auto done = state().machine.launch(*function->kernel, grid, block, shared_bytes, bytes);
  softcuda::api::write_reports();
  const std::lock_guard lock(state().mutex);
  state().last_fault.clear();
  if (done) return CUDA_SUCCESS;
  if (done.error().refused != exec::LaunchError::none) return CUDA_ERROR_INVALID_VALUE;
  state().last_fault = done.error().fault.report;
  const CUresult code = code_of(done.error().fault);
  softcuda::api::current_context()->sticky = code;
  return code;
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                                        unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                                        unsigned shared_bytes, CUstream, void** parameters, void** extra) {
  return in_context([&] {
    return launch(function, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, parameters,
                  extra);
  });
}
/// Attributes that ask for what is not here (clusters, cooperative launches) are refused; hints are passed
/// over.
SOFTCUDA_EXPORT CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function,
                                          void** parameters, void** extra) {
  return in_context([&] {
    if (config == nullptr) return CUDA_ERROR_INVALID_VALUE;
    for (unsigned k = 0; k < config->numAttrs; ++k) {
      const CUlaunchAttribute& a = config->attrs[k];
      const bool cluster = a.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION &&
                           (a.value.clusterDim.x > 1 || a.value.clusterDim.y > 1 || a.value.clusterDim.z > 1);
      if (cluster || (a.id == CU_LAUNCH_ATTRIBUTE_COOPERATIVE && a.value.cooperative != 0))
        return CUDA_ERROR_NOT_SUPPORTED;
    }
    return launch(function, {config->gridDimX, config->gridDimY, config->gridDimZ},
                  {config->blockDimX, config->blockDimY, config->blockDimZ}, config->sharedMemBytes,
                  parameters, extra);
  });
}
