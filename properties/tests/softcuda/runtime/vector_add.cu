// The first program that everybody writes.
#include <vector>

#include "expect.h"

__global__ void vector_add(const float* a, const float* b, float* c, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}

int main() {
  const int n = 1000;
  std::vector<float> a(n), b(n), c(n);
  for (int i = 0; i < n; ++i) a[i] = 0.5f * i, b[i] = 2.0f * i;
  float *on_a, *on_b, *on_c;
  OK(cudaMalloc(&on_a, n * sizeof(float)));
  OK(cudaMalloc(&on_b, n * sizeof(float)));
  OK(cudaMalloc(&on_c, n * sizeof(float)));
  OK(cudaMemcpy(on_a, a.data(), n * sizeof(float), cudaMemcpyHostToDevice));
  OK(cudaMemcpy(on_b, b.data(), n * sizeof(float), cudaMemcpyDefault));
  vector_add<<<(n + 255) / 256, 256>>>(on_a, on_b, on_c, n);
  OK(cudaGetLastError());
  OK(cudaDeviceSynchronize());
  OK(cudaMemcpy(c.data(), on_c, n * sizeof(float), cudaMemcpyDeviceToHost));
  for (int i = 0; i < n; ++i) EXPECT(c[i] == 2.5f * i);
  for (float* p : {on_a, on_b, on_c}) OK(cudaFree(p));
  int devices = 0, runtime = 0, driver = 0, warp = 0;
  OK(cudaGetDeviceCount(&devices));
  OK(cudaRuntimeGetVersion(&runtime));
  OK(cudaDriverGetVersion(&driver));
  EXPECT(devices == 1 && runtime == CUDART_VERSION && driver / 1000 >= runtime / 1000);
  cudaDeviceProp properties;
  OK(cudaGetDeviceProperties(&properties, 0));
  OK(cudaDeviceGetAttribute(&warp, cudaDevAttrWarpSize, 0));
  EXPECT(properties.major == 8 && properties.warpSize == 32 && warp == 32 && properties.name[0] != '\0');
  EXPECT(properties.sharedMemPerBlockOptin > 48 * 1024 && properties.maxGridSize[1] == 65535);
}
