#include <cstdio>
#include <cstring>

#include "harness/softcuda/api/state.h"

/// Launches ("CUDA Driver API", 6.22).
using namespace softcuda::api;
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

CUresult code_of(exec::LaunchError refused) {
  switch (refused) {
    case exec::LaunchError::too_many_resident: return CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
    case exec::LaunchError::too_much_local:
    case exec::LaunchError::too_much_shadow: return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
    case exec::LaunchError::no_workspace: return CUDA_ERROR_OUT_OF_MEMORY;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
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
    if (extra[1] == nullptr) return CUDA_ERROR_INVALID_VALUE;
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

/// The context in which the work happens: the stream's, else the current one. SUCCESS where a launch can be
/// made in it with this function.
CUresult context_of_launch(CUcontext& context, CUstream stream, const CUfunc_st& function) {
  const auto made = stream_of(stream);
  if (made == nullptr && !is_stream(stream)) return CUDA_ERROR_INVALID_HANDLE;
  context = made != nullptr ? made->context : current_context();
  const CUcontext owner = function.module->context;  // none: a library's
  if (owner != nullptr && owner != context) return CUDA_ERROR_INVALID_HANDLE;
  const std::lock_guard lock(state().mutex);
  return context->sticky;
}

CUresult launch(CUfunction handle, const exec::Dim3& grid, const exec::Dim3& block, unsigned shared_bytes,
                CUstream stream, void** parameters, void** extra,
                exec::LaunchKind kind = exec::LaunchKind::ordinary) {
  const auto function = function_of(handle);
  if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  CUcontext context = nullptr;
  const CUresult ready = context_of_launch(context, stream, *function);
  if (ready != CUDA_SUCCESS) return ready;
  if (function->kernel == nullptr) {
    std::fprintf(stderr, "softcuda: `%s` is of a module without PTX: machine code is not executed\n",
                 function->name.c_str());
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  if (shared_bytes > static_cast<unsigned>(function->dynamic_shared_limit)) return CUDA_ERROR_INVALID_VALUE;
  std::vector<std::byte> bytes;
  const CUresult gathered = gather_parameters(*function->kernel, parameters, extra, bytes);
  if (gathered != CUDA_SUCCESS) return gathered;
  const auto done = state().machine.launch(*function->kernel, grid, block, shared_bytes, bytes, kind);
  write_reports();
  const std::lock_guard lock(state().mutex);
  state().last_fault.clear();
  if (done) return CUDA_SUCCESS;
  const exec::LaunchError refused = done.error().refused;
  state().last_fault = done.error().fault.report;
  if (refused != exec::LaunchError::none) {
    if (state().last_fault.empty())
      state().last_fault = "launch of `" + function->name + "` refused: " + name_of(refused) + "\n";
    return code_of(refused);
  }
  const CUresult code = code_of(done.error().fault);
  if (context == &state().primary || state().contexts.contains(context)) context->sticky = code;
  return code;
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                                        unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                                        unsigned shared_bytes, CUstream stream, void** parameters,
                                        void** extra) {
  return in_context([&] {
    return launch(function, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, stream,
                  parameters, extra);
  });
}
SOFTCUDA_EXPORT CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                                                   unsigned grid_z, unsigned block_x, unsigned block_y,
                                                   unsigned block_z, unsigned shared_bytes, CUstream stream,
                                                   void** parameters) {
  return in_context([&] {
    return launch(function, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, stream,
                  parameters, nullptr, exec::LaunchKind::cooperative);
  });
}
/// Clusters are refused: sm_80 has none. What is left of the attributes but for "cooperative" are hints.
SOFTCUDA_EXPORT CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function,
                                          void** parameters, void** extra) {
  return in_context([&] {
    if (config == nullptr || (config->numAttrs != 0 && config->attrs == nullptr))
      return CUDA_ERROR_INVALID_VALUE;
    exec::LaunchKind kind = exec::LaunchKind::ordinary;
    for (unsigned k = 0; k < config->numAttrs; ++k) {
      const CUlaunchAttribute& a = config->attrs[k];
      const bool cluster = a.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION &&
                           (a.value.clusterDim.x > 1 || a.value.clusterDim.y > 1 || a.value.clusterDim.z > 1);
      if (cluster) return CUDA_ERROR_NOT_SUPPORTED;
      if (a.id == CU_LAUNCH_ATTRIBUTE_COOPERATIVE)
        kind = a.value.cooperative != 0 ? exec::LaunchKind::cooperative : exec::LaunchKind::ordinary;
    }
    return launch(function, {config->gridDimX, config->gridDimY, config->gridDimZ},
                  {config->blockDimX, config->blockDimY, config->blockDimZ}, config->sharedMemBytes,
                  config->hStream, parameters, extra, kind);
  });
}
