#include "harness/softcuda/runtime/runtime.h"

/// "Stream Management" and "Event Management". Streams and events are the driver's own.
using softcuda::runtime::call;
using softcuda::runtime::driver_stream;

SOFTCUDA_RUNTIME cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return call([&] { return cuStreamCreate(stream, CU_STREAM_DEFAULT); });
}
SOFTCUDA_RUNTIME cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call([&] { return cuStreamCreate(stream, flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags,
                                                          int priority) {
  return call([&] { return cuStreamCreateWithPriority(stream, flags, priority); });
}
SOFTCUDA_RUNTIME cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return call([&] { return cuStreamDestroy(stream); });
}
SOFTCUDA_RUNTIME cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call([&] { return cuStreamSynchronize(driver_stream(stream)); });
}
SOFTCUDA_RUNTIME cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return call([&] { return cuStreamQuery(driver_stream(stream)); });
}
SOFTCUDA_RUNTIME cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  return call([&] { return cuStreamWaitEvent(driver_stream(stream), event, flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned* flags) {
  return call([&] { return cuStreamGetFlags(driver_stream(stream), flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority) {
  return call([&] { return cuStreamGetPriority(driver_stream(stream), priority); });
}
SOFTCUDA_RUNTIME cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return call([&] { return cuLaunchHostFunc(driver_stream(stream), function, data); });
}

SOFTCUDA_RUNTIME cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return call([&] { return cuEventCreate(event, CU_EVENT_DEFAULT); });
}
SOFTCUDA_RUNTIME cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call([&] { return cuEventCreate(event, flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call([&] { return cuEventRecord(event, driver_stream(stream)); });
}
SOFTCUDA_RUNTIME cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream,
                                                      unsigned flags) {
  return call([&] { return cuEventRecordWithFlags(event, driver_stream(stream), flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call([&] { return cuEventQuery(event); });
}
SOFTCUDA_RUNTIME cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call([&] { return cuEventSynchronize(event); });
}
SOFTCUDA_RUNTIME cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  return call([&] { return cuEventElapsedTime(milliseconds, from, to); });
}
SOFTCUDA_RUNTIME cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call([&] { return cuEventDestroy(event); });
}
