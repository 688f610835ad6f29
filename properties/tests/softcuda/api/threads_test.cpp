#include <atomic>
#include <thread>

#include "properties/tests/softcuda/api/vector_add.h"

namespace softcuda::tests {
namespace {

class Threads : public VectorAdd {};

/// One host thread's program, on a stream of its own.
void add_often(CUcontext context, CUfunction function, float value, int times, std::atomic<int>& right) {
  if (cuCtxSetCurrent(context) != CUDA_SUCCESS) return;
  CUstream stream = nullptr;
  CUevent event = nullptr;
  if (cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) != CUDA_SUCCESS) return;
  if (cuEventCreate(&event, 0) != CUDA_SUCCESS) return;
  const std::vector<float> mine(300, value);
  for (int k = 0; k < times; ++k) {
    std::vector<float> sum(300);
    CUdeviceptr a = 0, c = 0;
    int n = 300;
    void* parameters[] = {&a, &a, &c, &n};
    const bool went =
        cuMemAllocAsync(&a, 1200, stream) == CUDA_SUCCESS && cuMemAlloc(&c, 1200) == CUDA_SUCCESS &&
        cuMemcpyHtoDAsync(a, mine.data(), 1200, stream) == CUDA_SUCCESS &&
        cuLaunchKernel(function, 3, 1, 1, 128, 1, 1, 0, stream, parameters, nullptr) == CUDA_SUCCESS &&
        cuMemcpyDtoHAsync(sum.data(), c, 1200, stream) == CUDA_SUCCESS &&
        cuEventRecord(event, stream) == CUDA_SUCCESS && cuEventSynchronize(event) == CUDA_SUCCESS &&
        cuMemFreeAsync(a, stream) == CUDA_SUCCESS && cuMemFree(c) == CUDA_SUCCESS;
    if (went && sum == std::vector<float>(300, 2 * value)) ++right;
  }
  (void)cuEventDestroy(event);
  (void)cuStreamDestroy(stream);
}

TEST_F(Threads, two_with_two_streams_do_not_disturb_each_other) {
  CUmodule module = load_module();
  const CUfunction add = function_of(module);
  std::atomic<int> right{0};
  std::thread one(add_often, context, add, 1.5f, 100, std::ref(right));
  std::thread two(add_often, context, add, 40.0f, 100, std::ref(right));
  one.join();
  two.join();
  EXPECT_EQ(right, 200);
  EXPECT_EQ(reports().size(), 0u) << softcudaReports();
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(Threads, each_has_its_own_stack_of_contexts) {
  CUcontext made = nullptr, of_other = context;
  ASSERT_EQ(cuCtxCreate(&made, nullptr, 0, device), CUDA_SUCCESS);
  std::thread([&] { EXPECT_EQ(cuCtxGetCurrent(&of_other), CUDA_SUCCESS); }).join();
  EXPECT_EQ(of_other, nullptr);
  EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
}

TEST_F(Threads, a_context_that_one_destroys_is_gone_for_the_other) {
  CUcontext made = nullptr;
  ASSERT_EQ(cuCtxCreate(&made, nullptr, 0, device), CUDA_SUCCESS);
  std::thread([&] { EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS); }).join();
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuCtxPopCurrent(nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
}

TEST_F(Threads, one_may_load_and_unload_while_the_other_launches) {
  CUmodule module = load_module();
  std::atomic<int> right{0};
  std::thread launches(add_often, context, function_of(module), 2.0f, 50, std::ref(right));
  for (int k = 0; k < 30; ++k) {
    CUmodule other = load_module();
    EXPECT_EQ(cuModuleUnload(other), CUDA_SUCCESS);
  }
  launches.join();
  EXPECT_EQ(right, 50);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

}  // namespace
}  // namespace softcuda::tests
