#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {
namespace {

class Pools : public DeviceZero {
 protected:
  CUmemoryPool make(std::size_t most = 0) {
    CUmemPoolProps wanted{};
    wanted.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
    wanted.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
    wanted.maxSize = most;
    CUmemoryPool pool = nullptr;
    EXPECT_EQ(cuMemPoolCreate(&pool, &wanted), CUDA_SUCCESS);
    return pool;
  }
  static cuuint64_t value(CUmemoryPool pool, CUmemPool_attribute which) {
    cuuint64_t got = 0;
    EXPECT_EQ(cuMemPoolGetAttribute(pool, which, &got), CUDA_SUCCESS);
    return got;
  }
};

TEST_F(Pools, the_device_says_that_it_has_them) {
  int has = 0;
  ASSERT_EQ(cuDeviceGetAttribute(&has, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, device), CUDA_SUCCESS);
  EXPECT_EQ(has, 1);
}

TEST_F(Pools, allocations_come_from_the_current_pool) {
  CUmemoryPool standard = nullptr, current = nullptr, mine = make();
  ASSERT_EQ(cuDeviceGetDefaultMemPool(&standard, device), CUDA_SUCCESS);
  ASSERT_EQ(cuDeviceGetMemPool(&current, device), CUDA_SUCCESS);
  EXPECT_EQ(current, standard);
  ASSERT_EQ(cuDeviceSetMemPool(device, mine), CUDA_SUCCESS);
  CUdeviceptr address = 0;
  ASSERT_EQ(cuMemAllocAsync(&address, 1000, nullptr), CUDA_SUCCESS);
  CUmemoryPool from = nullptr;
  ASSERT_EQ(cuPointerGetAttribute(&from, CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, address), CUDA_SUCCESS);
  EXPECT_EQ(from, mine);
  EXPECT_EQ(value(mine, CU_MEMPOOL_ATTR_USED_MEM_CURRENT), 1000u);
  EXPECT_EQ(value(standard, CU_MEMPOOL_ATTR_USED_MEM_CURRENT), 0u);
  EXPECT_EQ(cuMemFreeAsync(address, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(value(mine, CU_MEMPOOL_ATTR_USED_MEM_CURRENT), 0u);
  EXPECT_EQ(value(mine, CU_MEMPOOL_ATTR_USED_MEM_HIGH), 1000u);
  cuuint64_t zero = 0;
  EXPECT_EQ(cuMemPoolSetAttribute(mine, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &zero), CUDA_SUCCESS);
  EXPECT_EQ(value(mine, CU_MEMPOOL_ATTR_USED_MEM_HIGH), 0u);
  EXPECT_EQ(cuMemPoolDestroy(mine), CUDA_SUCCESS);
  ASSERT_EQ(cuDeviceGetMemPool(&current, device), CUDA_SUCCESS);
  EXPECT_EQ(current, standard) << "a destroyed pool is current no more";
}

TEST_F(Pools, a_pool_gives_no_more_than_its_size) {
  CUmemoryPool pool = make(4096);
  CUdeviceptr one = 0, other = 0;
  ASSERT_EQ(cuMemAllocFromPoolAsync(&one, 4000, pool, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAllocFromPoolAsync(&other, 97, pool, nullptr), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemFree(one), CUDA_SUCCESS) << "cuMemFree takes stream-ordered memory too";
  EXPECT_EQ(cuMemAllocFromPoolAsync(&other, 4096, pool, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeAsync(other, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemPoolDestroy(pool), CUDA_SUCCESS);
}

TEST_F(Pools, memory_outlives_its_pool_but_not_its_free) {
  CUmemoryPool pool = make();
  CUdeviceptr address = 0;
  ASSERT_EQ(cuMemAllocFromPoolAsync(&address, 64, pool, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(cuMemPoolDestroy(pool), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAllocFromPoolAsync(&address, 64, pool, nullptr), CUDA_ERROR_INVALID_VALUE);
  write(address, rising(64));
  EXPECT_EQ(cuMemFreeAsync(address, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeAsync(address, nullptr), CUDA_ERROR_INVALID_VALUE);
  expect_one("double free", {"cuMemFreeAsync of", "into cuMemAllocFromPoolAsync"});
}

TEST_F(Pools, attributes_are_kept_and_access_is_the_devices_own) {
  CUmemoryPool pool = make();
  cuuint64_t threshold = 12345;
  ASSERT_EQ(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold), CUDA_SUCCESS);
  EXPECT_EQ(value(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD), 12345u);
  int off = 0, got = 1;
  ASSERT_EQ(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC, &off), CUDA_SUCCESS);
  ASSERT_EQ(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC, &got), CUDA_SUCCESS);
  EXPECT_EQ(got, 0);
  CUmemLocation here{CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  CUmemAccess_flags flags{};
  ASSERT_EQ(cuMemPoolGetAccess(&flags, pool, &here), CUDA_SUCCESS);
  EXPECT_EQ(flags, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
  CUmemAccessDesc elsewhere{{CU_MEM_LOCATION_TYPE_DEVICE, {1}}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  EXPECT_EQ(cuMemPoolSetAccess(pool, &elsewhere, 1), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuMemPoolTrimTo(pool, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemPoolDestroy(pool), CUDA_SUCCESS);
}

TEST_F(Pools, what_is_not_there_is_refused) {
  CUmemPoolProps wanted{};
  wanted.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  wanted.location = {CU_MEM_LOCATION_TYPE_HOST, {0}};
  CUmemoryPool pool = nullptr;
  EXPECT_EQ(cuMemPoolCreate(&pool, &wanted), CUDA_ERROR_NOT_SUPPORTED);
  wanted.location = {CU_MEM_LOCATION_TYPE_DEVICE, {3}};
  EXPECT_EQ(cuMemPoolCreate(&pool, &wanted), CUDA_ERROR_INVALID_DEVICE);
  CUmemoryPool standard = nullptr;
  ASSERT_EQ(cuDeviceGetDefaultMemPool(&standard, device), CUDA_SUCCESS);
  EXPECT_EQ(cuMemPoolDestroy(standard), CUDA_ERROR_INVALID_VALUE) << "the default pool stays";
  EXPECT_EQ(cuDeviceSetMemPool(device, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemPoolDestroy(nullptr), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
}  // namespace softcuda::tests
