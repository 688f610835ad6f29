#include <fstream>
#include <sstream>

#include "properties/tests/softcuda/api/vector_add.h"

namespace softcuda::tests {
namespace {

/// Two kernels, a variable of the device and one in constant memory.
constexpr const char* kText = R"(
.version 8.0
.target sm_80
.address_size 64
.global .align 4 .u32 counter = 5;
.const .align 4 .b8 table[12];
.visible .entry first(.param .u64 first_a, .param .u32 first_b) { ret; }
.visible .entry second() {
  .reg .u32 %r<2>;
  ld.global.u32 %r1, [counter];
  add.u32 %r1, %r1, 1;
  st.global.u32 [counter], %r1;
  ret;
}
)";

class Modules : public VectorAdd {
 protected:
  static CUmodule load(const char* text) {
    CUmodule module = nullptr;
    EXPECT_EQ(cuModuleLoadData(&module, text), CUDA_SUCCESS);
    return module;
  }
  static CUfunction find(CUmodule module, const char* name) {
    CUfunction function = nullptr;
    EXPECT_EQ(cuModuleGetFunction(&function, module, name), CUDA_SUCCESS);
    return function;
  }
  static std::string bytes_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

TEST_F(Modules, functions_are_found_by_name_counted_and_listed) {
  CUmodule module = load(kText);
  const CUfunction first = find(module, "first"), second = find(module, "second");
  EXPECT_NE(first, second);
  EXPECT_EQ(find(module, "first"), first) << "the same handle again";
  CUfunction function = nullptr;
  EXPECT_EQ(cuModuleGetFunction(&function, module, "third"), CUDA_ERROR_NOT_FOUND);
  unsigned count = 0;
  ASSERT_EQ(cuModuleGetFunctionCount(&count, module), CUDA_SUCCESS);
  EXPECT_EQ(count, 2u);
  CUfunction all[2] = {};
  ASSERT_EQ(cuModuleEnumerateFunctions(all, 2, module), CUDA_SUCCESS);
  EXPECT_EQ(all[0], first);
  EXPECT_EQ(all[1], second);
  const char* name = nullptr;
  CUmodule whose = nullptr;
  ASSERT_EQ(cuFuncGetName(&name, second), CUDA_SUCCESS);
  EXPECT_STREQ(name, "second");
  ASSERT_EQ(cuFuncGetModule(&whose, second), CUDA_SUCCESS);
  EXPECT_EQ(whose, module);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(Modules, parameters_are_told_as_the_kernel_lays_them_out) {
  CUmodule module = load(kText);
  std::size_t offset = 99, bytes = 99;
  ASSERT_EQ(cuFuncGetParamInfo(find(module, "first"), 1, &offset, &bytes), CUDA_SUCCESS);
  EXPECT_EQ(offset, 8u);
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(cuFuncGetParamInfo(find(module, "first"), 2, &offset, &bytes), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(Modules, variables_belong_to_their_module) {
  CUmodule module = load(kText), other = load(kText);
  CUdeviceptr one = 0, two = 0;
  std::size_t bytes = 0;
  ASSERT_EQ(cuModuleGetGlobal(&one, &bytes, module, "counter"), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetGlobal(&two, nullptr, other, "counter"), CUDA_SUCCESS);
  EXPECT_EQ(bytes, 4u);
  ASSERT_EQ(cuLaunchKernel(find(module, "second"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr),
            CUDA_SUCCESS);
  EXPECT_EQ(read(one, 4)[0], 6);
  EXPECT_EQ(read(two, 4)[0], 5);
  EXPECT_EQ(cuModuleGetGlobal(&one, &bytes, module, "first"), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(other), CUDA_SUCCESS);
}

TEST_F(Modules, attributes_of_functions) {
  CUmodule module = load(kText);
  const CUfunction first = find(module, "first");
  const auto value = [&](CUfunction_attribute which) {
    int got = -1;
    EXPECT_EQ(cuFuncGetAttribute(&got, which, first), CUDA_SUCCESS) << which;
    return got;
  };
  EXPECT_EQ(value(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK), 1024);
  EXPECT_EQ(value(CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES), 12);
  EXPECT_EQ(value(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES), 0);
  EXPECT_EQ(value(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES), 48 * 1024);
  EXPECT_EQ(cuFuncSetAttribute(first, CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 50), CUDA_SUCCESS);
  EXPECT_EQ(value(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT), 50);
  EXPECT_EQ(cuFuncSetAttribute(first, CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 101),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuFuncSetAttribute(first, CU_FUNC_ATTRIBUTE_NUM_REGS, 8), CUDA_ERROR_INVALID_VALUE)
      << "is read only";
  EXPECT_EQ(cuFuncSetAttribute(first, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, 2), CUDA_ERROR_NOT_SUPPORTED);
  int got = 0;
  EXPECT_EQ(cuFuncGetAttribute(&got, static_cast<CUfunction_attribute>(77), first), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(Modules, a_library_outlives_contexts) {
  CUlibrary library = nullptr;
  CUkernel kernel = nullptr;
  CUfunction function = nullptr;
  CUcontext made = nullptr;
  unsigned count = 0;
  ASSERT_EQ(cuCtxCreate(&made, nullptr, 0, device), CUDA_SUCCESS);
  ASSERT_EQ(cuLibraryLoadData(&library, kText, nullptr, nullptr, 0, nullptr, nullptr, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuLibraryGetKernelCount(&count, library), CUDA_SUCCESS);
  EXPECT_EQ(count, 2u);
  ASSERT_EQ(cuLibraryGetKernel(&kernel, library, "second"), CUDA_SUCCESS);
  ASSERT_EQ(cuKernelGetFunction(&function, kernel), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
  const auto run = [](CUfunction f) {
    return cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr);
  };
  EXPECT_EQ(run(function), CUDA_SUCCESS);
  EXPECT_EQ(run(reinterpret_cast<CUfunction>(kernel)), CUDA_SUCCESS) << "a launch takes a CUkernel too";
  CUdeviceptr counter = 0;
  ASSERT_EQ(cuLibraryGetGlobal(&counter, nullptr, library, "counter"), CUDA_SUCCESS);
  EXPECT_EQ(read(counter, 4)[0], 7);
  CUlibrary whose = nullptr;
  ASSERT_EQ(cuKernelGetLibrary(&whose, kernel), CUDA_SUCCESS);
  EXPECT_EQ(whose, library);
  EXPECT_EQ(cuLibraryUnload(library), CUDA_SUCCESS);
  EXPECT_EQ(run(function), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuKernelGetFunction(&function, kernel), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuLibraryUnload(library), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Modules, what_is_wrong_with_ptx_is_in_the_callers_log) {
  char log[300] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  CUmodule module = nullptr;
  const std::string text = std::string(kText) + ".visible .entry third() {\n  frobnicate.u32 1;\n}\n";
  EXPECT_EQ(cuModuleLoadDataEx(&module, text.c_str(), 2, options, values), CUDA_ERROR_INVALID_PTX);
  EXPECT_NE(std::string(log).find("frobnicate"), std::string::npos) << log;
  EXPECT_NE(std::string(log).find("third"), std::string::npos) << log;
  values[1] = reinterpret_cast<void*>(std::size_t{8});
  EXPECT_EQ(cuModuleLoadDataEx(&module, text.c_str(), 2, options, values), CUDA_ERROR_INVALID_PTX);
  EXPECT_EQ(std::strlen(log), 7u) << "cut to the caller's size";
}

TEST_F(Modules, machine_code_loads_and_its_launch_says_that_it_cannot_run) {
  const std::string code = bytes_of(IMAGES "/vector_add.cubin");
  CUmodule module = nullptr;
  ASSERT_EQ(cuModuleLoadData(&module, code.data()), CUDA_SUCCESS);
  const CUfunction function = function_of(module);
  EXPECT_EQ(launch(function, 0, 0, 0, 4), CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS) << "nothing is broken by it";
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  EXPECT_EQ(launch(function, 0, 0, 0, 4), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Modules, wrong_arguments) {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CUlibrary library = nullptr;
  unsigned count = 0;
  EXPECT_EQ(cuModuleLoadData(nullptr, kText), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleLoadData(&module, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleLoadDataEx(&module, kText, 1, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleLoad(&module, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleLoad(&module, IMAGES "/there is no such file"), CUDA_ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(cuLibraryLoadFromFile(&library, IMAGES "/nor this", nullptr, nullptr, 0, nullptr, nullptr, 0),
            CUDA_ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(cuModuleUnload(nullptr), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuModuleGetFunction(&function, nullptr, "first"), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuModuleGetFunctionCount(&count, nullptr), CUDA_ERROR_INVALID_HANDLE);
  CUmodule real = load(kText);
  EXPECT_EQ(cuModuleGetFunction(&function, real, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuModuleGetFunction(nullptr, real, "first"), CUDA_ERROR_INVALID_VALUE);
  function = find(real, "first");
  EXPECT_EQ(cuModuleUnload(real), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(real), CUDA_ERROR_INVALID_HANDLE);
  const char* name = nullptr;
  int value = 0, blocks = 0;
  std::size_t offset = 0;
  int mine[8] = {};
  for (CUfunction wrong : {CUfunction{}, function, reinterpret_cast<CUfunction>(mine)}) {
    EXPECT_EQ(cuFuncGetName(&name, wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuFuncGetModule(&module, wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, wrong), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuFuncSetAttribute(wrong, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 0),
              CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuFuncSetCacheConfig(wrong, CU_FUNC_CACHE_PREFER_L1), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuFuncGetParamInfo(wrong, 0, &offset, nullptr), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, wrong, 32, 0), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(launch(wrong, 0, 0, 0, 4), CUDA_ERROR_INVALID_HANDLE);
  }
}

}  // namespace
}  // namespace softcuda::tests
