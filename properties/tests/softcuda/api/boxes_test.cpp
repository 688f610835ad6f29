#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {
namespace {

/// cuMemcpy2D and cuMemcpy3D against loops over bytes.
class Boxes : public DeviceZero {
 protected:
  static CUDA_MEMCPY2D host_to_device(const void* from, std::size_t from_pitch, CUdeviceptr to,
                                      std::size_t to_pitch, std::size_t width, std::size_t height) {
    CUDA_MEMCPY2D p{};
    p.srcMemoryType = CU_MEMORYTYPE_HOST;
    p.srcHost = from;
    p.srcPitch = from_pitch;
    p.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    p.dstDevice = to;
    p.dstPitch = to_pitch;
    p.WidthInBytes = width;
    p.Height = height;
    return p;
  }
};

TEST_F(Boxes, every_direction_moves_the_same_rows) {
  constexpr std::size_t kWidth = 5, kHeight = 3, kFrom = 11, kTo = 16, kX = 2, kY = 1;
  const std::vector<unsigned char> source = rising(kFrom * 8);
  for (const CUmemorytype from : {CU_MEMORYTYPE_HOST, CU_MEMORYTYPE_DEVICE, CU_MEMORYTYPE_UNIFIED}) {
    for (const CUmemorytype to : {CU_MEMORYTYPE_HOST, CU_MEMORYTYPE_DEVICE, CU_MEMORYTYPE_UNIFIED}) {
      const CUdeviceptr device_from = allocate(source.size()), device_to = allocate(kTo * 8);
      write(device_from, source);
      ASSERT_EQ(cuMemsetD8(device_to, 0xee, kTo * 8), CUDA_SUCCESS);
      std::vector<unsigned char> host_to(kTo * 8, 0xee);
      CUDA_MEMCPY2D p{};
      p.srcMemoryType = from;
      p.srcHost = source.data();
      p.srcDevice = device_from;
      p.srcPitch = kFrom;
      p.srcXInBytes = kX;
      p.srcY = kY;
      p.dstMemoryType = to;
      p.dstHost = host_to.data();
      p.dstDevice = device_to;
      p.dstPitch = kTo;
      p.dstXInBytes = kX + 1;
      p.dstY = kY + 2;
      p.WidthInBytes = kWidth;
      p.Height = kHeight;
      ASSERT_EQ(cuMemcpy2D(&p), CUDA_SUCCESS) << from << " to " << to;
      std::vector<unsigned char> wanted(kTo * 8, 0xee);
      for (std::size_t y = 0; y < kHeight; ++y) {
        for (std::size_t x = 0; x < kWidth; ++x)
          wanted[(y + kY + 2) * kTo + x + kX + 1] = source[(y + kY) * kFrom + x + kX];
      }
      EXPECT_EQ(to == CU_MEMORYTYPE_HOST ? host_to : read(device_to, kTo * 8), wanted)
          << from << " to " << to;
      EXPECT_EQ(cuMemFree(device_from), CUDA_SUCCESS);
      EXPECT_EQ(cuMemFree(device_to), CUDA_SUCCESS);
    }
  }
}

TEST_F(Boxes, unified_addresses_lead_to_the_host_too) {
  const std::vector<unsigned char> source = rising(12);
  std::vector<unsigned char> target(12);
  CUDA_MEMCPY2D p{};
  p.srcMemoryType = p.dstMemoryType = CU_MEMORYTYPE_UNIFIED;
  p.srcDevice = reinterpret_cast<CUdeviceptr>(source.data());
  p.dstDevice = reinterpret_cast<CUdeviceptr>(target.data());
  p.srcPitch = p.dstPitch = p.WidthInBytes = 4;
  p.Height = 3;
  ASSERT_EQ(cuMemcpy2DUnaligned(&p), CUDA_SUCCESS);
  EXPECT_EQ(target, source);
}

TEST_F(Boxes, three_dimensions) {
  constexpr std::size_t kPitch = 8, kRows = 4, kSlices = 3;
  const std::vector<unsigned char> source = rising(kPitch * kRows * kSlices);
  const CUdeviceptr to = allocate(source.size());
  ASSERT_EQ(cuMemsetD8(to, 0, source.size()), CUDA_SUCCESS);
  CUDA_MEMCPY3D p{};
  p.srcMemoryType = CU_MEMORYTYPE_HOST;
  p.srcHost = source.data();
  p.srcPitch = p.dstPitch = kPitch;
  p.srcHeight = p.dstHeight = kRows;
  p.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  p.dstDevice = to;
  p.srcXInBytes = 1;
  p.srcY = 2;
  p.srcZ = p.dstZ = 1;
  p.WidthInBytes = 3;
  p.Height = 2;
  p.Depth = 2;
  ASSERT_EQ(cuMemcpy3D(&p), CUDA_SUCCESS);
  std::vector<unsigned char> wanted(source.size(), 0);
  for (std::size_t z = 0; z < 2; ++z) {
    for (std::size_t y = 0; y < 2; ++y) {
      for (std::size_t x = 0; x < 3; ++x)
        wanted[((z + 1) * kRows + y) * kPitch + x] = source[((z + 1) * kRows + y + 2) * kPitch + x + 1];
    }
  }
  EXPECT_EQ(read(to, source.size()), wanted);
}

TEST_F(Boxes, a_row_outside_is_reported_and_nothing_is_copied) {
  const std::vector<unsigned char> source = rising(64);
  const CUdeviceptr to = allocate(40);
  ASSERT_EQ(cuMemsetD8(to, 1, 40), CUDA_SUCCESS);
  const CUDA_MEMCPY2D p = host_to_device(source.data(), 8, to, 16, 8, 4);  // rows at 0, 16, 32 and 48
  EXPECT_EQ(cuMemcpy2DAsync(&p, nullptr), CUDA_ERROR_INVALID_VALUE);
  expect_one("out-of-bounds access", {"cuMemcpy2DAsync writes 8 bytes", "starts 8 bytes behind its end"});
  EXPECT_EQ(read(to, 40), std::vector<unsigned char>(40, 1));
}

TEST_F(Boxes, wrong_arguments) {
  const std::vector<unsigned char> source = rising(64);
  const CUdeviceptr to = allocate(64);
  EXPECT_EQ(cuMemcpy2D(nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpy3D(nullptr), CUDA_ERROR_INVALID_VALUE);
  CUDA_MEMCPY2D p = host_to_device(source.data(), 4, to, 8, 8, 2);
  EXPECT_EQ(cuMemcpy2D(&p), CUDA_ERROR_INVALID_VALUE) << "pitch below the width";
  p = host_to_device(source.data(), 8, to, 8, 8, SIZE_MAX);
  EXPECT_EQ(cuMemcpy2D(&p), CUDA_ERROR_INVALID_VALUE);
  p = host_to_device(nullptr, 8, to, 8, 8, 2);
  EXPECT_EQ(cuMemcpy2D(&p), CUDA_ERROR_INVALID_VALUE);
  p = host_to_device(source.data(), 8, to, 8, 8, 2);
  p.srcMemoryType = static_cast<CUmemorytype>(9);
  EXPECT_EQ(cuMemcpy2D(&p), CUDA_ERROR_INVALID_VALUE);
  p.srcMemoryType = CU_MEMORYTYPE_ARRAY;
  EXPECT_EQ(cuMemcpy2D(&p), CUDA_ERROR_NOT_SUPPORTED) << "there are no arrays";
  p = host_to_device(source.data(), 0, to, 0, 8, 1);
  EXPECT_EQ(cuMemcpy2D(&p), CUDA_SUCCESS) << "one row needs no pitch";
  EXPECT_EQ(reports().size(), 0u);
}

}  // namespace
}  // namespace softcuda::tests
