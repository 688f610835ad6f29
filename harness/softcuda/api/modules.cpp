#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "harness/softcuda/api/images.h"
#include "harness/softcuda/api/state.h"
#include "harness/softcuda/ptx/parser.h"

/// Modules, libraries and their functions ("CUDA Driver API", 6.10 to 6.12). A library is a module, a kernel
/// a function.
using softcuda::api::in_context;
using softcuda::api::state;
namespace exec = softcuda::exec;

namespace {

/// The log that the caller gave for errors; without one, stderr.
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

CUfunction add_function(CUmodule module, const exec::Kernel* kernel, std::string name) {
  auto function = std::make_unique<CUfunc_st>();
  function->kernel = kernel;
  function->module = module;
  function->name = std::move(name);
  module->functions.push_back(std::move(function));
  return module->functions.back().get();
}

CUresult load(CUmodule* module, const void* image, unsigned count, const CUjit_option* options,
              void** values) {
  if (module == nullptr || image == nullptr || (count != 0 && (options == nullptr || values == nullptr)))
    return CUDA_ERROR_INVALID_VALUE;
  const softcuda::api::FoundImage found = softcuda::api::find_ptx(image);
  if (!found.failed.empty()) {
    tell(found.failed, count, options, values);
    return CUDA_ERROR_INVALID_IMAGE;
  }
  auto made = std::make_unique<CUmod_st>();
  if (!found.opaque) {
    auto parsed = softcuda::ptx::parse(found.ptx, "PTX");
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
    made->image = std::move(*loaded);
    for (const exec::Kernel& kernel : made->image->kernels()) add_function(made.get(), &kernel, kernel.name);
  }
  const std::lock_guard lock(state().mutex);
  *module = made.release();
  state().modules.insert(*module);
  return CUDA_SUCCESS;
}

/// Of machine code, whose names are not read, every name is a function; its launch says what is wrong.
CUresult find(CUfunction* function, CUmodule module, const char* name) {
  if (function == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(state().mutex);
  if (!state().modules.contains(module)) return CUDA_ERROR_INVALID_HANDLE;
  for (const auto& one : module->functions) {
    if (one->name != name) continue;
    *function = one.get();
    return CUDA_SUCCESS;
  }
  if (module->image != nullptr) return CUDA_ERROR_NOT_FOUND;
  *function = add_function(module, nullptr, name);
  return CUDA_SUCCESS;
}

CUresult unload(CUmodule module) {
  const std::lock_guard lock(state().mutex);
  if (state().modules.erase(module) == 0) return CUDA_ERROR_INVALID_HANDLE;
  delete module;
  return CUDA_SUCCESS;
}

CUresult global(CUdeviceptr* address, std::size_t* bytes, CUmodule module, const char* name) {
  if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(state().mutex);
  if (!state().modules.contains(module)) return CUDA_ERROR_INVALID_HANDLE;
  const exec::GlobalVariable* variable = module->image != nullptr ? module->image->variable(name) : nullptr;
  if (variable == nullptr) return CUDA_ERROR_NOT_FOUND;
  if (address != nullptr) *address = variable->address;
  if (bytes != nullptr) *bytes = variable->bytes;
  return CUDA_SUCCESS;
}

CUresult load_file(CUmodule* module, const char* path) {
  if (path == nullptr) return CUDA_ERROR_INVALID_VALUE;
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return CUDA_ERROR_FILE_NOT_FOUND;
  return load(module, text.str().c_str(), 0, nullptr, nullptr);
}

CUmodule module_of(CUlibrary library) { return reinterpret_cast<CUmodule>(library); }
CUfunction function_of(CUkernel kernel) { return reinterpret_cast<CUfunction>(kernel); }

}  // namespace

SOFTCUDA_EXPORT CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count,
                                            CUjit_option* options, void** values) {
  return in_context([&] { return load(module, image, count, options, values); });
}
SOFTCUDA_EXPORT CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  return in_context([&] { return load(module, image, 0, nullptr, nullptr); });
}
SOFTCUDA_EXPORT CUresult cuModuleLoadFatBinary(CUmodule* module, const void* image) {
  return in_context([&] { return load(module, image, 0, nullptr, nullptr); });
}
SOFTCUDA_EXPORT CUresult cuModuleLoad(CUmodule* module, const char* path) {
  return in_context([&] { return load_file(module, path); });
}
SOFTCUDA_EXPORT CUresult cuModuleUnload(CUmodule module) {
  return in_context([&] { return unload(module); });
}
SOFTCUDA_EXPORT CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  return in_context([&] { return find(function, module, name); });
}
SOFTCUDA_EXPORT CUresult cuModuleGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUmodule module,
                                           const char* name) {
  return in_context([&] { return global(address, bytes, module, name); });
}
SOFTCUDA_EXPORT CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) {
  if (mode == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *mode = CU_MODULE_EAGER_LOADING;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuModuleGetFunctionCount(unsigned* count, CUmodule module) {
  return in_context([&] {
    const std::lock_guard lock(state().mutex);
    if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!state().modules.contains(module)) return CUDA_ERROR_INVALID_HANDLE;
    *count = static_cast<unsigned>(module->functions.size());
    return CUDA_SUCCESS;
  });
}

SOFTCUDA_EXPORT CUresult cuLibraryLoadData(CUlibrary* library, const void* code, CUjit_option* options,
                                           void** values, unsigned count, CUlibraryOption*, void**,
                                           unsigned) {
  return in_context([&] { return load(reinterpret_cast<CUmodule*>(library), code, count, options, values); });
}
SOFTCUDA_EXPORT CUresult cuLibraryLoadFromFile(CUlibrary* library, const char* path, CUjit_option*, void**,
                                               unsigned, CUlibraryOption*, void**, unsigned) {
  return in_context([&] { return load_file(reinterpret_cast<CUmodule*>(library), path); });
}
SOFTCUDA_EXPORT CUresult cuLibraryUnload(CUlibrary library) {
  return in_context([&] { return unload(module_of(library)); });
}
SOFTCUDA_EXPORT CUresult cuLibraryGetKernel(CUkernel* kernel, CUlibrary library, const char* name) {
  return in_context([&] { return find(reinterpret_cast<CUfunction*>(kernel), module_of(library), name); });
}
SOFTCUDA_EXPORT CUresult cuLibraryGetModule(CUmodule* module, CUlibrary library) {
  return in_context([&] {
    if (module == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *module = module_of(library);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuLibraryGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUlibrary library,
                                            const char* name) {
  return in_context([&] { return global(address, bytes, module_of(library), name); });
}
SOFTCUDA_EXPORT CUresult cuKernelGetFunction(CUfunction* function, CUkernel kernel) {
  return in_context([&] {
    if (function == nullptr || kernel == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *function = function_of(kernel);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuKernelGetName(const char** name, CUkernel kernel) {
  if (name == nullptr || kernel == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *name = function_of(kernel)->name.c_str();
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuFuncGetName(const char** name, CUfunction function) {
  if (name == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *name = function->name.c_str();
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuFuncGetModule(CUmodule* module, CUfunction function) {
  if (module == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *module = function->module;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuKernelGetAttribute(int* value, CUfunction_attribute which, CUkernel kernel,
                                              CUdevice) {
  return cuFuncGetAttribute(value, which, function_of(kernel));
}
SOFTCUDA_EXPORT CUresult cuKernelSetAttribute(CUfunction_attribute which, int value, CUkernel kernel,
                                              CUdevice) {
  return cuFuncSetAttribute(function_of(kernel), which, value);
}
