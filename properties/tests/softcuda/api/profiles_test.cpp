#include <set>

#include "properties/tests/softcuda/api/vector_add.h"

namespace softcuda::tests {
namespace {

/// Tests that let the device pass for another GPU.
class Profiles : public VectorAdd {
 protected:
  void TearDown() override {
    pass_for("sm_80");
    VectorAdd::TearDown();
  }
  static void pass_for(const char* name) {
    char why[200] = "";
    ASSERT_EQ(softcudaSet("device", name, why, sizeof why), 0) << why;
  }
  int attribute(CUdevice_attribute which) const {
    int value = -7;
    EXPECT_EQ(cuDeviceGetAttribute(&value, which, device), CUDA_SUCCESS) << which;
    return value;
  }
  static std::string ptx(const char* target) {
    return std::string(".version 8.8\n.target ") + target +
           "\n.address_size 64\n.visible .entry k() { .shared .align 4 .b8 t[4096]; ret; }\n";
  }
};

struct Figures {
  const char* name;
  int major, minor, shared_kb, shared_kb_of_all, threads, blocks;
};
// "Technical Specifications per Compute Capability", CUDA C++ Programming Guide 13.0.
constexpr Figures kFigures[] = {{"sm_80", 8, 0, 163, 164, 2048, 32},   {"sm_86", 8, 6, 99, 100, 1536, 16},
                                {"sm_89", 8, 9, 99, 100, 1536, 24},    {"sm_90", 9, 0, 227, 228, 2048, 32},
                                {"sm_100", 10, 0, 227, 228, 2048, 32}, {"sm_120", 12, 0, 99, 100, 1536, 24}};

TEST_F(Profiles, attributes_are_the_guides) {
  for (const Figures& f : kFigures) {
    pass_for(f.name);
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR), f.major) << f.name;
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR), f.minor) << f.name;
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN), f.shared_kb * 1024) << f.name;
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR), f.shared_kb_of_all * 1024)
        << f.name;
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR), f.threads) << f.name;
    EXPECT_EQ(attribute(CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR), f.blocks) << f.name;
    EXPECT_GT(attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT), 0) << f.name;
  }
}

TEST_F(Profiles, every_attribute_of_cuda_h_is_answered_and_no_other) {
  for (int which = CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK; which < CU_DEVICE_ATTRIBUTE_MAX; ++which)
    EXPECT_NE(attribute(static_cast<CUdevice_attribute>(which)), -7);
  int value = -7;
  for (const int which : {-1, 0, int{CU_DEVICE_ATTRIBUTE_MAX}, 5000})
    EXPECT_EQ(cuDeviceGetAttribute(&value, static_cast<CUdevice_attribute>(which), device),
              CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(value, -7);
}

TEST_F(Profiles, each_has_a_name_and_a_uuid_of_its_own) {
  std::set<std::string> names, uuids;
  for (const Figures& f : kFigures) {
    pass_for(f.name);
    char name[64] = "";
    CUuuid uuid{};
    ASSERT_EQ(cuDeviceGetName(name, sizeof name, device), CUDA_SUCCESS);
    ASSERT_EQ(cuDeviceGetUuid(&uuid, device), CUDA_SUCCESS);
    EXPECT_NE(std::string(name).find(f.name), std::string::npos) << name;
    names.insert(name);
    uuids.insert(std::string(uuid.bytes, sizeof uuid.bytes));
  }
  EXPECT_EQ(names.size(), std::size(kFigures));
  EXPECT_EQ(uuids.size(), std::size(kFigures));
}

TEST_F(Profiles, a_launch_has_the_devices_shared_memory) {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  ASSERT_EQ(cuModuleLoadData(&module, ptx("sm_80").c_str()), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetFunction(&function, module, "k"), CUDA_SUCCESS);
  const auto most = CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
  for (const Figures& f : kFigures) {
    pass_for(f.name);
    const int left = (f.shared_kb - 4) * 1024;
    EXPECT_EQ(cuFuncSetAttribute(function, most, left + 1), CUDA_ERROR_INVALID_VALUE) << f.name;
    ASSERT_EQ(cuFuncSetAttribute(function, most, left), CUDA_SUCCESS) << f.name;
    EXPECT_EQ(
        cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, static_cast<unsigned>(left), nullptr, nullptr, nullptr),
        CUDA_SUCCESS)
        << f.name;
    int blocks = 0;
    ASSERT_EQ(
        cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function, 32, static_cast<std::size_t>(left)),
        CUDA_SUCCESS);
    EXPECT_EQ(blocks, 1) << f.name;
    ASSERT_EQ(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function, 512, 0), CUDA_SUCCESS);
    EXPECT_EQ(blocks, f.threads / 512) << f.name;
  }
  pass_for("sm_90");
  ASSERT_EQ(cuFuncSetAttribute(function, most, 200 * 1024), CUDA_SUCCESS);
  pass_for("sm_80");
  EXPECT_EQ(cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 200 * 1024, nullptr, nullptr, nullptr),
            CUDA_ERROR_INVALID_VALUE)
      << "the device's limit counts, whatever was set before";
  int version = 0;
  ASSERT_EQ(cuFuncGetAttribute(&version, CU_FUNC_ATTRIBUTE_PTX_VERSION, function), CUDA_SUCCESS);
  EXPECT_EQ(version, 80);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(Profiles, ptx_for_a_newer_device_is_refused_in_a_sentence) {
  char log[300] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  CUmodule module = nullptr;
  const std::string text = ptx("sm_90a");
  EXPECT_EQ(cuModuleLoadDataEx(&module, text.c_str(), 2, options, values), CUDA_ERROR_INVALID_PTX);
  for (const char* const part : {"sm_90a", "sm_80", "SOFTCUDA_DEVICE"})
    EXPECT_NE(std::string(log).find(part), std::string::npos) << log;
  pass_for("sm_90");
  ASSERT_EQ(cuModuleLoadData(&module, text.c_str()), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  pass_for("sm_120");
  EXPECT_EQ(cuModuleLoadData(&module, text.c_str()), CUDA_ERROR_INVALID_PTX) << "sm_90a is for 9.0 alone";
}

TEST_F(Profiles, of_a_fat_binary_the_newest_ptx_that_fits_is_taken) {
  CUmodule module = nullptr;
  const auto version = [&] {
    int got = 0;
    EXPECT_EQ(cuFuncGetAttribute(&got, CU_FUNC_ATTRIBUTE_PTX_VERSION, function_of(module)), CUDA_SUCCESS);
    EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
    return got;
  };
  const char* const several = IMAGES "/86_and_100.fatbin";
  char log[300] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  CUlibrary library = nullptr;
  EXPECT_EQ(cuLibraryLoadFromFile(&library, several, options, values, 2, nullptr, nullptr, 0),
            CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT_NE(std::string(log).find("compute_86"), std::string::npos) << log;
  pass_for("sm_90");
  ASSERT_EQ(cuModuleLoad(&module, several), CUDA_SUCCESS);
  EXPECT_EQ(version(), 86);
  pass_for("sm_120");
  ASSERT_EQ(cuModuleLoad(&module, several), CUDA_SUCCESS);
  EXPECT_EQ(version(), 100);
}

TEST_F(Profiles, another_name_is_an_error_that_lists_them) {
  char why[200] = "";
  EXPECT_EQ(softcudaSet("device", "sm_70", why, sizeof why), 1);
  EXPECT_NE(std::string(why).find("sm_100"), std::string::npos) << why;
}

}  // namespace
}  // namespace softcuda::tests
