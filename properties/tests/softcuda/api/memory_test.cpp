#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {
namespace {

class Memory : public DeviceZero {};

TEST_F(Memory, pitch_holds_a_row_and_is_a_multiple_of_512) {
  CUdeviceptr address = 0;
  std::size_t pitch = 0;
  ASSERT_EQ(cuMemAllocPitch(&address, &pitch, 700, 3, 4), CUDA_SUCCESS);
  EXPECT_EQ(pitch, 1024u);
  std::size_t bytes = 0;
  ASSERT_EQ(cuMemGetAddressRange(nullptr, &bytes, address + 5), CUDA_SUCCESS);
  EXPECT_EQ(bytes, 3u * 1024);
  EXPECT_EQ(cuMemFree(address), CUDA_SUCCESS);
}

TEST_F(Memory, sizes_that_no_device_has_are_refused) {
  CUdeviceptr address = 0;
  std::size_t pitch = 0;
  EXPECT_EQ(cuMemAlloc(&address, SIZE_MAX), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAlloc(&address, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemAlloc(nullptr, 16), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemAllocPitch(&address, &pitch, 512, SIZE_MAX / 256, 4), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAllocPitch(&address, &pitch, 512, 4, 3), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemAllocManaged(&address, 16, 77), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(reports().size(), 0u);
}

TEST_F(Memory, info_counts_what_is_allocated) {
  std::size_t before = 0, after = 0, total = 0;
  ASSERT_EQ(cuMemGetInfo(&before, &total), CUDA_SUCCESS);
  const CUdeviceptr address = allocate(1 << 20);
  ASSERT_EQ(cuMemGetInfo(&after, &total), CUDA_SUCCESS);
  EXPECT_EQ(before - after, 1u << 20);
  EXPECT_LE(before, total);
  EXPECT_EQ(cuMemFree(address), CUDA_SUCCESS);
}

TEST_F(Memory, fills_write_elements_of_each_width) {
  const CUdeviceptr address = allocate(8);
  EXPECT_EQ(cuMemsetD32(address, 0x04030201, 2), CUDA_SUCCESS);
  EXPECT_EQ(read(address, 8), (std::vector<unsigned char>{1, 2, 3, 4, 1, 2, 3, 4}));
  EXPECT_EQ(cuMemsetD16(address + 2, 0x0a09, 2), CUDA_SUCCESS);
  EXPECT_EQ(read(address, 8), (std::vector<unsigned char>{1, 2, 9, 10, 9, 10, 3, 4}));
  EXPECT_EQ(cuMemsetD8(address, 7, 1), CUDA_SUCCESS);
  EXPECT_EQ(read(address, 1), (std::vector<unsigned char>{7}));
  EXPECT_EQ(cuMemsetD32(address + 2, 0, 1), CUDA_ERROR_INVALID_VALUE) << "not aligned to its element";
  EXPECT_EQ(cuMemsetD32(address, 0, SIZE_MAX), CUDA_ERROR_INVALID_VALUE) << "its bytes overflow";
}

TEST_F(Memory, fills_of_rows_leave_what_is_between_them) {
  const CUdeviceptr address = allocate(24);
  ASSERT_EQ(cuMemsetD8(address, 0xee, 24), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD2D16(address, 8, 0x0201, 3, 3), CUDA_SUCCESS);
  std::vector<unsigned char> row{1, 2, 1, 2, 1, 2, 0xee, 0xee}, wanted;
  for (int k = 0; k < 3; ++k) wanted.insert(wanted.end(), row.begin(), row.end());
  EXPECT_EQ(read(address, 24), wanted);
  EXPECT_EQ(cuMemsetD2D8(address, 4, 0, 8, 2), CUDA_ERROR_INVALID_VALUE) << "pitch below the width";
  EXPECT_EQ(reports().size(), 0u);
  EXPECT_EQ(cuMemsetD2D32(address, 8, 0, 2, 4), CUDA_ERROR_INVALID_VALUE) << "a fourth row is not there";
  expect_one("out-of-bounds access", {"cuMemsetD2D32 writes 8 bytes", "starts 0 bytes behind its end"});
  EXPECT_EQ(read(address, 24), wanted) << "a refused fill writes nothing";
}

TEST_F(Memory, pinned_memory_is_the_hosts_and_the_devices) {
  void* pinned = nullptr;
  ASSERT_EQ(cuMemHostAlloc(&pinned, 16, CU_MEMHOSTALLOC_PORTABLE), CUDA_SUCCESS);
  std::memset(pinned, 5, 16);
  CUdeviceptr address = 0;
  ASSERT_EQ(cuMemHostGetDevicePointer(&address, pinned, 0), CUDA_SUCCESS);
  EXPECT_EQ(read(address, 16), std::vector<unsigned char>(16, 5));
  unsigned flags = 0, type = 0;
  ASSERT_EQ(cuMemHostGetFlags(&flags, pinned), CUDA_SUCCESS);
  EXPECT_EQ(flags, unsigned{CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP});
  ASSERT_EQ(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address), CUDA_SUCCESS);
  EXPECT_EQ(type, unsigned{CU_MEMORYTYPE_HOST});
  EXPECT_EQ(cuMemFreeHost(pinned), CUDA_SUCCESS);
  EXPECT_EQ(cuMemHostAlloc(&pinned, 16, 0x80), CUDA_ERROR_INVALID_VALUE)
      << "a flag that cuda.h does not have";
}

TEST_F(Memory, registered_memory_can_be_copied_until_it_is_unregistered) {
  std::vector<unsigned char> mine = rising(100);
  ASSERT_EQ(cuMemHostRegister(mine.data(), 100, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemHostRegister(mine.data() + 50, 10, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
  CUdeviceptr address = 0;
  ASSERT_EQ(cuMemHostGetDevicePointer(&address, mine.data(), 0), CUDA_SUCCESS);
  const CUdeviceptr other = allocate(100);
  EXPECT_EQ(cuMemcpyDtoD(other, address, 100), CUDA_SUCCESS);
  EXPECT_EQ(read(other, 100), mine);
  EXPECT_EQ(cuMemsetD8(address, 9, 100), CUDA_SUCCESS);
  EXPECT_EQ(mine, std::vector<unsigned char>(100, 9));
  EXPECT_EQ(cuMemHostUnregister(mine.data()), CUDA_SUCCESS);
  EXPECT_EQ(cuMemHostUnregister(mine.data()), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
  EXPECT_EQ(cuMemHostGetDevicePointer(&address, mine.data(), 0), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Memory, kernels_use_registered_memory_under_every_detector) {
  char why[200] = "";
  ASSERT_EQ(softcudaSet("check", "all", why, sizeof why), 0) << why;
  CUmodule module = nullptr;
  CUfunction add = nullptr;
  ASSERT_EQ(cuModuleLoad(&module, IMAGES "/vector_add.ptx"), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetFunction(&add, module, "vector_add"), CUDA_SUCCESS);
  std::vector<float> a(100, 1.5f), b(100, 2.0f), sum(100, 0.0f);
  const auto address = [](std::vector<float>& of) { return reinterpret_cast<CUdeviceptr>(of.data()); };
  for (auto* one : {&a, &b, &sum}) ASSERT_EQ(cuMemHostRegister(one->data(), 400, 0), CUDA_SUCCESS);
  CUdeviceptr pa = address(a), pb = address(b), ps = address(sum);
  int n = 100;
  void* parameters[] = {&pa, &pb, &ps, &n};
  EXPECT_EQ(cuLaunchKernel(add, 1, 1, 1, 128, 1, 1, 0, nullptr, parameters, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(sum, std::vector<float>(100, 3.5f));
  EXPECT_EQ(reports().size(), 0u) << softcudaReports();
  for (auto* one : {&a, &b, &sum}) EXPECT_EQ(cuMemHostUnregister(one->data()), CUDA_SUCCESS);
  EXPECT_EQ(cuLaunchKernel(add, 1, 1, 1, 128, 1, 1, 0, nullptr, parameters, nullptr),
            CUDA_ERROR_ILLEGAL_ADDRESS);
  ASSERT_EQ(cuDevicePrimaryCtxReset(device), CUDA_SUCCESS);
  ASSERT_EQ(softcudaSet("check", "memory,sync", why, sizeof why), 0) << why;
}

TEST_F(Memory, attributes_of_pointers) {
  const CUdeviceptr address = allocate(64);
  unsigned type = 0, managed = 7;
  int ordinal = 7;
  std::size_t size = 0;
  CUcontext whose = nullptr;
  CUpointer_attribute which[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                 CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, CU_POINTER_ATTRIBUTE_RANGE_SIZE,
                                 CU_POINTER_ATTRIBUTE_CONTEXT};
  void* values[] = {&type, &managed, &ordinal, &size, &whose};
  ASSERT_EQ(cuPointerGetAttributes(5, which, values, address + 8), CUDA_SUCCESS);
  EXPECT_EQ(type, unsigned{CU_MEMORYTYPE_DEVICE});
  EXPECT_EQ(managed, 0u);
  EXPECT_EQ(ordinal, 0);
  EXPECT_EQ(size, 64u);
  EXPECT_EQ(whose, context);
  int mine = 0;
  const auto host = reinterpret_cast<CUdeviceptr>(&mine);
  ASSERT_EQ(cuPointerGetAttributes(5, which, values, host), CUDA_SUCCESS) << "a plain pointer is no mistake";
  EXPECT_EQ(type, 0u);
  EXPECT_EQ(ordinal, CU_DEVICE_INVALID);
  EXPECT_EQ(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, host), CUDA_ERROR_INVALID_VALUE);
  void* of_device = nullptr;
  EXPECT_EQ(cuPointerGetAttribute(&of_device, CU_POINTER_ATTRIBUTE_HOST_POINTER, address),
            CUDA_ERROR_INVALID_VALUE)
      << "a GPU's memory has no host pointer";
  CUdeviceptr both = 0;
  ASSERT_EQ(cuMemAllocManaged(&both, 64, CU_MEM_ATTACH_GLOBAL), CUDA_SUCCESS);
  ASSERT_EQ(cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, both), CUDA_SUCCESS);
  EXPECT_EQ(managed, 1u);
  EXPECT_EQ(reports().size(), 0u);
}

// What a GPU's driver answers with an error code alone, or not at all, is told with the call's name.
TEST_F(Memory, a_copy_beyond_an_allocation_is_reported) {
  const CUdeviceptr address = allocate(64);
  const std::vector<unsigned char> bytes = rising(80);
  EXPECT_EQ(cuMemcpyHtoD(address, bytes.data(), 80), CUDA_ERROR_INVALID_VALUE);
  expect_one("out-of-bounds access",
             {"cuMemcpyHtoD writes 80 bytes", "64 bytes at", "ends 16 bytes behind its end"});
}
TEST_F(Memory, a_copy_from_freed_memory_is_reported) {
  const CUdeviceptr address = allocate(64);
  ASSERT_EQ(cuMemFree(address), CUDA_SUCCESS);
  std::vector<unsigned char> bytes(8);
  EXPECT_EQ(cuMemcpyDtoH(bytes.data(), address + 16, 8), CUDA_ERROR_INVALID_VALUE);
  expect_one("use after free", {"cuMemcpyDtoH reads 8 bytes", "16 bytes into cuMemAlloc", "has been freed"});
}
TEST_F(Memory, a_host_pointer_into_freed_device_memory_is_reported) {
  const CUdeviceptr freed = allocate(64), live = allocate(64);
  ASSERT_EQ(cuMemFree(freed), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyHtoD(live, reinterpret_cast<const void*>(freed), 8), CUDA_ERROR_INVALID_VALUE);
  expect_one("use after free", {"cuMemcpyHtoD reads 8 bytes"});
}
TEST_F(Memory, a_second_free_is_reported) {
  const CUdeviceptr address = allocate(64);
  ASSERT_EQ(cuMemFree(address), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree(address), CUDA_ERROR_INVALID_VALUE);
  expect_one("double free", {"cuMemFree of", "which has been freed"});
}
TEST_F(Memory, a_free_of_the_middle_or_by_the_wrong_call_is_reported) {
  const CUdeviceptr address = allocate(64);
  EXPECT_EQ(cuMemFree(address + 8), CUDA_ERROR_INVALID_VALUE);
  expect_one("free of what is not allocated", {"cuMemFree of", "starts at byte 8"});
  softcudaReportsReset();
  EXPECT_EQ(cuMemFreeHost(reinterpret_cast<void*>(address)), CUDA_ERROR_INVALID_VALUE);
  expect_one("free of what is not allocated", {"cuMemFreeHost of", "which another call has allocated"});
  EXPECT_EQ(cuMemFree(address), CUDA_SUCCESS);
}
TEST_F(Memory, the_same_mistake_again_is_one_report_with_a_count) {
  std::vector<unsigned char> bytes(8);
  for (int k = 0; k < 100; ++k) EXPECT_EQ(cuMemcpyDtoH(bytes.data(), 16, 8), CUDA_ERROR_INVALID_VALUE);
  expect_one("null pointer", {"cuMemcpyDtoH reads 8 bytes at 0x10"});
  EXPECT_EQ(reports()[0]["count"], 100);
}

}  // namespace
}  // namespace softcuda::tests
