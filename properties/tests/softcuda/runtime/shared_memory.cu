// Dynamic shared memory, above 48 KiB too; occupancy; a launch by cudaLaunchKernelEx.
#include "expect.h"

template <class T>
__global__ void reversed(T* data, int n) {
  extern __shared__ unsigned char bytes[];
  T* const tile = reinterpret_cast<T*>(bytes);
  for (int i = threadIdx.x; i < n; i += blockDim.x) tile[i] = data[i];
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) data[i] = tile[n - 1 - i];
}

template <class T>
void run(int n, bool by_config) {
  T* data;
  const std::size_t bytes = n * sizeof(T);
  OK(cudaMallocManaged(&data, bytes));
  for (int i = 0; i < n; ++i) data[i] = static_cast<T>(i % 100);
  if (bytes > 48 * 1024)
    OK(cudaFuncSetAttribute(reversed<T>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                            static_cast<int>(bytes)));
  if (by_config) {
    cudaLaunchConfig_t config{};
    config.gridDim = 1;
    config.blockDim = 64;
    config.dynamicSmemBytes = bytes;
    OK(cudaLaunchKernelEx(&config, reversed<T>, data, n));
  } else {
    reversed<<<1, 64, bytes>>>(data, n);
  }
  OK(cudaDeviceSynchronize());
  for (int i = 0; i < n; ++i) EXPECT(data[i] == static_cast<T>((n - 1 - i) % 100));
  OK(cudaFree(data));
}

int main() {
  run<int>(100, false);
  run<double>(1000, true);
  int* some;
  OK(cudaMalloc(&some, 64));
  reversed<int><<<1, 32, 100 * 1024>>>(some, 16);  // above 48 KiB, and not asked for
  EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
  run<float>(20 * 1024, false);
  int blocks = 0, size = 0, grid = 0;
  OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, reversed<float>, 256, 0));
  OK(cudaOccupancyMaxPotentialBlockSize(&grid, &size, reversed<float>, 0, 0));
  EXPECT(blocks >= 1 && size >= 32 && size <= 1024 && grid >= 1);
  cudaFuncAttributes attributes;
  OK(cudaFuncGetAttributes(&attributes, reversed<float>));
  EXPECT(attributes.maxThreadsPerBlock == 1024 && attributes.maxDynamicSharedSizeBytes == 80 * 1024);
}
