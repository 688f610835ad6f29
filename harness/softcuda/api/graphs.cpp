#include "harness/softcuda/api/state.h"

/// Captures of streams and graphs ("CUDA Driver API", 6.18 and 6.23): there are none. What would make one
/// answers CUDA_ERROR_NOT_SUPPORTED; what asks for them is told that there are none.
using namespace softcuda::api;

namespace {

CUresult refused(CUstream stream) {
  return on_stream(stream, [] { return CUDA_ERROR_NOT_SUPPORTED; });
}
CUresult refused() {
  return in_context([] { return CUDA_ERROR_NOT_SUPPORTED; });
}
CUresult none(CUstream stream, CUstreamCaptureStatus* status) {
  if (status == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return on_stream(stream, [&] {
    *status = CU_STREAM_CAPTURE_STATUS_NONE;
    return CUDA_SUCCESS;
  });
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus* status) {
  return none(stream, status);
}
/// Of a stream that does not capture, the status is all that is answered.
SOFTCUDA_EXPORT CUresult cuStreamGetCaptureInfo(CUstream stream, CUstreamCaptureStatus* status, cuuint64_t*,
                                                CUgraph*, const CUgraphNode**, const CUgraphEdgeData**,
                                                std::size_t*) {
  return none(stream, status);
}
SOFTCUDA_EXPORT CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
  thread_local CUstreamCaptureMode current = CU_STREAM_CAPTURE_MODE_GLOBAL;
  if (mode == nullptr || *mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
  std::swap(*mode, current);
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode) {
  return refused(stream);
}
SOFTCUDA_EXPORT CUresult cuStreamBeginCaptureToGraph(CUstream stream, CUgraph, const CUgraphNode*,
                                                     const CUgraphEdgeData*, std::size_t,
                                                     CUstreamCaptureMode) {
  return refused(stream);
}
SOFTCUDA_EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph*) { return refused(stream); }
SOFTCUDA_EXPORT CUresult cuGraphCreate(CUgraph*, unsigned) { return refused(); }
SOFTCUDA_EXPORT CUresult cuGraphInstantiate(CUgraphExec*, CUgraph, unsigned long long) { return refused(); }
SOFTCUDA_EXPORT CUresult cuGraphInstantiateWithParams(CUgraphExec*, CUgraph, CUDA_GRAPH_INSTANTIATE_PARAMS*) {
  return refused();
}
SOFTCUDA_EXPORT CUresult cuGraphLaunch(CUgraphExec, CUstream stream) { return refused(stream); }
