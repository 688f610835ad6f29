#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <cuda.h>

#include "harness/softcuda/exec/machine.h"

/// What the entry points share: one machine, one device, its contexts. Handles that a client holds are
/// pointers to these.
struct CUctx_st {
  int device = 0;
};
struct CUfunc_st {
  const softcuda::exec::Kernel* kernel = nullptr;
  int dynamic_shared_limit = 48 * 1024;
};
struct CUmod_st {
  std::unique_ptr<softcuda::exec::Image> image;
  std::vector<std::unique_ptr<CUfunc_st>> functions;  ///< one a kernel, in the image's order
};
struct CUstream_st {};
struct CUevent_st {
  std::atomic<std::int64_t> nanoseconds{-1};  ///< when it was recorded; -1: never
};

namespace softcuda::api {

struct State {
  exec::Machine machine;
  std::mutex mutex;  ///< guards all below
  bool initialised = false;
  CUctx_st primary;
  int primary_uses = 0;
  CUresult sticky = CUDA_SUCCESS;  ///< the fault that broke the context: every later call answers it
  std::string last_fault;
  std::set<CUmodule> modules;
  std::set<CUstream> streams;
  std::set<CUevent> events;
};
[[nodiscard]] State& state();

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
