#include "properties/tests/softcuda/api/vector_add.h"

namespace softcuda::tests {
namespace {

/// A kernel of 40 KB of shared memory and at most 256 threads in a block.
constexpr const char* kLarge = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry large() .maxntid 256, 1, 1 {
  .shared .align 4 .b8 tile[40960];
  ret;
}
)";

class Launch : public VectorAdd {
 protected:
  void SetUp() override {
    VectorAdd::SetUp();
    module_ = load_module();
    add_ = function_of(module_);
  }
  void TearDown() override {
    EXPECT_EQ(cuModuleUnload(module_), CUDA_SUCCESS);
    VectorAdd::TearDown();
  }
  static CUresult with_shared(CUfunction function, unsigned bytes) {
    return cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, bytes, nullptr, nullptr, nullptr);
  }
  CUmodule module_ = nullptr;
  CUfunction add_ = nullptr;
};

TEST_F(Launch, parameters_come_one_by_one_or_packed) {
  std::vector<float> a(200, 1.0f), b(200, 2.0f), c(200);
  const CUdeviceptr pa = allocate(800), pb = allocate(800), pc = allocate(800);
  ASSERT_EQ(cuMemcpyHtoD(pa, a.data(), 800), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyHtoD(pb, b.data(), 800), CUDA_SUCCESS);
  ASSERT_EQ(launch(add_, pa, pb, pc, 200), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyDtoH(c.data(), pc, 800), CUDA_SUCCESS);
  EXPECT_EQ(c, std::vector<float>(200, 3.0f));

  struct {
    CUdeviceptr a, b, c;
    int n;
  } packed{pc, pb, pc, 200};
  std::size_t bytes = sizeof packed;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes,
                   CU_LAUNCH_PARAM_END};
  CUlaunchConfig config{};
  config.gridDimX = 2;
  config.blockDimX = 128;
  config.gridDimY = config.gridDimZ = config.blockDimY = config.blockDimZ = 1;
  ASSERT_EQ(cuLaunchKernelEx(&config, add_, nullptr, extra), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyDtoH(c.data(), pc, 800), CUDA_SUCCESS);
  EXPECT_EQ(c, std::vector<float>(200, 5.0f));

  bytes = 20;
  EXPECT_EQ(cuLaunchKernelEx(&config, add_, nullptr, extra), CUDA_ERROR_INVALID_VALUE) << "n is missing";
  void* no_size[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE, nullptr,
                     CU_LAUNCH_PARAM_END};
  EXPECT_EQ(cuLaunchKernelEx(&config, add_, nullptr, no_size), CUDA_ERROR_INVALID_VALUE);
  void* parameters[] = {&packed.a, &packed.b, &packed.c, nullptr};
  EXPECT_EQ(cuLaunchKernelEx(&config, add_, parameters, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernelEx(&config, add_, parameters, extra), CUDA_ERROR_INVALID_VALUE) << "both";
  EXPECT_EQ(cuLaunchKernelEx(&config, add_, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE) << "neither";
  EXPECT_EQ(cuLaunchKernelEx(nullptr, add_, parameters, nullptr), CUDA_ERROR_INVALID_VALUE);
  config.numAttrs = 1;
  EXPECT_EQ(cuLaunchKernelEx(&config, add_, parameters, nullptr), CUDA_ERROR_INVALID_VALUE)
      << "attributes are null";
}

TEST_F(Launch, what_is_not_there_is_refused) {
  CUlaunchAttribute attribute{};
  attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attribute.value.clusterDim.x = 2;
  attribute.value.clusterDim.y = attribute.value.clusterDim.z = 1;
  CUlaunchConfig config{};
  config.attrs = &attribute;
  config.numAttrs = 1;
  EXPECT_EQ(cuLaunchKernelEx(&config, add_, nullptr, nullptr), CUDA_ERROR_NOT_SUPPORTED);
}

TEST_F(Launch, shapes_that_no_launch_has) {
  struct Shape {
    unsigned gx, gy, gz, bx, by, bz;
  };
  CUdeviceptr null = 0;
  int n = 0;
  void* parameters[] = {&null, &null, &null, &n};
  for (const Shape s :
       {Shape{0, 1, 1, 32, 1, 1}, Shape{1, 1, 1, 0, 1, 1}, Shape{1, 1, 1, 1025, 1, 1},
        Shape{1, 1, 1, 1, 1, 65}, Shape{1, 65536, 1, 1, 1, 1}, Shape{1, 1, 65536, 1, 1, 1},
        Shape{1u << 31, 1, 1, 1, 1, 1}, Shape{1, 1, 1, 1u << 31, 2, 1}, Shape{1, 1, 1, 512, 2, 2}})
    EXPECT_EQ(cuLaunchKernel(add_, s.gx, s.gy, s.gz, s.bx, s.by, s.bz, 0, nullptr, parameters, nullptr),
              CUDA_ERROR_INVALID_VALUE)
        << s.gx << ' ' << s.gy << ' ' << s.gz << ' ' << s.bx << ' ' << s.by << ' ' << s.bz;
  EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS) << "a refused launch breaks nothing";
}

TEST_F(Launch, more_than_48_kb_of_shared_memory_must_be_asked_for) {
  CUmodule module = nullptr;
  CUfunction large = nullptr;
  ASSERT_EQ(cuModuleLoadData(&module, kLarge), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetFunction(&large, module, "large"), CUDA_SUCCESS);
  EXPECT_EQ(with_shared(large, 8 * 1024), CUDA_SUCCESS);
  EXPECT_EQ(with_shared(large, 8 * 1024 + 1), CUDA_ERROR_INVALID_VALUE) << "40 KB are the kernel's own";
  const auto most = CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
  EXPECT_EQ(cuFuncSetAttribute(large, most, 124 * 1024), CUDA_ERROR_INVALID_VALUE) << "40 + 124 > 163";
  EXPECT_EQ(cuFuncSetAttribute(large, most, -1), CUDA_ERROR_INVALID_VALUE);
  ASSERT_EQ(cuFuncSetAttribute(large, most, 123 * 1024), CUDA_SUCCESS);
  EXPECT_EQ(with_shared(large, 123 * 1024), CUDA_SUCCESS);
  EXPECT_EQ(cuLaunchKernel(large, 1, 1, 1, 257, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE)
      << ".maxntid";
  int blocks = 0;
  ASSERT_EQ(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, large, 256, 0), CUDA_SUCCESS);
  EXPECT_EQ(blocks, 4) << "164 KB / (40 KB + 1 KB)";
  ASSERT_EQ(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add_, 1024, 0), CUDA_SUCCESS);
  EXPECT_EQ(blocks, 2) << "2048 threads / 1024";
  EXPECT_EQ(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add_, 0, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(Launch, a_function_of_another_context_is_refused) {
  CUcontext made = nullptr;
  ASSERT_EQ(cuCtxCreate(&made, nullptr, 0, device), CUDA_SUCCESS);
  EXPECT_EQ(launch(add_, 0, 0, 0, 4), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
}

TEST_F(Launch, the_stream_says_in_which_context) {
  CUstream stream = nullptr;
  CUcontext made = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxCreate(&made, nullptr, 0, device), CUDA_SUCCESS);
  EXPECT_EQ(fault(add_, stream), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS) << "not the current one's fault";
  EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  ASSERT_EQ(cuDevicePrimaryCtxReset(device), CUDA_SUCCESS);
  module_ = load_module();
}

}  // namespace
}  // namespace softcuda::tests
