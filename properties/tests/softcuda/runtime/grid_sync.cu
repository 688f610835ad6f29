// Blocks that meet, by the runtime's call for it.
#include <vector>

#include <cooperative_groups.h>

#include "expect.h"

__global__ void rotate(int* values) {
  const auto grid = cooperative_groups::this_grid();
  const int at = grid.thread_rank(), all = grid.size();
  const int next = values[(at + 1) % all];
  grid.sync();
  values[at] = next;
}

int main() {
  int can = 0, *values;
  OK(cudaDeviceGetAttribute(&can, cudaDevAttrCooperativeLaunch, 0));
  EXPECT(can == 1);
  std::vector<int> host(300);
  for (int i = 0; i < 300; ++i) host[i] = i;
  OK(cudaMalloc(&values, 300 * sizeof(int)));
  OK(cudaMemcpy(values, host.data(), 300 * sizeof(int), cudaMemcpyHostToDevice));
  void* arguments[] = {&values};
  OK(cudaLaunchCooperativeKernel(rotate, dim3(3), dim3(100), arguments));
  OK(cudaMemcpy(host.data(), values, 300 * sizeof(int), cudaMemcpyDeviceToHost));
  for (int i = 0; i < 300; ++i) EXPECT(host[i] == (i + 1) % 300);
  EXPECT(cudaLaunchCooperativeKernel(rotate, dim3(108 * 2 + 1), dim3(1024), arguments) ==
         cudaErrorCooperativeLaunchTooLarge);
  OK(cudaFree(values));
}
