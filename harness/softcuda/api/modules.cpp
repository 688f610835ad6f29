#include "harness/softcuda/api/modules.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/core.h>

#include "harness/softcuda/api/images.h"
#include "harness/softcuda/ptx/parser.h"

/// Modules ("CUDA Driver API", 6.10).
namespace softcuda::api {
namespace {

/// The log that the caller gave for errors; without one, stderr.
void tell(const std::string& message, const JitOptions& jit) {
  char* log = nullptr;
  std::size_t size = 0;
  for (unsigned i = 0; i < jit.count; ++i) {
    if (jit.options[i] == CU_JIT_ERROR_LOG_BUFFER) log = static_cast<char*>(jit.values[i]);
    if (jit.options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
      size = reinterpret_cast<std::size_t>(jit.values[i]);
  }
  if (log == nullptr || size == 0) {
    std::fprintf(stderr, "softcuda: %s\n", message.c_str());
    return;
  }
  const std::size_t copied = std::min(message.size(), size - 1);
  std::memcpy(log, message.data(), copied);
  log[copied] = '\0';
}

/// What a block may have without asking for more (cuFuncSetAttribute), the kernel's own included.
constexpr int kSharedBytesWithoutOptIn = 48 * 1024;

CUfunction add_function(CUmod_st& module, const exec::Kernel* kernel, std::string name) {
  auto function = std::make_unique<CUfunc_st>();
  function->kernel = kernel;
  function->module = &module;
  function->name = std::move(name);
  const int own = kernel != nullptr ? static_cast<int>(kernel->static_shared_bytes) : 0;
  function->dynamic_shared_limit = std::max(0, kSharedBytesWithoutOptIn - own);
  module.functions.push_back(std::move(function));
  return module.functions.back().get();
}

/// The caller holds the lock.
CUmod_st* living(CUmodule module) {
  const auto found = state().modules.find(module);
  return found != state().modules.end() ? found->second.get() : nullptr;
}

}  // namespace

CUresult load_image(CUmodule* module, CUcontext context, const void* image, const JitOptions& jit) {
  if (module == nullptr || image == nullptr ||
      (jit.count != 0 && (jit.options == nullptr || jit.values == nullptr)))
    return CUDA_ERROR_INVALID_VALUE;
  const exec::DeviceProfile& device = state().machine.device();
  const FoundImage found = find_ptx(image, device.capability());
  if (!found.failed.empty()) {
    tell(found.failed, jit);
    return CUDA_ERROR_INVALID_IMAGE;
  }
  if (found.too_new != 0) {
    tell(fmt::format(
             "a fat binary whose oldest PTX is for compute_{}, and the device is an {}; SOFTCUDA_DEVICE may "
             "name a newer one",
             found.too_new, device.name),
         jit);
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  auto made = std::make_shared<CUmod_st>();
  made->context = context;
  if (!found.opaque) {
    auto parsed = ptx::parse(found.ptx, "PTX");
    if (!parsed) {
      tell(parsed.error().what, jit);
      return CUDA_ERROR_INVALID_PTX;
    }
    if (!exec::runs(device, parsed->target)) {
      tell(fmt::format(
               "PTX for {}, and the device is an {}: expected an older target; SOFTCUDA_DEVICE may name "
               "another device",
               parsed->target, device.name),
           jit);
      return CUDA_ERROR_INVALID_PTX;
    }
    auto loaded = state().machine.load(std::move(*parsed));
    if (!loaded) {
      std::string reasons;
      for (const std::string& reason : loaded.error().reasons)
        reasons += (reasons.empty() ? "" : "\n") + reason;
      tell(reasons, jit);
      return CUDA_ERROR_INVALID_PTX;
    }
    made->image = std::move(*loaded);
    for (const exec::Kernel& kernel : made->image->kernels()) add_function(*made, &kernel, kernel.name);
  }
  const std::lock_guard lock(state().mutex);
  *module = made.get();
  for (const auto& function : made->functions) state().functions[function.get()] = *module;
  state().modules[*module] = std::move(made);
  return CUDA_SUCCESS;
}

CUresult load_file(CUmodule* module, CUcontext context, const char* path, const JitOptions& jit) {
  if (path == nullptr) return CUDA_ERROR_INVALID_VALUE;
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return CUDA_ERROR_FILE_NOT_FOUND;
  return load_image(module, context, text.str().c_str(), jit);
}

CUresult unload(CUmodule module) {
  std::shared_ptr<CUmod_st> last;  // its memory is freed when the lock is not held
  const std::lock_guard lock(state().mutex);
  const auto found = state().modules.find(module);
  if (found == state().modules.end()) return CUDA_ERROR_INVALID_HANDLE;
  last = std::move(found->second);
  for (const auto& function : last->functions) state().functions.erase(function.get());
  state().modules.erase(found);
  return CUDA_SUCCESS;
}

/// Of machine code, whose names are not read, every name is a function; its launch says what is wrong.
CUresult find_function(CUfunction* function, CUmodule handle, const char* name) {
  if (function == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(state().mutex);
  CUmod_st* const module = living(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  for (const auto& one : module->functions) {
    if (one->name != name) continue;
    *function = one.get();
    return CUDA_SUCCESS;
  }
  if (module->image != nullptr) return CUDA_ERROR_NOT_FOUND;
  *function = add_function(*module, nullptr, name);
  state().functions[*function] = handle;
  return CUDA_SUCCESS;
}

CUresult find_global(CUdeviceptr* address, std::size_t* bytes, CUmodule handle, const char* name) {
  if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(state().mutex);
  const CUmod_st* const module = living(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const exec::GlobalVariable* variable = module->image != nullptr ? module->image->variable(name) : nullptr;
  if (variable == nullptr) return CUDA_ERROR_NOT_FOUND;
  if (address != nullptr) *address = variable->address;
  if (bytes != nullptr) *bytes = variable->bytes;
  return CUDA_SUCCESS;
}

CUresult count_functions(unsigned* count, CUmodule handle) {
  if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(state().mutex);
  const CUmod_st* const module = living(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  *count = static_cast<unsigned>(module->functions.size());
  return CUDA_SUCCESS;
}

CUresult list_functions(CUfunction* functions, unsigned most, CUmodule handle) {
  if (functions == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(state().mutex);
  const CUmod_st* const module = living(handle);
  if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  const std::size_t count = std::min<std::size_t>(most, module->functions.size());
  for (std::size_t k = 0; k < count; ++k) functions[k] = module->functions[k].get();
  return CUDA_SUCCESS;
}

}  // namespace softcuda::api

using namespace softcuda::api;

SOFTCUDA_EXPORT CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count,
                                            CUjit_option* options, void** values) {
  return in_context([&] { return load_image(module, current_context(), image, {count, options, values}); });
}
SOFTCUDA_EXPORT CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  return in_context([&] { return load_image(module, current_context(), image, {}); });
}
SOFTCUDA_EXPORT CUresult cuModuleLoadFatBinary(CUmodule* module, const void* image) {
  return in_context([&] { return load_image(module, current_context(), image, {}); });
}
SOFTCUDA_EXPORT CUresult cuModuleLoad(CUmodule* module, const char* path) {
  return in_context([&] { return load_file(module, current_context(), path, {}); });
}
SOFTCUDA_EXPORT CUresult cuModuleUnload(CUmodule module) {
  return in_context([&] { return unload(module); });
}
SOFTCUDA_EXPORT CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  return in_context([&] { return find_function(function, module, name); });
}
SOFTCUDA_EXPORT CUresult cuModuleGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUmodule module,
                                           const char* name) {
  return in_context([&] { return find_global(address, bytes, module, name); });
}
SOFTCUDA_EXPORT CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) {
  if (mode == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *mode = CU_MODULE_EAGER_LOADING;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuModuleGetFunctionCount(unsigned* count, CUmodule module) {
  return in_context([&] { return count_functions(count, module); });
}
SOFTCUDA_EXPORT CUresult cuModuleEnumerateFunctions(CUfunction* functions, unsigned most, CUmodule module) {
  return in_context([&] { return list_functions(functions, most, module); });
}
