#include <algorithm>

#include "harness/softcuda/api/state.h"

/// Streams ("CUDA Driver API", 6.18) and functions of the host in them. Everything has happened when its call
/// returns, so that no stream has ever anything left to do.
using namespace softcuda::api;

namespace {

/// A GPU's: 0 is the least, and a lower number is a higher priority. No order of blocks follows from it here.
constexpr int kLeastPriority = 0, kGreatestPriority = -5;

CUresult create(CUstream* stream, unsigned flags, int priority) {
  return in_context([&] {
    if (stream == nullptr || (flags != CU_STREAM_DEFAULT && flags != CU_STREAM_NON_BLOCKING))
      return CUDA_ERROR_INVALID_VALUE;
    auto made = std::make_shared<CUstream_st>();
    made->context = current_context();
    made->flags = flags;
    made->priority = std::clamp(priority, kGreatestPriority, kLeastPriority);  // as cuda.h says
    static std::atomic<unsigned long long> last{2};
    made->id = ++last;
    const std::lock_guard lock(state().mutex);
    *stream = made.get();
    state().streams[*stream] = std::move(made);
    return CUDA_SUCCESS;
  });
}

/// Answers from a made stream, or from what the three of a context are alike in.
template <class Value, class Answer>
CUresult answer(CUstream stream, Value* value, Answer of) {
  if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return on_stream(stream, [&] {
    const auto made = stream_of(stream);
    static const CUstream_st plain;
    *value = of(made != nullptr ? *made : plain);
    return CUDA_SUCCESS;
  });
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
  return create(stream, flags, kLeastPriority);
}
SOFTCUDA_EXPORT CUresult cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int priority) {
  return create(stream, flags, priority);
}
SOFTCUDA_EXPORT CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return in_context([&] {
    if (least != nullptr) *least = kLeastPriority;
    if (greatest != nullptr) *greatest = kGreatestPriority;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamDestroy(CUstream stream) {
  return in_context([&] {
    const std::lock_guard lock(state().mutex);
    return state().streams.erase(stream) != 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamSynchronize(CUstream stream) {
  return on_stream(stream, [] { return CUDA_SUCCESS; });
}
SOFTCUDA_EXPORT CUresult cuStreamQuery(CUstream stream) {
  return on_stream(stream, [] { return CUDA_SUCCESS; });
}
SOFTCUDA_EXPORT CUresult cuStreamGetPriority(CUstream stream, int* priority) {
  return answer(stream, priority, [](const CUstream_st& s) { return s.priority; });
}
SOFTCUDA_EXPORT CUresult cuStreamGetFlags(CUstream stream, unsigned* flags) {
  return answer(stream, flags, [](const CUstream_st& s) { return s.flags; });
}
SOFTCUDA_EXPORT CUresult cuStreamGetId(CUstream stream, unsigned long long* id) {
  return answer(stream, id, [&](const CUstream_st& s) {
    return s.id != 0 ? s.id : static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(stream));
  });
}
SOFTCUDA_EXPORT CUresult cuStreamGetDevice(CUstream stream, CUdevice* device) {
  return answer(stream, device, [](const CUstream_st&) { return 0; });
}
SOFTCUDA_EXPORT CUresult cuStreamGetCtx(CUstream stream, CUcontext* context) {
  return answer(stream, context,
                [](const CUstream_st& s) { return s.context != nullptr ? s.context : current_context(); });
}
/// What the event waits for has happened already.
SOFTCUDA_EXPORT CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
  return on_stream(stream, [&] {
    if (event_of(event) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return flags == CU_EVENT_WAIT_DEFAULT ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}

/// The function's own calls of the API answer CUDA_ERROR_NOT_PERMITTED.
SOFTCUDA_EXPORT CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void* data) {
  return on_stream(stream, [&] {
    if (function == nullptr) return CUDA_ERROR_INVALID_VALUE;
    in_host_function() = true;
    function(data);
    in_host_function() = false;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuStreamAddCallback(CUstream stream, CUstreamCallback callback, void* data,
                                             unsigned flags) {
  return on_stream(stream, [&] {
    if (callback == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
    in_host_function() = true;
    callback(stream, CUDA_SUCCESS, data);
    in_host_function() = false;
    return CUDA_SUCCESS;
  });
}
