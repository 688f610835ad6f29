#include <array>
#include <string>

#include <dlfcn.h>

#include "harness/softcuda/api/state.h"

/// "Driver Entry Point Access" (CUDA Driver API, 6.30): what is exported, by base name and version. A name
/// may stand for functions of different signatures: the version decides, never the name alone.
namespace {

struct Since {
  const char* symbol;
  int version;
};
/// Suffixed symbols whose signature or meaning differs from their base name's; all other `_v2` are meant
/// since versions that nobody asks for any more.
constexpr std::array kSince{Since{"cuCtxCreate_v4", 12050},
                            Since{"cuCtxCreate_v2", 3020},
                            Since{"cuDeviceGetUuid_v2", 11040},
                            Since{"cuEventElapsedTime_v2", 12080},
                            Since{"cuStreamGetCaptureInfo_v3", 12030},
                            Since{"cuMemAdvise_v2", 12020},
                            Since{"cuMemPrefetchAsync_v2", 12020}};

void* own(const std::string& symbol) {
  static void* const self = [] {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&own), &info) == 0) return static_cast<void*>(nullptr);
    return dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  }();
  return self == nullptr ? nullptr : dlsym(self, symbol.c_str());
}

void* find(const std::string& name, int version, bool& too_old) {
  bool dated = false;
  for (const Since& one : kSince) {
    const std::string symbol = one.symbol;
    if (symbol.substr(0, symbol.rfind("_v")) != name) continue;
    dated = true;
    if (version >= one.version) {
      if (void* found = own(symbol)) return found;
    }
  }
  if (dated) {
    if (void* found = own(name)) return found;
    too_old = true;
    return nullptr;
  }
  if (void* found = own(name + "_v2")) return found;
  return own(name);
}

CUresult entry(const char* symbol, void** function, int version, CUdriverProcAddressQueryResult* status) {
  if (symbol == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
  bool too_old = false;
  *function = std::string_view(symbol).starts_with("cu") ? find(symbol, version, too_old) : nullptr;
  if (status != nullptr) {
    *status = *function != nullptr ? CU_GET_PROC_ADDRESS_SUCCESS
              : too_old            ? CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
                                   : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  }
  return *function != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

}  // namespace

#undef cuGetProcAddress
SOFTCUDA_EXPORT CUresult cuGetProcAddress_v2(const char* symbol, void** function, int version, cuuint64_t,
                                             CUdriverProcAddressQueryResult* status) {
  return softcuda::api::guarded([&] { return entry(symbol, function, version, status); });
}
SOFTCUDA_EXPORT CUresult cuGetProcAddress(const char* symbol, void** function, int version, cuuint64_t) {
  return softcuda::api::guarded([&] { return entry(symbol, function, version, nullptr); });
}
