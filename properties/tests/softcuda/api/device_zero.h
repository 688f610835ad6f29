#pragma once
#include <cstring>
#include <string>
#include <vector>

#include <cuda.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/softcuda/softcuda.h"

/// What every test of the driver API starts from: device 0, its primary context current, and what the
/// detectors report. A client sees no more of softcuda than this.
namespace softcuda::tests {

inline std::string name_of(CUresult code) {
  const char* name = nullptr;
  return cuGetErrorName(code, &name) == CUDA_SUCCESS ? name : "code " + std::to_string(code);
}

class DeviceZero : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuDeviceGet(&device, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, device), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS);
    softcudaReportsReset();
  }
  void TearDown() override {
    EXPECT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
    EXPECT_EQ(cuDevicePrimaryCtxRelease(device), CUDA_SUCCESS);
  }

  static CUdeviceptr allocate(std::size_t bytes) {
    CUdeviceptr address = 0;
    EXPECT_EQ(cuMemAlloc(&address, bytes), CUDA_SUCCESS);
    return address;
  }
  static std::vector<unsigned char> read(CUdeviceptr from, std::size_t bytes) {
    std::vector<unsigned char> got(bytes);
    EXPECT_EQ(cuMemcpyDtoH(got.data(), from, bytes), CUDA_SUCCESS);
    return got;
  }
  static void write(CUdeviceptr to, const std::vector<unsigned char>& bytes) {
    EXPECT_EQ(cuMemcpyHtoD(to, bytes.data(), bytes.size()), CUDA_SUCCESS);
  }
  /// 0, 1, 2 ... modulo 251
  static std::vector<unsigned char> rising(std::size_t bytes) {
    std::vector<unsigned char> made(bytes);
    for (std::size_t k = 0; k < bytes; ++k) made[k] = static_cast<unsigned char>(k % 251);
    return made;
  }
  static nlohmann::json reports() { return nlohmann::json::parse(softcudaReports()); }
  /// The one report that there is: its kind, and what its text must hold.
  static void expect_one(const std::string& kind, const std::vector<std::string>& parts) {
    const auto all = reports();
    ASSERT_EQ(all.size(), 1u) << all.dump(2);
    EXPECT_EQ(all[0]["kind"], kind);
    EXPECT_FALSE(all[0]["stopped"].get<bool>());
    const std::string text = all[0]["text"];
    for (const std::string& part : parts)
      EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }

  CUdevice device = -1;
  CUcontext context = nullptr;
};

}  // namespace softcuda::tests
