#include "properties/tests/softcuda/api/vector_add.h"

namespace softcuda::tests {
namespace {

class Streams : public VectorAdd {
 protected:
  static CUstream make(unsigned flags = 0, int priority = 0) {
    CUstream stream = nullptr;
    EXPECT_EQ(cuStreamCreateWithPriority(&stream, flags, priority), CUDA_SUCCESS);
    return stream;
  }
  static CUevent make_event(unsigned flags = 0) {
    CUevent event = nullptr;
    EXPECT_EQ(cuEventCreate(&event, flags), CUDA_SUCCESS);
    return event;
  }
};

TEST_F(Streams, flags_priority_context_and_number_are_those_it_was_made_with) {
  int least = 9, greatest = 9, priority = 9;
  ASSERT_EQ(cuCtxGetStreamPriorityRange(&least, &greatest), CUDA_SUCCESS);
  EXPECT_GT(least, greatest) << "a lower number is a higher priority";
  CUstream stream = make(CU_STREAM_NON_BLOCKING, greatest), other = make(CU_STREAM_DEFAULT, greatest - 10);
  unsigned flags = 9;
  ASSERT_EQ(cuStreamGetFlags(stream, &flags), CUDA_SUCCESS);
  EXPECT_EQ(flags, unsigned{CU_STREAM_NON_BLOCKING});
  ASSERT_EQ(cuStreamGetFlags(other, &flags), CUDA_SUCCESS);
  EXPECT_EQ(flags, unsigned{CU_STREAM_DEFAULT});
  ASSERT_EQ(cuStreamGetPriority(stream, &priority), CUDA_SUCCESS);
  EXPECT_EQ(priority, greatest);
  ASSERT_EQ(cuStreamGetPriority(other, &priority), CUDA_SUCCESS);
  EXPECT_EQ(priority, greatest) << "clamped";
  unsigned long long one = 0, two = 0;
  ASSERT_EQ(cuStreamGetId(stream, &one), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamGetId(other, &two), CUDA_SUCCESS);
  EXPECT_NE(one, two);
  CUcontext made = nullptr, whose = nullptr;
  ASSERT_EQ(cuCtxCreate(&made, nullptr, 0, device), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamGetCtx(stream, &whose), CUDA_SUCCESS);
  EXPECT_EQ(whose, context) << "not the current one";
  ASSERT_EQ(cuStreamGetCtx(nullptr, &whose), CUDA_SUCCESS);
  EXPECT_EQ(whose, made);
  EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamDestroy(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamDestroy(other), CUDA_SUCCESS);
}

TEST_F(Streams, nothing_is_ever_left_to_do) {
  CUstream stream = make();
  CUevent event = make_event();
  EXPECT_EQ(cuEventQuery(event), CUDA_SUCCESS) << "never recorded: nothing to wait for";
  ASSERT_EQ(cuEventRecord(event, stream), CUDA_SUCCESS);
  for (CUstream one : {CUstream{}, CU_STREAM_LEGACY, CU_STREAM_PER_THREAD, stream}) {
    EXPECT_EQ(cuStreamQuery(one), CUDA_SUCCESS);
    EXPECT_EQ(cuStreamSynchronize(one), CUDA_SUCCESS);
    EXPECT_EQ(cuStreamWaitEvent(one, event, 0), CUDA_SUCCESS);
  }
  EXPECT_EQ(cuEventQuery(event), CUDA_SUCCESS);
  EXPECT_EQ(cuEventSynchronize(event), CUDA_SUCCESS);
  EXPECT_EQ(cuEventDestroy(event), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamDestroy(stream), CUDA_SUCCESS);
}

TEST_F(Streams, the_time_between_events_is_the_works) {
  CUevent start = make_event(), middle = make_event(), end = make_event();
  CUmodule module = load_module();
  const int n = 20'000;
  const CUdeviceptr a = allocate(4 * n), c = allocate(4 * n);
  ASSERT_EQ(cuMemsetD32(a, 0, n), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(start, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(launch(function_of(module), a, a, c, n), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(middle, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(end, nullptr), CUDA_SUCCESS);
  float work = -1, all = -1;
  ASSERT_EQ(cuEventElapsedTime(&work, start, middle), CUDA_SUCCESS);
  ASSERT_EQ(cuEventElapsedTime(&all, start, end), CUDA_SUCCESS);
  EXPECT_GT(work, 0.0f);
  EXPECT_LE(work, all);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  for (CUevent event : {start, middle, end}) EXPECT_EQ(cuEventDestroy(event), CUDA_SUCCESS);
}

TEST_F(Streams, an_event_without_a_time_has_none) {
  CUevent never = make_event(), untimed = make_event(CU_EVENT_DISABLE_TIMING), timed = make_event();
  ASSERT_EQ(cuEventRecord(untimed, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(timed, nullptr), CUDA_SUCCESS);
  float milliseconds = 0;
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, never, timed), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, timed, untimed), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, timed, timed), CUDA_SUCCESS);
}

TEST_F(Streams, a_function_of_the_host_runs_in_its_place_and_may_not_call) {
  struct Seen {
    CUdeviceptr address = 0;
    CUresult called = CUDA_SUCCESS;
    int times = 0;
  } seen{allocate(16)};
  const auto look = [](void* data) {
    auto& s = *static_cast<Seen*>(data);
    s.called = cuMemsetD8(s.address, 0, 16);
    ++s.times;
  };
  EXPECT_EQ(cuLaunchHostFunc(nullptr, look, &seen), CUDA_SUCCESS);
  EXPECT_EQ(seen.times, 1);
  EXPECT_EQ(seen.called, CUDA_ERROR_NOT_PERMITTED);
  EXPECT_EQ(cuMemsetD8(seen.address, 0, 16), CUDA_SUCCESS) << "afterwards calls are permitted";
  const auto callback = [](CUstream, CUresult status, void* data) { *static_cast<CUresult*>(data) = status; };
  CUresult status = CUDA_ERROR_UNKNOWN;
  EXPECT_EQ(cuStreamAddCallback(nullptr, callback, &status, 0), CUDA_SUCCESS);
  EXPECT_EQ(status, CUDA_SUCCESS);
  EXPECT_EQ(cuLaunchHostFunc(nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Streams, captures_and_graphs_are_refused) {
  CUstream stream = make();
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_ACTIVE;
  EXPECT_EQ(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_ERROR_NOT_SUPPORTED);
  ASSERT_EQ(cuStreamIsCapturing(stream, &status), CUDA_SUCCESS);
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_NONE);
  CUgraph graph = nullptr;
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuGraphCreate(&graph, 0), CUDA_ERROR_NOT_SUPPORTED);
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
  ASSERT_EQ(cuThreadExchangeStreamCaptureMode(&mode), CUDA_SUCCESS);
  EXPECT_EQ(mode, CU_STREAM_CAPTURE_MODE_GLOBAL);
  ASSERT_EQ(cuThreadExchangeStreamCaptureMode(&mode), CUDA_SUCCESS);
  EXPECT_EQ(mode, CU_STREAM_CAPTURE_MODE_RELAXED);
  EXPECT_EQ(cuStreamDestroy(stream), CUDA_SUCCESS);
}

TEST_F(Streams, wrong_arguments) {
  CUstream stream = nullptr, freed = make();
  CUevent event = nullptr, freed_event = make_event();
  EXPECT_EQ(cuStreamCreate(nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuStreamCreate(&stream, 8), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuEventCreate(&event, 8), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuEventCreate(&event, CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING), CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuStreamDestroy(freed), CUDA_SUCCESS);
  EXPECT_EQ(cuEventDestroy(freed_event), CUDA_SUCCESS);
  EXPECT_EQ(cuEventRecord(nullptr, nullptr), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventRecord(freed_event, nullptr), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuStreamWaitEvent(nullptr, freed_event, 0), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventDestroy(freed_event), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuStreamDestroy(nullptr), CUDA_ERROR_INVALID_HANDLE);
  const CUdeviceptr address = allocate(16), other = allocate(16);
  CUdeviceptr got = 0;
  CUdeviceptr* const into = &got;
  CUmodule module = load_module();
  int mine[8] = {};
  event = make_event();
  for (CUstream wrong : {freed, reinterpret_cast<CUstream>(mine)}) {
    EXPECT_EQ(cuStreamQuery(wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuStreamSynchronize(wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuStreamDestroy(wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuEventRecord(event, wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuMemcpyDtoDAsync(address, other, 16, wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuMemsetD8Async(address, 0, 16, wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuMemAllocAsync(into, 16, wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuMemFreeAsync(address, wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(launch(function_of(module), address, address, address, 4, wrong), CUDA_ERROR_INVALID_HANDLE);
  }
  EXPECT_EQ(cuStreamWaitEvent(nullptr, event, CU_EVENT_WAIT_EXTERNAL), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuEventRecordWithFlags(event, nullptr, CU_EVENT_RECORD_EXTERNAL), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

}  // namespace
}  // namespace softcuda::tests
