#include "expect.h"

static __device__ int value = 2;
static __global__ void read(int* out) { *out = value; }

int value_of_the_other(int* out) {
  const int changed = 22;
  int back = 0;
  OK(cudaMemcpyToSymbol(value, &changed, sizeof changed));
  read<<<1, 1>>>(out);
  OK(cudaMemcpy(&back, out, sizeof back, cudaMemcpyDeviceToHost));
  return back;
}
