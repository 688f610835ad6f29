#include <chrono>

#include "harness/softcuda/api/state.h"

/// Events ("CUDA Driver API", 6.19): times of the host at which they were recorded. All that an event waits
/// for has happened when it is recorded.
using namespace softcuda::api;

namespace {

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

CUresult record(CUevent handle, CUstream stream, unsigned flags) {
  return on_stream(stream, [&] {
    const auto event = event_of(handle);
    if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (flags != CU_EVENT_RECORD_DEFAULT) return CUDA_ERROR_INVALID_VALUE;  // the other is for captures
    const auto made = stream_of(stream);
    const CUcontext context = made != nullptr ? made->context : current_context();
    if (context != event->context) return CUDA_ERROR_INVALID_HANDLE;  // "must be from the same context"
    event->nanoseconds = now();
    return CUDA_SUCCESS;
  });
}

CUresult lives(CUevent event) {
  return in_context([&] { return event_of(event) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE; });
}

CUresult elapsed(float* milliseconds, CUevent from, CUevent to) {
  return in_context([&] {
    if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto start = event_of(from), end = event_of(to);
    if (start == nullptr || end == nullptr || start->nanoseconds < 0 || end->nanoseconds < 0 ||
        ((start->flags | end->flags) & CU_EVENT_DISABLE_TIMING) != 0)
      return CUDA_ERROR_INVALID_HANDLE;
    *milliseconds = static_cast<float>(static_cast<double>(end->nanoseconds - start->nanoseconds) * 1e-6);
    return CUDA_SUCCESS;
  });
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuEventCreate(CUevent* event, unsigned flags) {
  return in_context([&] {
    constexpr unsigned kKnown = CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING | CU_EVENT_INTERPROCESS;
    if (event == nullptr || (flags & ~kKnown) != 0) return CUDA_ERROR_INVALID_VALUE;
    if ((flags & CU_EVENT_INTERPROCESS) != 0) return CUDA_ERROR_NOT_SUPPORTED;  // no other process sees it
    auto made = std::make_shared<CUevent_st>();
    made->context = current_context();
    made->flags = flags;
    const std::lock_guard lock(state().mutex);
    *event = made.get();
    state().events[*event] = std::move(made);
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuEventDestroy(CUevent event) {
  return in_context([&] {
    const std::lock_guard lock(state().mutex);
    return state().events.erase(event) != 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
  });
}
SOFTCUDA_EXPORT CUresult cuEventRecord(CUevent event, CUstream stream) { return record(event, stream, 0); }
SOFTCUDA_EXPORT CUresult cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned flags) {
  return record(event, stream, flags);
}
/// An event that was never recorded has nothing to wait for.
SOFTCUDA_EXPORT CUresult cuEventSynchronize(CUevent event) { return lives(event); }
SOFTCUDA_EXPORT CUresult cuEventQuery(CUevent event) { return lives(event); }

/// Before 12.8 the same by another name: both answer alike where everything has happened.
#undef cuEventElapsedTime
SOFTCUDA_EXPORT CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end) {
  return elapsed(milliseconds, start, end);
}
SOFTCUDA_EXPORT CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  return elapsed(milliseconds, start, end);
}
