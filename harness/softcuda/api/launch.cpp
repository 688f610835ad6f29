#include <algorithm>
#include <cstdio>
#include <cstring>

#include "harness/softcuda/api/state.h"
#include "harness/softcuda/ptx/parser.h"

/// Modules, functions and launches ("CUDA Driver API", 6.10, 6.22).
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

/// The log that cuModuleLoadDataEx was given for errors; without one, stderr.
void tell(const std::string& message, unsigned count, const CUjit_option* options, void** values) {
  char* log = nullptr;
  std::size_t size = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER) log = static_cast<char*>(values[i]);
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES) size = reinterpret_cast<std::size_t>(values[i]);
  }
  if (log == nullptr || size == 0) {
    std::fprintf(stderr, "softcuda: %s\n", message.c_str());
    return;
  }
  const std::size_t copied = std::min(message.size(), size - 1);
  std::memcpy(log, message.data(), copied);
  log[copied] = '\0';
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

SOFTCUDA_EXPORT CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count,
                                            CUjit_option* options, void** values) {
  return in_context([&] {
    if (module == nullptr || image == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const char* text = static_cast<const char*>(image);
    if (std::memcmp(text, "\177ELF", 4) == 0) {
      tell("a machine-code image: softcuda executes PTX only", count, options, values);
      return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    auto parsed = softcuda::ptx::parse(text, "PTX");
    if (!parsed) {
      tell(parsed.error().what, count, options, values);
      return CUDA_ERROR_INVALID_PTX;
    }
    auto loaded = state().machine.load(std::move(*parsed));
    if (!loaded) {
      std::string reasons;
      for (const std::string& reason : loaded.error().reasons)
        reasons += (reasons.empty() ? "" : "\n") + reason;
      tell(reasons, count, options, values);
      return CUDA_ERROR_INVALID_PTX;
    }
    auto made = std::make_unique<CUmod_st>();
    made->image = std::move(*loaded);
    for (const exec::Kernel& kernel : made->image->kernels()) {
      auto function = std::make_unique<CUfunc_st>();
      function->kernel = &kernel;
      made->functions.push_back(std::move(function));
    }
    const std::lock_guard lock(state().mutex);
    *module = made.release();
    state().modules.insert(*module);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}
SOFTCUDA_EXPORT CUresult cuModuleUnload(CUmodule module) {
  return in_context([&] {
    const std::lock_guard lock(state().mutex);
    if (state().modules.erase(module) == 0) return CUDA_ERROR_INVALID_HANDLE;
    delete module;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  return in_context([&] {
    if (function == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const std::lock_guard lock(state().mutex);
    if (!state().modules.contains(module)) return CUDA_ERROR_INVALID_HANDLE;
    for (const auto& one : module->functions)
      if (one->kernel->name == name) {
        *function = one.get();
        return CUDA_SUCCESS;
      }
    return CUDA_ERROR_NOT_FOUND;
  });
}
SOFTCUDA_EXPORT CUresult cuModuleGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUmodule module,
                                           const char* name) {
  return in_context([&] {
    if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const std::lock_guard lock(state().mutex);
    if (!state().modules.contains(module)) return CUDA_ERROR_INVALID_HANDLE;
    const exec::GlobalVariable* variable = module->image->variable(name);
    if (variable == nullptr) return CUDA_ERROR_NOT_FOUND;
    if (address != nullptr) *address = variable->address;
    if (bytes != nullptr) *bytes = variable->bytes;
    return CUDA_SUCCESS;
  });
}

SOFTCUDA_EXPORT CUresult cuFuncGetAttribute(int* value, CUfunction_attribute which, CUfunction function) {
  return in_context([&] {
    if (value == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
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
    const std::size_t shared = function->kernel->static_shared_bytes + dynamic_shared + 1024;
    *blocks = static_cast<int>(
        std::min<std::size_t>({32, std::size_t{2048} / static_cast<std::size_t>((threads + 31) / 32 * 32),
                               std::size_t{164} * 1024 / shared}));
    return CUDA_SUCCESS;
  });
}

SOFTCUDA_EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                                        unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                                        unsigned shared_bytes, CUstream, void** parameters, void** extra) {
  return in_context([&] {
    if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (shared_bytes > static_cast<unsigned>(function->dynamic_shared_limit)) return CUDA_ERROR_INVALID_VALUE;
    std::vector<std::byte> bytes;
    const CUresult gathered = gather_parameters(*function->kernel, parameters, extra, bytes);
    if (gathered != CUDA_SUCCESS) return gathered;
    const auto done = state().machine.launch(*function->kernel, {grid_x, grid_y, grid_z},
                                             {block_x, block_y, block_z}, shared_bytes, bytes);
    const std::lock_guard lock(state().mutex);
    state().last_fault.clear();
    if (done) return CUDA_SUCCESS;
    if (done.error().refused != exec::LaunchError::none) return CUDA_ERROR_INVALID_VALUE;
    state().last_fault = done.error().fault.report;
    state().sticky = code_of(done.error().fault);
    return state().sticky;
  });
}
