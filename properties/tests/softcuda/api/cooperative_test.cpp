#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {
namespace {

/// Cooperative launches by both calls that there are. The kernel: exec/cooperative.cu.
class CooperativeLaunch : public DeviceZero {
 protected:
  void SetUp() override {
    DeviceZero::SetUp();
    ASSERT_EQ(cuModuleLoad(&module, IMAGES "/cooperative.ptx"), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleGetFunction(&sums, module, "prefix_sums"), CUDA_SUCCESS);
    out = allocate(kBlocks * kThreads * 2 * 4);
  }
  void TearDown() override {
    EXPECT_EQ(cuMemFree(out), CUDA_SUCCESS);
    EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
    DeviceZero::TearDown();
  }
  void expect_sums() const {
    std::vector<unsigned> got(kBlocks * kThreads);
    ASSERT_EQ(cuMemcpyDtoH(got.data(), out, got.size() * 4), CUDA_SUCCESS);
    for (unsigned at = 0; at < got.size(); ++at) ASSERT_EQ(got[at], (at + 1) * (at + 2) / 2);
    EXPECT_EQ(cuMemsetD32(out, 0, got.size()), CUDA_SUCCESS);
  }
  static constexpr unsigned kBlocks = 6, kThreads = 64;
  CUmodule module = nullptr;
  CUfunction sums = nullptr;
  CUdeviceptr out = 0;
  unsigned n = 0;
  void* parameters[2] = {&out, &n};
};

TEST_F(CooperativeLaunch, is_what_the_device_says_it_can) {
  int can = 0;
  ASSERT_EQ(cuDeviceGetAttribute(&can, CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH, device), CUDA_SUCCESS);
  EXPECT_EQ(can, 1);
  ASSERT_EQ(cuLaunchCooperativeKernel(sums, kBlocks, 1, 1, kThreads, 1, 1, 0, nullptr, parameters),
            CUDA_SUCCESS);
  expect_sums();
}

TEST_F(CooperativeLaunch, is_an_attribute_of_cuLaunchKernelEx) {
  CUlaunchAttribute attribute{};
  attribute.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
  attribute.value.cooperative = 1;
  CUlaunchConfig config{};
  config.gridDimX = kBlocks, config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = kThreads, config.blockDimY = config.blockDimZ = 1;
  config.attrs = &attribute, config.numAttrs = 1;
  ASSERT_EQ(cuLaunchKernelEx(&config, sums, parameters, nullptr), CUDA_SUCCESS);
  expect_sums();
}

TEST_F(CooperativeLaunch, has_no_more_blocks_than_the_device_holds) {
  int a_multiprocessor = 0, multiprocessors = 0;
  ASSERT_EQ(cuOccupancyMaxActiveBlocksPerMultiprocessor(&a_multiprocessor, sums, 1024, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuDeviceGetAttribute(&multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device),
            CUDA_SUCCESS);
  const auto most = static_cast<unsigned>(a_multiprocessor * multiprocessors);
  EXPECT_EQ(cuLaunchCooperativeKernel(sums, most + 1, 1, 1, 1024, 1, 1, 0, nullptr, parameters),
            CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
  EXPECT_NE(std::string(softcudaLastFault()).find("more blocks than the device holds"), std::string::npos);
}

}  // namespace
}  // namespace softcuda::tests
