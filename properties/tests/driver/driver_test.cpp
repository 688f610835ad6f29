#include "harness/driver/driver.h"

#include <cstdlib>

#include <dlfcn.h>
#include <gmock/gmock.h>

namespace flashdiff::driver {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string softcuda = FLASHDIFF_BINARY_DIR "/softcuda/libcuda.so.1";

/// FLASHDIFF_SOFTCUDA for the life of the object.
class Pointed {
 public:
  explicit Pointed(const std::string& file) { setenv("FLASHDIFF_SOFTCUDA", file.c_str(), 1); }
  ~Pointed() { unsetenv("FLASHDIFF_SOFTCUDA"); }
  Pointed(const Pointed&) = delete;
  Pointed& operator=(const Pointed&) = delete;
};

Error error_of(DeviceChoice choice) {
  const auto driver = Driver::load(choice);
  return driver ? Error{ErrorKind::harness, "loaded", {}} : driver.error();
}

TEST(DriverLoad, TheSoftwareDriverIsFoundAndSaysWhatItIs) {
  const auto driver = Driver::load(DeviceChoice::soft);
  ASSERT_TRUE(driver) << driver.error().what;
  EXPECT_TRUE((*driver)->is_soft());
  EXPECT_EQ((*driver)->version(), "13.0");
  const auto found = devices(**driver);
  ASSERT_TRUE(found) << found.error().what;
  ASSERT_EQ(found->size(), 1u);
  EXPECT_THAT((*found)[0].name, HasSubstr("softcuda"));
  EXPECT_EQ((*found)[0].compute_major * 10 + (*found)[0].compute_minor, 80);
  EXPECT_GT((*found)[0].memory_bytes, 1u << 30);
}

TEST(DriverLoad, WhatIsNotThereIsNamed) {
  const Pointed nowhere("/no/such/libcuda.so.1");
  const Error error = error_of(DeviceChoice::soft);
  EXPECT_EQ(error.kind, ErrorKind::unsupported);
  EXPECT_THAT(error.what, HasSubstr("/no/such/libcuda.so.1"));
}

TEST(DriverLoad, ALibraryThatIsNoneOrNotOursIsRefused) {
  {
    const Pointed text(FLASHDIFF_SOURCE_DIR "/README.md");
    EXPECT_THAT(error_of(DeviceChoice::soft).what, HasSubstr("README.md"));
  }
  const Pointed other("libm.so.6");
  EXPECT_THAT(error_of(DeviceChoice::soft).what, AllOf(HasSubstr("libm.so.6"), HasSubstr("not softcuda")));
}

TEST(DriverLoad, AGpuIsNotTheSoftwareDriverUnderItsName) {
  // Once a library of this soname is loaded, dlopen by the name finds it: as LD_LIBRARY_PATH would.
  ASSERT_NE(dlopen(softcuda.c_str(), RTLD_NOW | RTLD_LOCAL), nullptr);
  const Error error = error_of(DeviceChoice::gpu);
  if (error.what == "loaded") GTEST_SKIP() << "SKIPPED: there is a GPU here";
  EXPECT_EQ(error.kind, ErrorKind::unsupported);
  EXPECT_THAT(error.what, AllOf(HasSubstr("libcuda.so.1"), HasSubstr("softcuda, not a GPU")));
  EXPECT_TRUE(Driver::load(DeviceChoice::automatic)) << "automatic goes on to softcuda";
}

TEST(DriverCheck, NamesTheCallAndTheResult) {
  const auto driver = Driver::load(DeviceChoice::soft).value();
  EXPECT_TRUE(driver->check(CUDA_SUCCESS, "cuInit"));
  const auto memory = driver->check(CUDA_ERROR_OUT_OF_MEMORY, "cuMemAlloc");
  EXPECT_EQ(memory.error().kind, ErrorKind::harness);
  EXPECT_THAT(memory.error().what, HasSubstr("cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY: "));
  for (const CUresult fault :
       {CUDA_ERROR_ILLEGAL_ADDRESS, CUDA_ERROR_MISALIGNED_ADDRESS, CUDA_ERROR_LAUNCH_TIMEOUT})
    EXPECT_EQ(driver->check(fault, "cuCtxSynchronize").error().kind, ErrorKind::device_fault);
  const auto unknown = driver->check(static_cast<CUresult>(987654), "cuInit");
  EXPECT_THAT(unknown.error().what, HasSubstr("an error without a name"));
}

}  // namespace
}  // namespace flashdiff::driver
