#include <list>
#include <map>
#include <mutex>
#include <string>

#include "harness/softcuda/runtime/runtime.h"

/// What the code that nvcc adds to each translation unit says before main(): fat binaries, kernels, variables
/// (crt/host_runtime.h). Modules are loaded when something of them is wanted, as CUDA_MODULE_LOADING=LAZY has
/// it.
namespace softcuda::runtime {
namespace {

struct Binary {
  void* image = nullptr;  ///< the wrapper, which cuModuleLoadData takes as it is
  CUmodule module = nullptr;
};
struct Function {
  Binary* binary = nullptr;
  std::string name;
};
struct Variable {
  Binary* binary = nullptr;
  std::string name;
  std::size_t bytes = 0;
  void** managed = nullptr;  ///< where the host reads a __managed__ variable's address
};

struct Registry {
  std::mutex mutex;
  std::list<Binary> binaries;
  std::map<const void*, Function> functions;  ///< by the address of the host's stub
  std::map<const void*, Variable> variables;  ///< by the address of the host's shadow
};
/// Never destroyed: other units unregister themselves at exit, in whatever order.
Registry& registry() {
  static auto* const one = new Registry;
  return *one;
}

/// `mutex` is held. With the module come the addresses of its managed variables.
CUresult load(Binary& binary) {
  if (binary.module != nullptr) return CUDA_SUCCESS;
  if (const CUresult loaded = cuModuleLoadData(&binary.module, binary.image); loaded != CUDA_SUCCESS)
    return loaded;
  for (auto& [host, variable] : registry().variables) {
    CUdeviceptr address = 0;
    std::size_t bytes = 0;
    if (variable.binary != &binary || variable.managed == nullptr) continue;
    const CUresult found = cuModuleGetGlobal(&address, &bytes, binary.module, variable.name.c_str());
    if (found != CUDA_SUCCESS) return found;
    *variable.managed = reinterpret_cast<void*>(address);
  }
  return CUDA_SUCCESS;
}

Binary* binary_of(void** handle) { return reinterpret_cast<Binary*>(handle); }

}  // namespace

cudaError_t function_of(const void* host_function, CUfunction& function) {
  const std::lock_guard lock(registry().mutex);
  const auto found = registry().functions.find(host_function);
  if (found == registry().functions.end()) return cudaErrorInvalidDeviceFunction;
  const Function& wanted = found->second;
  if (const CUresult loaded = load(*wanted.binary); loaded != CUDA_SUCCESS) return error_of(loaded);
  const CUresult got = cuModuleGetFunction(&function, wanted.binary->module, wanted.name.c_str());
  return got == CUDA_ERROR_NOT_FOUND ? cudaErrorInvalidDeviceFunction : error_of(got);
}

cudaError_t symbol_of(const void* host_variable, CUdeviceptr& address, std::size_t& bytes) {
  const std::lock_guard lock(registry().mutex);
  const auto found = registry().variables.find(host_variable);
  if (found == registry().variables.end()) return cudaErrorInvalidSymbol;
  const Variable& wanted = found->second;
  if (const CUresult loaded = load(*wanted.binary); loaded != CUDA_SUCCESS) return error_of(loaded);
  const CUresult got = cuModuleGetGlobal(&address, &bytes, wanted.binary->module, wanted.name.c_str());
  return got == CUDA_ERROR_NOT_FOUND ? cudaErrorInvalidSymbol : error_of(got);
}

void forget_modules() {
  const std::lock_guard lock(registry().mutex);
  for (Binary& binary : registry().binaries) {
    if (binary.module != nullptr)
      (void)cuModuleUnload(binary.module);  // a broken context refuses; it ends anyway
    binary.module = nullptr;
  }
}

namespace {

void add_variable(void** handle, const void* host, const char* name, std::size_t bytes, void** managed) {
  const std::lock_guard lock(registry().mutex);
  registry().variables[host] = {binary_of(handle), name, bytes, managed};
}

}  // namespace
}  // namespace softcuda::runtime

using softcuda::runtime::registry;

SOFTCUDA_RUNTIME void** __cudaRegisterFatBinary(void* wrapper) {
  const std::lock_guard lock(registry().mutex);
  registry().binaries.push_back({wrapper, nullptr});
  return reinterpret_cast<void**>(&registry().binaries.back());
}
SOFTCUDA_RUNTIME void __cudaRegisterFatBinaryEnd(void**) {}
/// At exit. The driver ends with the process: nothing is unloaded while other exit handlers may still run.
SOFTCUDA_RUNTIME void __cudaUnregisterFatBinary(void** handle) {
  const std::lock_guard lock(registry().mutex);
  const auto* const binary = reinterpret_cast<softcuda::runtime::Binary*>(handle);
  std::erase_if(registry().functions, [&](const auto& one) { return one.second.binary == binary; });
  std::erase_if(registry().variables, [&](const auto& one) { return one.second.binary == binary; });
  registry().binaries.remove_if([&](const auto& one) { return &one == binary; });
}
SOFTCUDA_RUNTIME void __cudaRegisterFunction(void** handle, const char* host, char*, const char* name, int,
                                             uint3*, uint3*, dim3*, dim3*, int*) {
  const std::lock_guard lock(registry().mutex);
  registry().functions[host] = {softcuda::runtime::binary_of(handle), name};
}
SOFTCUDA_RUNTIME void __cudaRegisterVar(void** handle, char* host, char*, const char* name, int,
                                        std::size_t bytes, int, int) {
  softcuda::runtime::add_variable(handle, host, name, bytes, nullptr);
}
SOFTCUDA_RUNTIME void __cudaRegisterManagedVar(void** handle, void** host, char*, const char* name, int,
                                               std::size_t bytes, int, int) {
  softcuda::runtime::add_variable(handle, host, name, bytes, host);
}
/// Asked before a __managed__ variable is used by the host.
SOFTCUDA_RUNTIME char __cudaInitModule(void** handle) {
  const cudaError_t loaded = softcuda::runtime::call([&] {
    const std::lock_guard lock(registry().mutex);
    return softcuda::runtime::load(*softcuda::runtime::binary_of(handle));
  });
  return static_cast<char>(loaded == cudaSuccess);
}
