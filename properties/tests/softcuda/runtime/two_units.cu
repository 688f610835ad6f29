// Two translation units, each with a fat binary, a kernel and a variable of its own, of the same names.
#include "expect.h"

static __device__ int value = 1;
static __global__ void read(int* out) { *out = value; }

int value_of_the_other(int* out);

int main() {
  int *out, mine = 0;
  OK(cudaMalloc(&out, sizeof(int)));
  read<<<1, 1>>>(out);
  OK(cudaMemcpy(&mine, out, sizeof mine, cudaMemcpyDeviceToHost));
  EXPECT(mine == 1);
  EXPECT(value_of_the_other(out) == 22);
}
