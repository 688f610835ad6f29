// __constant__, __device__ and __managed__ variables, written and read by the host.
#include "expect.h"

__constant__ float weights[4] = {1, 2, 3, 4};
__device__ int counter = 5;
__managed__ int shared_with_host = 7;
__device__ float untouched[8];

__global__ void use(float* out) {
  out[threadIdx.x] = weights[threadIdx.x];
  if (threadIdx.x == 0) {
    ++counter;
    ++shared_with_host;
  }
}

int main() {
  EXPECT(shared_with_host == 7);
  shared_with_host = 10;
  float* out;
  float back[4];
  OK(cudaMalloc(&out, sizeof back));
  use<<<1, 4>>>(out);
  OK(cudaMemcpy(back, out, sizeof back, cudaMemcpyDeviceToHost));
  EXPECT(back[0] == 1 && back[3] == 4 && shared_with_host == 11);
  const float changed[2] = {-1, -2};
  OK(cudaMemcpyToSymbol(weights, changed, sizeof changed, 2 * sizeof(float)));
  use<<<1, 4>>>(out);
  OK(cudaMemcpy(back, out, sizeof back, cudaMemcpyDeviceToHost));
  EXPECT(back[1] == 2 && back[2] == -1 && back[3] == -2);
  int count = 0;
  OK(cudaMemcpyFromSymbol(&count, counter, sizeof count));
  EXPECT(count == 7);
  void* address;
  std::size_t bytes = 0;
  OK(cudaGetSymbolAddress(&address, untouched));
  OK(cudaGetSymbolSize(&bytes, untouched));
  EXPECT(bytes == sizeof untouched);
  OK(cudaMemset(address, 0, bytes));
  EXPECT_ERROR(cudaErrorInvalidValue, cudaMemcpyToSymbol(weights, back, sizeof back, 4));
  EXPECT_ERROR(cudaErrorInvalidMemcpyDirection,
               cudaMemcpyToSymbol(weights, back, 4, 0, cudaMemcpyDeviceToHost));
  EXPECT_ERROR(cudaErrorInvalidSymbol, cudaMemcpyToSymbol(back, back, 4));
}
