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
  CUresult sticky = CUDA_SUCCESS;         ///< the fault that broke the context: every later call answers it
  std::map<CUlimit, std::size_t> limits;  ///< set ones
  CUfunc_cache cache = CU_FUNC_CACHE_PREFER_NONE;
};
struct CUfunc_st {
  const softcuda::exec::Kernel* kernel = nullptr;  ///< none: of a module without PTX
  CUmodule module = nullptr;
  std::string name;
  std::atomic<int> dynamic_shared_limit{0};
  std::atomic<int> carveout{CU_SHAREDMEM_CARVEOUT_DEFAULT};  ///< a hint, kept
};
/// Modules and libraries are one thing here, and so are functions and kernels (CUlibrary, CUkernel).
struct CUmod_st {
  CUcontext context = nullptr;                        ///< that it ends with; a library outlives them all
  std::unique_ptr<softcuda::exec::Image> image;       ///< none: machine code only, which cannot be executed
  std::vector<std::unique_ptr<CUfunc_st>> functions;  ///< one a kernel, in the image's order
};
struct CUstream_st {
  CUcontext context = nullptr;
  unsigned flags = 0;
  int priority = 0;
  unsigned long long id = 0;
};
/// A pool of stream-ordered memory. It keeps nothing back: what is freed goes to the device at once.
struct CUmemPoolHandle_st {
  std::uint64_t most = 0;  ///< bytes that may be live at once; 0: no limit of its own
  std::uint64_t used = 0, used_high = 0;
  std::uint64_t release_threshold = 0;
  int reuse[3] = {1, 1, 1};  ///< CU_MEMPOOL_ATTR_REUSE_*: kept, and of no effect
};
struct CUevent_st {
  CUcontext context = nullptr;
  unsigned flags = 0;
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
  std::atomic<bool> initialised{false};
  CUctx_st primary;
  std::atomic<int> primary_uses{0};
  CUresult settings_failed = CUDA_SUCCESS;  ///< a SOFTCUDA_ variable that was not understood: cuInit's answer
  std::set<CUcontext> contexts;             ///< made ones
  std::map<CUdeviceptr, Held> held;  ///< allocations by where they start; variables of modules are none
  std::map<CUmemoryPool, std::shared_ptr<CUmemPoolHandle_st>> pools;  ///< the default one too
  CUmemoryPool default_pool = nullptr, current_pool = nullptr;
  std::string last_fault;
  std::size_t told = 0;  ///< reports that have been written out
  // A call that runs keeps what it was given, whatever another thread destroys meanwhile.
  std::map<CUmodule, std::shared_ptr<CUmod_st>> modules;
  std::map<CUfunction, CUmodule> functions;
  std::map<CUstream, std::shared_ptr<CUstream_st>> streams;
  std::map<CUevent, std::shared_ptr<CUevent_st>> events;
};
[[nodiscard]] State& state();

/// What a client's handle stands for; nullptr where it stands for nothing (any more).
[[nodiscard]] std::shared_ptr<CUfunc_st> function_of(CUfunction);
[[nodiscard]] std::shared_ptr<CUstream_st> stream_of(CUstream);
[[nodiscard]] std::shared_ptr<CUevent_st> event_of(CUevent);
/// A made stream that lives, or one of the three that every context has: null, CU_STREAM_LEGACY,
/// CU_STREAM_PER_THREAD.
[[nodiscard]] bool is_stream(CUstream);

/// The calling thread's context: the one on top of its stack, else the primary one where somebody has
/// retained it; nullptr when there is none. A real driver wants cuCtxSetCurrent in the latter case.
[[nodiscard]] CUcontext current_context();
/// Contexts that the calling thread has pushed or set.
[[nodiscard]] std::vector<CUcontext>& context_stack();
/// What the calling thread was told last by functions of softcuda.h: C callers hold these texts, so another
/// thread may not change them.
struct Told {
  std::string fault, reports, counters;
};
[[nodiscard]] Told& told();
/// The context ends, and with it its modules, streams and events; its allocations are freed, and with check
/// `leaks` each of them is a report.
void end_context(CUcontext);
/// Appends what was found since the last call to SOFTCUDA_REPORT's file, or to stderr.
void write_reports();

/// Nothing, or why no call can go on: not initialised, no context, a context that a fault broke, inside a
/// function that cuLaunchHostFunc runs (which "must not make any CUDA API calls").
[[nodiscard]] CUresult usable();
/// Nothing, or why calls about this device cannot go on, which need no context.
[[nodiscard]] CUresult device_known(CUdevice device);
/// Whether the calling thread runs such a function.
[[nodiscard]] bool& in_host_function();

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

/// The same for calls whose work goes to a stream.
template <class Body>
CUresult on_stream(CUstream stream, Body body) {
  return in_context([&] { return is_stream(stream) ? body() : CUDA_ERROR_INVALID_HANDLE; });
}

}  // namespace softcuda::api

#define SOFTCUDA_EXPORT extern "C" __attribute__((visibility("default")))
