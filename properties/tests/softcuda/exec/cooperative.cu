// Blocks that meet: grid.sync of cooperative groups. Parameters: out, n.
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

/// Prefix sums of 1..size by doubling: each step reads what other blocks wrote in the last one.
extern "C" __global__ void prefix_sums(unsigned* out, unsigned n) {
  const cg::grid_group grid = cg::this_grid();
  const unsigned at = grid.thread_rank(), all = grid.size();
  unsigned *from = out, *to = out + all;
  from[at] = at + 1;
  grid.sync();
  for (unsigned step = 1; step < all; step *= 2) {
    to[at] = from[at] + (at >= step ? from[at - step] : 0);
    grid.sync();
    unsigned* swap = from;
    from = to;
    to = swap;
  }
  const unsigned sum = from[at];
  grid.sync();
  out[at] = sum;
}

/// Blocks from n on leave before the barrier that the others wait at.
extern "C" __global__ void some_leave(unsigned* out, unsigned n) {
  if (blockIdx.x >= n) return;
  cg::this_grid().sync();
  out[blockIdx.x] = 1;
}

/// One block works for long, and has block barriers of its own, while the others wait for it.
extern "C" __global__ void one_works(unsigned* out, unsigned n) {
  __shared__ unsigned sum;
  const cg::grid_group grid = cg::this_grid();
  if (blockIdx.x == 0) {
    sum = 0;
    for (unsigned k = 0; k < n; ++k) {
      __syncthreads();
      if (threadIdx.x == k % blockDim.x) sum += k;
    }
    __syncthreads();
    if (threadIdx.x == 0) out[0] = sum;
  }
  grid.sync();
  if (threadIdx.x == 0 && blockIdx.x != 0) out[blockIdx.x] = out[0] + blockIdx.x;
}
