#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {
namespace {

CUdriverProcAddressQueryResult ask(const char* name, int version, void** function) {
  CUdriverProcAddressQueryResult status{};
  const CUresult result = cuGetProcAddress(name, function, version, CU_GET_PROC_ADDRESS_DEFAULT, &status);
  EXPECT_EQ(result == CUDA_SUCCESS, *function != nullptr) << name;
  return status;
}

TEST(EntryPoints, a_name_and_a_version_mean_one_function) {
  void *old = nullptr, *fresh = nullptr;
  for (const char* name : {"cuMemAdvise", "cuMemPrefetchAsync", "cuEventElapsedTime"}) {
    EXPECT_EQ(ask(name, 12000, &old), CU_GET_PROC_ADDRESS_SUCCESS) << name;
    EXPECT_EQ(ask(name, 13000, &fresh), CU_GET_PROC_ADDRESS_SUCCESS) << name;
    EXPECT_NE(old, fresh) << name << ": its signature has changed";
  }
  EXPECT_EQ(ask("cuMemAlloc", 13000, &fresh), CU_GET_PROC_ADDRESS_SUCCESS);
  EXPECT_EQ(fresh, reinterpret_cast<void*>(&cuMemAlloc));
}

TEST(EntryPoints, what_is_not_there_is_said) {
  void* function = nullptr;
  EXPECT_EQ(ask("cuThereIsNoSuchCall", 13000, &function), CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  EXPECT_EQ(ask("softcudaReports", 13000, &function), CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  EXPECT_EQ(ask("cuDeviceGetUuid", 3000, &function), CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
}

}  // namespace
}  // namespace softcuda::tests
