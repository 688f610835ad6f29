#include "harness/softcuda/api/state.h"

/// Functions: their attributes, parameters and occupancy ("CUDA Driver API", 6.22 and 6.29).
using namespace softcuda::api;
namespace exec = softcuda::exec;

namespace {

/// Runs the body with a living function of PTX; INVALID_HANDLE for what is none.
template <class Body>
CUresult with_kernel(CUfunction handle, Body body) {
  return in_context([&] {
    const auto function = function_of(handle);
    if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return function->kernel != nullptr ? body(*function) : CUDA_ERROR_NO_BINARY_FOR_GPU;
  });
}

int constant_bytes(const CUfunc_st& function) {
  std::uint64_t bytes = 0;
  for (const auto& variable : function.module->image->module().variables) {
    if (variable.space == softcuda::ptx::Space::constant) bytes += variable.bytes;
  }
  return static_cast<int>(bytes);
}

CUresult attribute(int& value, CUfunction_attribute which, const CUfunc_st& function) {
  const exec::Kernel& kernel = *function.kernel;
  switch (which) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: value = static_cast<int>(kernel.max_threads); break;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: value = static_cast<int>(kernel.static_shared_bytes); break;
    case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES: value = constant_bytes(function); break;
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES: value = static_cast<int>(kernel.local_bytes); break;
    case CU_FUNC_ATTRIBUTE_NUM_REGS: value = static_cast<int>(kernel.registers); break;
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
      value = exec::capability_of(function.module->image->module().target);
      break;
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION: value = state().machine.device().capability(); break;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: value = function.dynamic_shared_limit; break;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT: value = function.carveout; break;
    case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE: value = 0; break;  // there are no clusters
    default: return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

CUresult set_attribute(CUfunc_st& function, CUfunction_attribute which, int value) {
  switch (which) {
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: {
      const auto most = static_cast<int>(state().machine.device().shared_bytes_per_block) -
                        static_cast<int>(function.kernel->static_shared_bytes);
      if (value < 0 || value > most) return CUDA_ERROR_INVALID_VALUE;
      function.dynamic_shared_limit = value;
      return CUDA_SUCCESS;
    }
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      if (value < CU_SHAREDMEM_CARVEOUT_DEFAULT || value > CU_SHAREDMEM_CARVEOUT_MAX_SHARED)
        return CUDA_ERROR_INVALID_VALUE;
      function.carveout = value;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
      return value == 0 ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED;
    default: return CUDA_ERROR_INVALID_VALUE;  // all others can only be read
  }
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuFuncGetAttribute(int* value, CUfunction_attribute which, CUfunction function) {
  if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return with_kernel(function, [&](const CUfunc_st& f) { return attribute(*value, which, f); });
}
/// Of machine code anything may be set: its launch says what is wrong.
SOFTCUDA_EXPORT CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute which, int value) {
  const CUresult done = with_kernel(function, [&](CUfunc_st& f) { return set_attribute(f, which, value); });
  return done == CUDA_ERROR_NO_BINARY_FOR_GPU ? CUDA_SUCCESS : done;
}
SOFTCUDA_EXPORT CUresult cuFuncSetCacheConfig(CUfunction function, CUfunc_cache config) {
  return in_context([&] {
    if (function_of(function) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return config <= CU_FUNC_CACHE_PREFER_EQUAL ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}
SOFTCUDA_EXPORT CUresult cuFuncGetName(const char** name, CUfunction function) {
  return in_context([&] {
    const auto found = function_of(function);
    if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (found == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    *name = found->name.c_str();
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuFuncGetModule(CUmodule* module, CUfunction function) {
  return in_context([&] {
    const auto found = function_of(function);
    if (module == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (found == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    *module = found->module;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuFuncGetParamInfo(CUfunction function, std::size_t index, std::size_t* offset,
                                            std::size_t* bytes) {
  return with_kernel(function, [&](const CUfunc_st& f) {
    if (offset == nullptr || index >= f.kernel->parameters.size()) return CUDA_ERROR_INVALID_VALUE;
    *offset = f.kernel->parameters[index].offset;
    if (bytes != nullptr) *bytes = f.kernel->parameters[index].bytes;
    return CUDA_SUCCESS;
  });
}

/// Bounded by threads, shared memory and blocks of the device; a kernel's registers are not those that ptxas
/// would give it.
SOFTCUDA_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function,
                                                                     int threads,
                                                                     std::size_t dynamic_shared) {
  if (blocks == nullptr || threads <= 0) return CUDA_ERROR_INVALID_VALUE;
  return with_kernel(function, [&](const CUfunc_st& f) {
    *blocks = static_cast<int>(
        state().machine.resident_blocks(*f.kernel, static_cast<std::uint32_t>(threads), dynamic_shared));
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, CUfunction function, int threads, std::size_t dynamic_shared, unsigned flags) {
  if (flags > CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE) return CUDA_ERROR_INVALID_VALUE;
  return cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, threads, dynamic_shared);
}
