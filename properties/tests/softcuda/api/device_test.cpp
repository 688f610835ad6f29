#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {
namespace {

class Device : public DeviceZero {};

TEST_F(Device, there_is_one) {
  int count = 0;
  ASSERT_EQ(cuDeviceGetCount(&count), CUDA_SUCCESS);
  EXPECT_EQ(count, 1);
  CUdevice other = 0;
  EXPECT_EQ(cuDeviceGet(&other, 1), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuDeviceGet(&other, -1), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuDeviceGet(nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuDeviceGetCount(nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuInit(1), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Device, its_name_is_cut_to_the_callers_size) {
  char name[9] = "........";
  ASSERT_EQ(cuDeviceGetName(name, 6, device), CUDA_SUCCESS);
  EXPECT_EQ(std::strlen(name), 5u);
  EXPECT_EQ(name[6], '.');
  EXPECT_EQ(cuDeviceGetName(name, 0, device), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuDeviceGetName(nullptr, 9, device), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Device, it_is_no_peer_of_itself) {
  int can = 7;
  ASSERT_EQ(cuDeviceCanAccessPeer(&can, device, device), CUDA_SUCCESS);
  EXPECT_EQ(can, 0);
  EXPECT_EQ(cuDeviceCanAccessPeer(&can, device, 1), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(Device, its_bus_address_finds_it) {
  char id[20] = "";
  CUdevice found = -1;
  ASSERT_EQ(cuDeviceGetPCIBusId(id, sizeof id, device), CUDA_SUCCESS);
  ASSERT_EQ(cuDeviceGetByPCIBusId(&found, id), CUDA_SUCCESS);
  EXPECT_EQ(found, device);
  EXPECT_EQ(cuDeviceGetByPCIBusId(&found, "0000:01:00.0"), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuDeviceGetByPCIBusId(&found, nullptr), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
}  // namespace softcuda::tests
