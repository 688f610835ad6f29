#include <dlfcn.h>
#include <gmock/gmock.h>

// What cuDNN's run-time compiler and NVRTC look up in a libcuda by hand, before they do anything: softcuda
// has it all.

namespace flashdiff::cudnn {
namespace {

class DriverNames : public ::testing::Test {
 protected:
  void* driver_ = dlopen(FLASHDIFF_BINARY_DIR "/softcuda/libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
};

TEST_F(DriverNames, AreThereByTheirPlainNames) {
  ASSERT_NE(driver_, nullptr) << dlerror();
  for (const char* name :
       {"cuInit", "cuDeviceGetCount", "cuCtxPopCurrent", "cuCtxPushCurrent", "cuLinkCreate", "cuLinkAddData",
        "cuLinkComplete", "cuLinkDestroy", "cuOccupancyMaxPotentialClusterSize", "cuLibraryLoadData",
        "cuLibraryGetKernel", "cuLibraryUnload", "cuGetExportTable"})
    EXPECT_NE(dlsym(driver_, name), nullptr) << name;
}

TEST_F(DriverNames, PrivateTablesAndLinkingAreRefused) {
  ASSERT_NE(driver_, nullptr) << dlerror();
  constexpr int kNotSupported = 801;
  const auto table_of =
      reinterpret_cast<int (*)(const void**, const void*)>(dlsym(driver_, "cuGetExportTable"));
  const void* table = &table_of;
  EXPECT_EQ(table_of(&table, nullptr), kNotSupported);
  EXPECT_EQ(table, nullptr);
  const auto link = reinterpret_cast<int (*)(unsigned, void*, void*, void**)>(dlsym(driver_, "cuLinkCreate"));
  void* state = nullptr;
  EXPECT_EQ(link(0, nullptr, nullptr, &state), kNotSupported);
}

}  // namespace
}  // namespace flashdiff::cudnn
