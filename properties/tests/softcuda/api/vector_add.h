#pragma once
#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {

/// Tests that run vector_add: c[i] = a[i] + b[i] for i < n, one thread an element.
class VectorAdd : public DeviceZero {
 protected:
  static CUmodule load_module() {
    CUmodule module = nullptr;
    EXPECT_EQ(cuModuleLoad(&module, IMAGES "/vector_add.ptx"), CUDA_SUCCESS);
    return module;
  }
  static CUfunction function_of(CUmodule module) {
    CUfunction function = nullptr;
    EXPECT_EQ(cuModuleGetFunction(&function, module, "vector_add"), CUDA_SUCCESS);
    return function;
  }
  static CUresult launch(CUfunction function, CUdeviceptr a, CUdeviceptr b, CUdeviceptr c, int n,
                         CUstream stream = nullptr) {
    void* parameters[] = {&a, &b, &c, &n};
    const auto blocks = static_cast<unsigned>((n + 127) / 128);
    return cuLaunchKernel(function, blocks, 1, 1, 128, 1, 1, 0, stream, parameters, nullptr);
  }
  /// What a kernel that reads through a null pointer answers, and leaves behind in its context.
  static CUresult fault(CUfunction function, CUstream stream = nullptr) {
    return launch(function, 0, 0, 0, 4, stream);
  }
};

}  // namespace softcuda::tests
