#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <unistd.h>

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

/// f(turn) for some turns on a second host thread, while g(turn) runs on this one.
template <class F, class G>
void at_once(int turns, F f, G g) {
  std::thread other([&] {
    for (int turn = 0; turn < turns; ++turn) f(turn);
  });
  for (int turn = 0; turn < turns; ++turn) g(turn);
  other.join();
}

TEST_F(Threads, each_may_ask_what_softcuda_knows) {
  CUmodule module = load_module();
  const CUfunction add = function_of(module);
  const CUdeviceptr a = allocate(16);
  write(a, rising(16));
  const auto ask = [&](int) {
    EXPECT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS);
    EXPECT_EQ(launch(add, a, a, a, 1), CUDA_SUCCESS);
    EXPECT_STREQ(softcudaLastFault(), "");
    EXPECT_EQ(nlohmann::json::parse(softcudaReports()).size(), 0u);
    EXPECT_TRUE(nlohmann::json::parse(softcudaCountersJson()).is_array());
    SoftcudaCounters counters;
    softcudaCounters(&counters);
    SoftcudaFootprint footprint;
    softcudaLastFootprint(&footprint);
    unsigned flags = 1;
    EXPECT_EQ(cuDevicePrimaryCtxSetFlags(device, 0), CUDA_SUCCESS);
    EXPECT_EQ(cuCtxGetFlags(&flags), CUDA_SUCCESS);
    EXPECT_EQ(flags, 0u);
  };
  at_once(100, ask, ask);
  EXPECT_EQ(cuMemFree(a), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(Threads, one_setting_does_not_take_back_the_other) {
  at_once(
      2000, [](int turn) { EXPECT_EQ(softcudaSet("seed", std::to_string(turn % 5).c_str(), nullptr, 0), 0); },
      [&](int turn) {
        const int wanted = 8 + turn % 2;
        EXPECT_EQ(softcudaSet("device", wanted == 8 ? "sm_80" : "sm_90", nullptr, 0), 0);
        int major = 0;
        EXPECT_EQ(cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device),
                  CUDA_SUCCESS);
        EXPECT_EQ(major, wanted);
      });
  EXPECT_EQ(softcudaSet("device", "sm_80", nullptr, 0), 0);
  EXPECT_EQ(softcudaSet("seed", "0", nullptr, 0), 0);
}

TEST_F(Threads, each_report_is_written_once) {
  const std::string path =
      ::testing::TempDir() + "threads_test_reports." + std::to_string(getpid()) + ".json";
  ASSERT_EQ(setenv("SOFTCUDA_REPORT", path.c_str(), 1), 0);
  constexpr int kEach = 200;
  const auto free_what_is_none = [](CUdeviceptr first) {
    return [first](int turn) {
      EXPECT_EQ(cuMemFree(first + static_cast<CUdeviceptr>(turn)), CUDA_ERROR_INVALID_VALUE);
    };
  };
  at_once(kEach, free_what_is_none(0x1000), free_what_is_none(0x2000));
  ASSERT_EQ(setenv("SOFTCUDA_REPORT", "none", 1), 0);
  std::multiset<std::string> told;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    told.insert(nlohmann::json::parse(line)["what"].get<std::string>());
  EXPECT_EQ(told.size(), 2u * kEach);
  EXPECT_EQ(std::set<std::string>(told.begin(), told.end()).size(), 2u * kEach);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace softcuda::tests
