#pragma once
#include "harness/softcuda/api/state.h"

/// What modules and libraries share: a library is a module that no context takes with it, a kernel a
/// function. The caller is in a working context.
namespace softcuda::api {

/// The log that the caller wants of a load (CU_JIT_ERROR_LOG_BUFFER among `options`).
struct JitOptions {
  unsigned count = 0;
  const CUjit_option* options = nullptr;
  void** values = nullptr;
};
/// `context`: that the module ends with; nullptr for a library.
[[nodiscard]] CUresult load_image(CUmodule* module, CUcontext context, const void* image, const JitOptions&);
[[nodiscard]] CUresult load_file(CUmodule* module, CUcontext context, const char* path, const JitOptions&);
[[nodiscard]] CUresult unload(CUmodule module);
/// INVALID_HANDLE where no such module lives, else its function, or NOT_FOUND.
[[nodiscard]] CUresult find_function(CUfunction* function, CUmodule module, const char* name);
[[nodiscard]] CUresult find_global(CUdeviceptr* address, std::size_t* bytes, CUmodule module,
                                   const char* name);
[[nodiscard]] CUresult count_functions(unsigned* count, CUmodule module);
/// The first `most` functions, in the order of the PTX.
[[nodiscard]] CUresult list_functions(CUfunction* functions, unsigned most, CUmodule module);

}  // namespace softcuda::api
