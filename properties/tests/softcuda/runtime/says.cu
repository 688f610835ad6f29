// printf from device code.
#include "expect.h"

__global__ void hello(float x) {
  if (threadIdx.x == 3) printf("block %d, thread %d: %s %.2f\n", blockIdx.x, threadIdx.x, "says", x);
}
int main() {
  hello<<<2, 32>>>(1.25f);
  OK(cudaDeviceSynchronize());
}
