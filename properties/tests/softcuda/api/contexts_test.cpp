#include "properties/tests/softcuda/api/vector_add.h"

namespace softcuda::tests {
namespace {

class Contexts : public VectorAdd {
 protected:
  /// Current when it is returned.
  CUcontext make(unsigned flags = 0) {
    CUcontext made = nullptr;
    EXPECT_EQ(cuCtxCreate(&made, nullptr, flags, device), CUDA_SUCCESS);
    return made;
  }
  static CUcontext current() {
    CUcontext now = nullptr;
    EXPECT_EQ(cuCtxGetCurrent(&now), CUDA_SUCCESS);
    return now;
  }
};

TEST_F(Contexts, a_made_one_is_pushed_and_its_end_pops_it) {
  CUcontext made = make(CU_CTX_SCHED_YIELD);
  EXPECT_NE(made, context);
  EXPECT_EQ(current(), made);
  unsigned flags = 0;
  EXPECT_EQ(cuCtxGetFlags(&flags), CUDA_SUCCESS);
  EXPECT_EQ(flags, unsigned{CU_CTX_SCHED_YIELD});
  EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
  EXPECT_EQ(current(), context);
  EXPECT_EQ(cuCtxDestroy(made), CUDA_ERROR_INVALID_CONTEXT);
}

TEST_F(Contexts, push_and_pop_are_a_stack) {
  CUcontext made = make();
  ASSERT_EQ(cuCtxPushCurrent(context), CUDA_SUCCESS);
  EXPECT_EQ(current(), context);
  CUcontext popped = nullptr;
  EXPECT_EQ(cuCtxPopCurrent(&popped), CUDA_SUCCESS);
  EXPECT_EQ(popped, context);
  EXPECT_EQ(current(), made);
  ASSERT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS) << "replaces the top";
  EXPECT_EQ(cuCtxPopCurrent(&popped), CUDA_SUCCESS);
  EXPECT_EQ(popped, context);
  EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
}

TEST_F(Contexts, the_stack_ends) {
  ASSERT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
  CUcontext popped = nullptr;
  EXPECT_EQ(current(), nullptr);
  EXPECT_EQ(cuCtxPopCurrent(&popped), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS) << "of an empty stack: nothing happens";
}

TEST_F(Contexts, the_primary_one_lives_as_long_as_somebody_retains_it) {
  CUcontext again = nullptr;
  unsigned flags = 0;
  int active = 0;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&again, device), CUDA_SUCCESS);
  EXPECT_EQ(again, context) << "there is one";
  const CUdeviceptr mine = allocate(16);
  ASSERT_EQ(cuDevicePrimaryCtxRelease(device), CUDA_SUCCESS);
  EXPECT_EQ(cuMemsetD8(mine, 0, 16), CUDA_SUCCESS) << "one user is left";
  ASSERT_EQ(cuDevicePrimaryCtxRelease(device), CUDA_SUCCESS);
  ASSERT_EQ(cuDevicePrimaryCtxGetState(device, &flags, &active), CUDA_SUCCESS);
  EXPECT_EQ(active, 0);
  EXPECT_EQ(cuDevicePrimaryCtxRelease(device), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuCtxPushCurrent(context), CUDA_ERROR_INVALID_CONTEXT) << "nobody has it";
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&again, device), CUDA_SUCCESS);
  EXPECT_EQ(cuMemsetD8(mine, 0, 16), CUDA_ERROR_INVALID_VALUE) << "its memory went with it";
}

TEST_F(Contexts, a_fault_breaks_its_context_and_no_other) {
  CUcontext made = make();
  CUmodule module = load_module();
  const CUfunction broken = function_of(module);
  CUstream stream = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, 0), CUDA_SUCCESS);
  EXPECT_EQ(fault(broken), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUdeviceptr address = 0;
  int value = 0;
  unsigned flags = 0;
  EXPECT_EQ(cuMemAlloc(&address, 16), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuStreamQuery(stream), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(launch(broken, 0, 0, 0, 0), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, broken), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_WARP_SIZE, device), CUDA_SUCCESS)
      << "the device is none of the context's";
  EXPECT_EQ(cuDevicePrimaryCtxGetState(device, &flags, &value), CUDA_SUCCESS);

  ASSERT_EQ(cuCtxPushCurrent(context), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree(allocate(16)), CUDA_SUCCESS) << "the other goes on";
  CUmodule here = load_module();
  EXPECT_EQ(cuModuleUnload(here), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxPopCurrent(nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS) << "and the broken one stays broken";
  EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_ERROR_INVALID_HANDLE) << "its modules went with it";
}

TEST_F(Contexts, a_reset_mends_the_primary_one) {
  CUmodule module = load_module();
  EXPECT_EQ(fault(function_of(module)), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  ASSERT_EQ(cuDevicePrimaryCtxReset(device), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
}

TEST_F(Contexts, modules_streams_and_events_end_with_their_context) {
  CUcontext made = make();
  const CUfunction function = function_of(load_module());
  CUstream stream = nullptr;
  CUevent event = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&event, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
  EXPECT_EQ(launch(function, 0, 0, 0, 0), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventQuery(event), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Contexts, what_is_set_is_kept) {
  std::size_t value = 0;
  ASSERT_EQ(cuCtxSetLimit(CU_LIMIT_STACK_SIZE, 4096), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxGetLimit(&value, CU_LIMIT_STACK_SIZE), CUDA_SUCCESS);
  EXPECT_EQ(value, 4096u);
  EXPECT_EQ(cuCtxSetLimit(CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH, 2), CUDA_ERROR_UNSUPPORTED_LIMIT);
  EXPECT_EQ(cuCtxGetLimit(&value, static_cast<CUlimit>(77)), CUDA_ERROR_UNSUPPORTED_LIMIT);
  CUfunc_cache cache{};
  ASSERT_EQ(cuCtxSetCacheConfig(CU_FUNC_CACHE_PREFER_L1), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxGetCacheConfig(&cache), CUDA_SUCCESS);
  EXPECT_EQ(cache, CU_FUNC_CACHE_PREFER_L1);
}

TEST_F(Contexts, wrong_arguments) {
  CUcontext made = nullptr;
  EXPECT_EQ(cuCtxCreate(nullptr, nullptr, 0, device), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuCtxCreate(&made, nullptr, 0x10000, device), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuCtxCreate(&made, nullptr, 0, 7), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuDevicePrimaryCtxRetain(nullptr, device), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuDevicePrimaryCtxRetain(&made, 7), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuDevicePrimaryCtxSetFlags(device, 0x10000), CUDA_ERROR_INVALID_VALUE);
  int mine = 0;
  auto foreign = reinterpret_cast<CUcontext>(&mine);
  EXPECT_EQ(cuCtxSetCurrent(foreign), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuCtxPushCurrent(foreign), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuCtxPushCurrent(nullptr), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuCtxDestroy(foreign), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuCtxDestroy(nullptr), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuCtxDestroy(context), CUDA_ERROR_INVALID_CONTEXT)
      << "the primary one is released, not destroyed";
  EXPECT_EQ(cuCtxGetCurrent(nullptr), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
}  // namespace softcuda::tests
