#include <array>
#include <string>

#include <dlfcn.h>
#include <link.h>

#include "harness/driver/driver.h"

namespace flashdiff {
namespace {

std::string file_of(void* library, const std::string& otherwise) {
  link_map* map = nullptr;
  const bool known =
      dlinfo(library, RTLD_DI_LINKMAP, static_cast<void*>(&map)) == 0 && map->l_name[0] != '\0';
  return known ? map->l_name : otherwise;
}

/// Once softcuda is loaded, the dynamic linker answers its handle to the bare name libcuda.so.1 too, since
/// that is its SONAME (LD_LIBRARY_PATH=build/softcuda has the same effect). A full path is never confused, so
/// a bare name that led to softcuda is looked for again where distributions, containers and WSL put the
/// vendor's driver.
constexpr std::array kSystemFolders{"/usr/lib/x86_64-linux-gnu",
                                    "/usr/lib/aarch64-linux-gnu",
                                    "/usr/lib64",
                                    "/usr/lib",
                                    "/usr/local/nvidia/lib64",
                                    "/usr/lib/wsl/lib"};

bool is_softcuda(void* library) { return dlsym(library, "softcudaCounters") != nullptr; }

void* open_library(const std::string& path, bool want_soft) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr || want_soft || !is_softcuda(library) || path.find('/') != std::string::npos)
    return library;
  for (const char* folder : kSystemFolders) {
    void* other = dlopen((std::string(folder) + "/" + path).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (other != nullptr && !is_softcuda(other)) return other;
  }
  return library;
}

/// cuGetProcAddress of CUDA 12 and newer.
PFN_cuGetProcAddress_v12000 proc_address_of(void* library) {
  return reinterpret_cast<PFN_cuGetProcAddress_v12000>(dlsym(library, "cuGetProcAddress_v2"));
}

template <class Function>
Function address(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

}  // namespace

Outcome<void> Driver::fill(void* library) {
  const auto find = proc_address_of(library);
  if (find == nullptr)
    return unsupported(path_ + ": no cuGetProcAddress_v2 in it, expected a driver of CUDA 12 or newer");
  const char* missing = nullptr;
  const auto entry = [&](auto& function, const char* name, int version) {
    using Pointer = typename std::remove_reference_t<decltype(function)>::Pointer;
    void* found = nullptr;
    if (find(name, &found, version, CU_GET_PROC_ADDRESS_DEFAULT, nullptr) != CUDA_SUCCESS || found == nullptr)
      missing = name;
    function.pointer_ = reinterpret_cast<Pointer>(found);
    function.name_ = name;
    function.driver_ = this;
  };
#define FLASHDIFF_FILL(name, version) entry(this->name, #name, version);
  FLASHDIFF_DRIVER_FUNCTIONS(FLASHDIFF_FILL)
#undef FLASHDIFF_FILL
  if (missing != nullptr) return unsupported(path_ + ": the driver has no " + missing);

  soft.counters = address<decltype(soft.counters)>(library, "softcudaCounters");
  soft.counters_reset = address<decltype(soft.counters_reset)>(library, "softcudaCountersReset");
  soft.last_fault = address<decltype(soft.last_fault)>(library, "softcudaLastFault");
  soft.set_threads = address<decltype(soft.set_threads)>(library, "softcudaSetThreads");
  soft.set_instruction_limit =
      address<decltype(soft.set_instruction_limit)>(library, "softcudaSetInstructionLimit");
  return {};
}

Outcome<void> Driver::initialise() {
  int devices = 0;
  const Outcome<void> ready = cuInit(0).and_then([&] { return cuDriverGetVersion(&version_); }).and_then([&] {
    return cuDeviceGetCount(&devices);
  });
  if (!ready) return unsupported(path_ + ": " + ready.error().what);
  if (devices == 0) return unsupported(path_ + ": the driver finds no device");
  return {};
}

Outcome<DriverPtr> Driver::open(const std::string& path, bool want_soft) {
  void* library = open_library(path, want_soft);
  if (library == nullptr) {
    const char* why = dlerror();
    return unsupported(why != nullptr ? why : path + ": cannot be loaded");
  }
  const std::string file = file_of(library, path);
  if (is_softcuda(library) != want_soft)
    return unsupported(want_soft ? file + ": is not flashdiff's softcuda"
                                 : file + ": is flashdiff's softcuda, expected the system's driver");
  std::shared_ptr<Driver> driver(new Driver);
  driver->path_ = file;
  if (auto filled = driver->fill(library); !filled) return tl::unexpected(filled.error());
  if (auto ready = driver->initialise(); !ready) return tl::unexpected(ready.error());
  return driver;
}

}  // namespace flashdiff
