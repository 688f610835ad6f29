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

SOFTCUDA_EXPORT CUresult cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int) {
  return cuStreamCreate(stream, flags);
}
SOFTCUDA_EXPORT CUresult cuStreamGetPriority(CUstream stream, int* priority) {
  return in_context([&] {
    if (priority == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *priority = 0;
    return known(stream) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamGetFlags(CUstream stream, unsigned* flags) {
  return in_context([&] {
    if (flags == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *flags = 0;
    return known(stream) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamQuery(CUstream stream) { return cuStreamSynchronize(stream); }
SOFTCUDA_EXPORT CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned) {
  return in_context([&] { return known(stream) && known(event) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}
SOFTCUDA_EXPORT CUresult cuStreamIsCapturing(CUstream, CUstreamCaptureStatus* status) {
  return in_context([&] {
    if (status == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *status = CU_STREAM_CAPTURE_STATUS_NONE;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamGetCtx(CUstream stream, CUcontext* context) {
  return in_context([&] {
    if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *context = softcuda::api::current_context();
    return known(stream) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamAddCallback(CUstream stream, CUstreamCallback callback, void* data,
                                             unsigned) {
  return in_context([&] {
    if (callback == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!known(stream)) return CUDA_ERROR_INVALID_HANDLE;
    callback(stream, CUDA_SUCCESS, data);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void* data) {
  return in_context([&] {
    if (function == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!known(stream)) return CUDA_ERROR_INVALID_HANDLE;
    function(data);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuEventQuery(CUevent event) { return cuEventSynchronize(event); }
SOFTCUDA_EXPORT CUresult cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned) {
  return cuEventRecord(event, stream);
}
