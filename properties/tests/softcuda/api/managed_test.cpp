#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {
namespace {

class Managed : public DeviceZero {
 protected:
  static CUdeviceptr make(std::size_t bytes) {
    CUdeviceptr address = 0;
    EXPECT_EQ(cuMemAllocManaged(&address, bytes, CU_MEM_ATTACH_GLOBAL), CUDA_SUCCESS);
    return address;
  }
  static constexpr CUmemLocation kDevice{CU_MEM_LOCATION_TYPE_DEVICE, 0};
  static constexpr CUmemLocation kHost{CU_MEM_LOCATION_TYPE_HOST, 0};
  static constexpr CUmemLocation kOther{CU_MEM_LOCATION_TYPE_DEVICE, 1};
};

TEST_F(Managed, advice_and_prefetch_are_taken) {
  const CUdeviceptr address = make(100);
  write(address, rising(100));
  EXPECT_EQ(cuMemAdvise(address, 100, CU_MEM_ADVISE_SET_READ_MOSTLY, {}), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAdvise(address + 4, 8, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, kHost), CUDA_SUCCESS);
  EXPECT_EQ(cuMemPrefetchAsync(address, 100, kDevice, 0, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemPrefetchAsync(address, 100, kHost, 0, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(read(address, 100), rising(100));
  EXPECT_EQ(reports().size(), 0u);
  EXPECT_EQ(cuMemFree(address), CUDA_SUCCESS);
}

TEST_F(Managed, wrong_arguments) {
  const CUdeviceptr address = make(100), plain = allocate(100);
  EXPECT_EQ(cuMemAdvise(plain, 100, CU_MEM_ADVISE_SET_READ_MOSTLY, kDevice), CUDA_ERROR_INVALID_VALUE)
      << "not managed";
  EXPECT_EQ(cuMemAdvise(address, 0, CU_MEM_ADVISE_SET_READ_MOSTLY, kDevice), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemAdvise(address, 100, static_cast<CUmem_advise>(9), kDevice), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemAdvise(address, 100, CU_MEM_ADVISE_SET_ACCESSED_BY, kOther), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuMemPrefetchAsync(address, 100, kOther, 0, nullptr), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuMemPrefetchAsync(address, 100, {}, 0, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemPrefetchAsync(address, 100, kDevice, 1, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(reports().size(), 0u);
  EXPECT_EQ(cuMemPrefetchAsync(address, 101, kDevice, 0, nullptr), CUDA_ERROR_INVALID_VALUE);
  expect_one("out-of-bounds access", {"cuMemPrefetchAsync", "101 bytes"});
}

}  // namespace
}  // namespace softcuda::tests
