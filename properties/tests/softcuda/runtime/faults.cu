// Errors that pass, an error that stays, and a new start behind it.
#include <cstring>
#include <thread>

#include "expect.h"

__device__ int count;
__global__ void write(int* where) {
  *where = 1;
  ++count;
}

int main() {
  EXPECT_ERROR(cudaErrorInvalidDevice, cudaSetDevice(3));
  EXPECT(cudaPeekAtLastError() == cudaErrorInvalidDevice);
  std::thread([] { EXPECT(cudaPeekAtLastError() == cudaSuccess); }).join();  // each thread has its own
  EXPECT(cudaGetLastError() == cudaErrorInvalidDevice);
  OK(cudaGetLastError());

  int* good;
  OK(cudaMalloc(&good, sizeof(int)));
  write<<<1, 2048>>>(good);
  EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
  write<<<0, 1>>>(good);
  EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
  EXPECT_ERROR(cudaErrorInvalidDeviceFunction, cudaLaunchKernel(&count, 1, 1, nullptr, 0, nullptr));
  EXPECT(std::strcmp(cudaGetErrorName(cudaErrorInvalidDeviceFunction), "cudaErrorInvalidDeviceFunction") ==
         0);
  EXPECT(std::strcmp(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory") == 0);
  (void)cudaGetLastError();
  write<<<1, 1>>>(good);
  OK(cudaDeviceSynchronize());
  int counted = 0;
  OK(cudaMemcpyFromSymbol(&counted, count, sizeof counted));
  EXPECT(counted == 1);

  write<<<1, 1>>>(nullptr);
  EXPECT_ERROR(cudaErrorIllegalAddress, cudaDeviceSynchronize());
  EXPECT(cudaGetLastError() == cudaErrorIllegalAddress);
  EXPECT(cudaGetLastError() == cudaErrorIllegalAddress);  // it stays
  EXPECT_ERROR(cudaErrorIllegalAddress, cudaMalloc(&good, 4));

  OK(cudaDeviceReset());
  OK(cudaGetLastError());
  OK(cudaMalloc(&good, sizeof(int)));
  write<<<1, 1>>>(good);
  OK(cudaDeviceSynchronize());
  OK(cudaMemcpyFromSymbol(&counted, count, sizeof counted));
  EXPECT(counted == 1);  // variables are as they were at first
}
