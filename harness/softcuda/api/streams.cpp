#include <chrono>

#include "harness/softcuda/api/state.h"

/// Streams and events ("CUDA Driver API", 6.18, 6.19). Everything has happened when its call returns.
using softcuda::api::in_context;
using softcuda::api::state;

namespace {

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
bool known(CUstream stream) {
  const auto legacy =
      reinterpret_cast<std::uintptr_t>(stream) <= 2;  // null, CU_STREAM_LEGACY, CU_STREAM_PER_THREAD
  const std::lock_guard lock(state().mutex);
  return legacy || state().streams.contains(stream);
}
bool known(CUevent event) {
  const std::lock_guard lock(state().mutex);
  return state().events.contains(event);
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuStreamCreate(CUstream* stream, unsigned) {
  return in_context([&] {
    if (stream == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const std::lock_guard lock(state().mutex);
    *stream = new CUstream_st;
    state().streams.insert(*stream);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamDestroy(CUstream stream) {
  return in_context([&] {
    const std::lock_guard lock(state().mutex);
    if (state().streams.erase(stream) == 0) return CUDA_ERROR_INVALID_HANDLE;
    delete stream;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamSynchronize(CUstream stream) {
  return in_context([&] { return known(stream) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}
SOFTCUDA_EXPORT CUresult cuEventCreate(CUevent* event, unsigned) {
  return in_context([&] {
    if (event == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const std::lock_guard lock(state().mutex);
    *event = new CUevent_st;
    state().events.insert(*event);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuEventDestroy(CUevent event) {
  return in_context([&] {
    const std::lock_guard lock(state().mutex);
    if (state().events.erase(event) == 0) return CUDA_ERROR_INVALID_HANDLE;
    delete event;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuEventRecord(CUevent event, CUstream stream) {
  return in_context([&] {
    if (!known(event) || !known(stream)) return CUDA_ERROR_INVALID_HANDLE;
    event->nanoseconds = now();
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuEventSynchronize(CUevent event) {
  return in_context([&] { return known(event) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}
SOFTCUDA_EXPORT CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  return in_context([&] {
    if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!known(start) || !known(end) || start->nanoseconds < 0 || end->nanoseconds < 0)
      return CUDA_ERROR_INVALID_HANDLE;
    *milliseconds = static_cast<float>(static_cast<double>(end->nanoseconds - start->nanoseconds) * 1e-6);
    return CUDA_SUCCESS;
  });
}
