#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <cuda.h>

#include "harness/softcuda/exec/machine.h"

/// What the entry points share: one machine, one device, its contexts. Handles that a client holds are
/// pointers to these.
struct CUctx_st {
  unsigned flags = 0;
  CUresult sticky = CUDA_SUCCESS;  ///< the fault that broke the context: every later call answers it
};
struct CUfunc_st {
  const softcuda::exec::Kernel* kernel = nullptr;  ///< none: of a module without PTX
  CUmodule module = nullptr;
  std::string name;
  int dynamic_shared_limit = 48 * 1024;
};
/// Modules and libraries are one thing here, and so are functions and kernels (CUlibrary, CUkernel).
struct CUmod_st {
  std::unique_ptr<softcuda::exec::Image> image;       ///< none: machine code only, which cannot be executed
  std::vector<std::unique_ptr<CUfunc_st>> functions;  ///< one a kernel, in the image's order
};
struct CUstream_st {};
/// A pool of stream-ordered memory. It keeps nothing back: what is freed goes to the device at once.
struct CUmemPoolHandle_st {
  std::uint64_t most = 0;  ///< bytes that may be live at once; 0: no limit of its own
  std::uint64_t used = 0, used_high = 0;
  std::uint64_t release_threshold = 0;
  int reuse[3] = {1, 1, 1};  ///< CU_MEMPOOL_ATTR_REUSE_*: kept, and of no effect
};
struct CUevent_st {
  std::atomic<std::int64_t> nanoseconds{-1};  ///< when it was recorded; -1: never
};

namespace softcuda::api {

/// How memory came about: who may free it, and what pointer attributes say of it.
enum class MemoryKind : std::uint8_t { device, managed, host, registered };
struct Held {
  CUcontext context = nullptr;
  MemoryKind kind = MemoryKind::device;
  unsigned flags = 0;  ///< of cuMemHostAlloc or cuMemHostRegister
  std::shared_ptr<CUmemPoolHandle_st> pool;
};

struct State {
  exec::Machine machine;
  std::mutex mutex;  ///< guards all below
  bool initialised = false;
  CUctx_st primary;
  int primary_uses = 0;
  CUresult settings_failed = CUDA_SUCCESS;  ///< a SOFTCUDA_ variable that was not understood: cuInit's answer
  std::set<CUcontext> contexts;             ///< made ones
  std::map<CUdeviceptr, Held> held;  ///< allocations by where they start; variables of modules are none
  std::map<CUmemoryPool, std::shared_ptr<CUmemPoolHandle_st>> pools;  ///< the default one too
  CUmemoryPool default_pool = nullptr, current_pool = nullptr;
  std::string last_fault;
  std::size_t told = 0;  ///< reports that have been written out
  std::string reports_json;
  std::set<CUmodule> modules;
  std::set<CUstream> streams;
  std::set<CUevent> events;
};
[[nodiscard]] State& state();

/// The calling thread's context: the one on top of its stack, else the primary one where somebody has
/// retained it; nullptr when there is none. A real driver wants cuCtxSetCurrent in the latter case.
[[nodiscard]] CUcontext current_context();
/// Contexts that the calling thread has pushed or set.
[[nodiscard]] std::vector<CUcontext>& context_stack();
/// The context ends: its allocations are freed, and with check `leaks` each of them is a report.
void end_context(CUcontext);
/// Appends what was found since the last call to SOFTCUDA_REPORT's file, or to stderr.
void write_reports();

/// Nothing, or why no call can go on: not initialised, no context, a context that a fault broke.
[[nodiscard]] CUresult usable();

/// Runs an entry point's body; an exception never crosses the C border.
template <class Body>
CUresult guarded(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  } catch (...) {
    return CUDA_ERROR_UNKNOWN;
  }
}
/// The same for calls that need a working context.
template <class Body>
CUresult in_context(Body body) {
  return guarded([&] {
    const CUresult ready = usable();
    return ready == CUDA_SUCCESS ? body() : ready;
  });
}

}  // namespace softcuda::api

#define SOFTCUDA_EXPORT extern "C" __attribute__((visibility("default")))
