// Blocks of a cooperative launch, which grid.sync orders. See races.cu for the markers.
#include <cooperative_groups.h>
#define KERNEL extern "C" __global__ void

namespace cg = cooperative_groups;

// Each block reads what all others have written.
// PAIR first_grid_barrier: grid 5, block 64, cooperative
KERNEL first_grid_barrier_wrong(const float* in, float* out, int n) {
  const cg::grid_group grid = cg::this_grid();
  if (threadIdx.x == 0) out[blockIdx.x] = in[blockIdx.x] + 1;  // FAULT global_race OTHER
  float sum = 0;
  for (int block = 0; block < gridDim.x; ++block) sum += out[block];  // FAULT global_race OTHER
  grid.sync();
  if (threadIdx.x == 0) out[blockIdx.x] = sum;  // FAULT global_race OTHER
}
KERNEL first_grid_barrier_right(const float* in, float* out, int n) {
  const cg::grid_group grid = cg::this_grid();
  if (threadIdx.x == 0) out[blockIdx.x] = in[blockIdx.x] + 1;
  grid.sync();
  float sum = 0;
  for (int block = 0; block < gridDim.x; ++block) sum += out[block];
  grid.sync();
  if (threadIdx.x == 0) out[blockIdx.x] = sum;
}

// What several blocks read is written again too early.
// PAIR second_grid_barrier: grid 5, block 64, cooperative
KERNEL second_grid_barrier_wrong(const float* in, float* out, int n) {
  const cg::grid_group grid = cg::this_grid();
  if (threadIdx.x == 0) out[blockIdx.x] = in[blockIdx.x] + 1;
  grid.sync();
  float sum = 0;
  for (int block = 0; block < gridDim.x; ++block) sum += out[block];  // FAULT global_race OTHER
  if (threadIdx.x == 0) out[blockIdx.x] = sum;                        // FAULT global_race OTHER
}
KERNEL second_grid_barrier_right(const float* in, float* out, int n) {
  const cg::grid_group grid = cg::this_grid();
  if (threadIdx.x == 0) out[blockIdx.x] = in[blockIdx.x] + 1;
  grid.sync();
  float sum = 0;
  for (int block = 0; block < gridDim.x; ++block) sum += out[block];
  grid.sync();
  if (threadIdx.x == 0) out[blockIdx.x] = sum;
}

// Many rounds, each reading the neighbours of the last: a stencil that forgets the barrier in the last one.
// PAIR stencil: grid 4, block 32, cooperative
KERNEL stencil_wrong(const float* in, float* out, int n) {
  const cg::grid_group grid = cg::this_grid();
  const int at = grid.thread_rank(), all = grid.size();
  for (int round = 0; round < 6; ++round) {
    const float* from = round == 0 ? in : out + (round - 1) % 2 * all;
    const float left = from[(at + all - 1) % all];            // FAULT global_race OTHER
    out[round % 2 * all + at] = left + from[(at + 1) % all];  // FAULT global_race OTHER
    if (round < 4) grid.sync();
  }
}
KERNEL stencil_right(const float* in, float* out, int n) {
  const cg::grid_group grid = cg::this_grid();
  const int at = grid.thread_rank(), all = grid.size();
  for (int round = 0; round < 6; ++round) {
    const float* from = round == 0 ? in : out + (round - 1) % 2 * all;
    const float left = from[(at + all - 1) % all];
    out[round % 2 * all + at] = left + from[(at + 1) % all];
    grid.sync();
  }
}

// A block that leaves before the barrier is waited for in vain.
// PAIR leaves_before_the_barrier: grid 3, block 32, cooperative
KERNEL leaves_before_the_barrier_wrong(const float* in, float* out, int n) {
  if (blockIdx.x == 1) return;
  if (threadIdx.x == 0) out[blockIdx.x] = 1;
  cg::this_grid().sync();  // FAULT deadlock
}
KERNEL leaves_before_the_barrier_right(const float* in, float* out, int n) {
  if (blockIdx.x != 1 && threadIdx.x == 0) out[blockIdx.x] = 1;
  cg::this_grid().sync();
}
