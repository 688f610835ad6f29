#include "harness/softcuda/api/modules.h"

/// Libraries and their kernels ("CUDA Driver API", 6.12).
using namespace softcuda::api;

namespace {

CUmodule module_of(CUlibrary library) { return reinterpret_cast<CUmodule>(library); }
CUmodule* module_of(CUlibrary* library) { return reinterpret_cast<CUmodule*>(library); }
CUfunction plain(CUkernel kernel) { return reinterpret_cast<CUfunction>(kernel); }

}  // namespace

/// Options of a library are hints: when its code is loaded, whether the caller keeps the image.
SOFTCUDA_EXPORT CUresult cuLibraryLoadData(CUlibrary* library, const void* code, CUjit_option* options,
                                           void** values, unsigned count, CUlibraryOption*, void**,
                                           unsigned) {
  return in_context([&] { return load_image(module_of(library), nullptr, code, {count, options, values}); });
}
SOFTCUDA_EXPORT CUresult cuLibraryLoadFromFile(CUlibrary* library, const char* path, CUjit_option* options,
                                               void** values, unsigned count, CUlibraryOption*, void**,
                                               unsigned) {
  return in_context([&] { return load_file(module_of(library), nullptr, path, {count, options, values}); });
}
SOFTCUDA_EXPORT CUresult cuLibraryUnload(CUlibrary library) {
  return in_context([&] { return unload(module_of(library)); });
}
SOFTCUDA_EXPORT CUresult cuLibraryGetKernel(CUkernel* kernel, CUlibrary library, const char* name) {
  return in_context(
      [&] { return find_function(reinterpret_cast<CUfunction*>(kernel), module_of(library), name); });
}
SOFTCUDA_EXPORT CUresult cuLibraryGetKernelCount(unsigned* count, CUlibrary library) {
  return in_context([&] { return count_functions(count, module_of(library)); });
}
SOFTCUDA_EXPORT CUresult cuLibraryEnumerateKernels(CUkernel* kernels, unsigned most, CUlibrary library) {
  return in_context(
      [&] { return list_functions(reinterpret_cast<CUfunction*>(kernels), most, module_of(library)); });
}
SOFTCUDA_EXPORT CUresult cuLibraryGetModule(CUmodule* module, CUlibrary library) {
  return in_context([&] {
    unsigned count = 0;
    if (module == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const CUresult lives = count_functions(&count, module_of(library));
    if (lives == CUDA_SUCCESS) *module = module_of(library);
    return lives;
  });
}
SOFTCUDA_EXPORT CUresult cuLibraryGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUlibrary library,
                                            const char* name) {
  return in_context([&] { return find_global(address, bytes, module_of(library), name); });
}
SOFTCUDA_EXPORT CUresult cuKernelGetFunction(CUfunction* function, CUkernel kernel) {
  return in_context([&] {
    if (function == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (function_of(plain(kernel)) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    *function = plain(kernel);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuKernelGetLibrary(CUlibrary* library, CUkernel kernel) {
  return in_context([&] {
    const auto found = function_of(plain(kernel));
    if (library == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (found == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    *library = reinterpret_cast<CUlibrary>(found->module);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuKernelGetName(const char** name, CUkernel kernel) {
  return cuFuncGetName(name, plain(kernel));
}
SOFTCUDA_EXPORT CUresult cuKernelGetParamInfo(CUkernel kernel, std::size_t index, std::size_t* offset,
                                              std::size_t* bytes) {
  return cuFuncGetParamInfo(plain(kernel), index, offset, bytes);
}
SOFTCUDA_EXPORT CUresult cuKernelGetAttribute(int* value, CUfunction_attribute which, CUkernel kernel,
                                              CUdevice device) {
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  return cuFuncGetAttribute(value, which, plain(kernel));
}
SOFTCUDA_EXPORT CUresult cuKernelSetAttribute(CUfunction_attribute which, int value, CUkernel kernel,
                                              CUdevice device) {
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  return cuFuncSetAttribute(plain(kernel), which, value);
}
SOFTCUDA_EXPORT CUresult cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache config, CUdevice device) {
  if (device != 0) return CUDA_ERROR_INVALID_DEVICE;
  return cuFuncSetCacheConfig(plain(kernel), config);
}
