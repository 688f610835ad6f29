/// What kernels usually do: transpose, reduction, histogram, scan, barriers by name, two blocks talking.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

extern "C" __global__ void transpose(const float* in, float* out, int rows, int columns) {
  __shared__ float tile[32][33];
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8) {
    if (x < columns && y + j < rows) tile[threadIdx.y + j][threadIdx.x] = in[(y + j) * columns + x];
  }
  __syncthreads();
  x = blockIdx.y * 32 + threadIdx.x;
  y = blockIdx.x * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8) {
    if (x < rows && y + j < columns) out[(y + j) * rows + x] = tile[threadIdx.x][threadIdx.y + j];
  }
}

extern "C" __global__ void sum(const int* in, int* out, int n) {
  __shared__ int parts[32];
  int r = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) r += in[i];
  for (int offset = 16; offset > 0; offset /= 2) r += __shfl_down_sync(0xffffffffu, r, offset);
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = r;
  __syncthreads();
  if (threadIdx.x < 32) {
    r = threadIdx.x < blockDim.x / 32 ? parts[threadIdx.x] : 0;
    for (int offset = 16; offset > 0; offset /= 2) r += __shfl_down_sync(0xffffffffu, r, offset);
    if (threadIdx.x == 0) atomicAdd(out, r);
  }
}

extern "C" __global__ void histogram(const unsigned char* in, unsigned* out, int n) {
  __shared__ unsigned bins[256];
  for (int i = threadIdx.x; i < 256; i += blockDim.x) bins[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&bins[in[i]], 1u);
  __syncthreads();
  for (int i = threadIdx.x; i < 256; i += blockDim.x) atomicAdd(&out[i], bins[i]);
}

/// Inclusive scan of one block, doubling.
extern "C" __global__ void scan(int* x, int n) {
  extern __shared__ int s[];
  const int i = threadIdx.x;
  s[i] = i < n ? x[i] : 0;
  for (int offset = 1; offset < blockDim.x; offset *= 2) {
    __syncthreads();
    const int add = i >= offset ? s[i - offset] : 0;
    __syncthreads();
    s[i] += add;
  }
  if (i < n) x[i] = s[i];
}

/// Two pairs of warps, each with a barrier of its own, and a reduction over one.
extern "C" __global__ void named_barriers(int* x, int n) {
  __shared__ int s[128];
  const int t = threadIdx.x, pair = t / 64;
  s[t] = t * n;
  if (pair == 0)
    asm volatile("bar.sync 3, 64;" ::: "memory");
  else
    asm volatile("bar.sync 4, 64;" ::: "memory");
  const int other = s[t ^ 32];
  const int odd = __syncthreads_count(other % 2);
  x[t] = other * 1000 + odd + (__syncthreads_and(t >= 0) ? 1 : 0) + (__syncthreads_or(t == 5) ? 2 : 0);
}

/// The last block to arrive adds up what all have left.
__device__ unsigned arrived;
extern "C" __global__ void last_block(int* parts, int* out, int n) {
  __shared__ bool last;
  parts[blockIdx.x * blockDim.x + threadIdx.x] = n + static_cast<int>(blockIdx.x);
  __threadfence();
  if (threadIdx.x == 0) last = atomicInc(&arrived, gridDim.x - 1) == gridDim.x - 1;
  __syncthreads();
  if (last && threadIdx.x == 0) {
    int r = 0;
    for (unsigned i = 0; i < gridDim.x * blockDim.x; ++i) r += reinterpret_cast<volatile int*>(parts)[i];
    *out = r;
  }
}

/// Block b waits for block b - 1: blocks start in order.
extern "C" __global__ void chained(volatile int* x, int n) {
  if (threadIdx.x == 0) {
    while (blockIdx.x > 0 && x[blockIdx.x - 1] == 0) {
    }
    x[blockIdx.x] = (blockIdx.x > 0 ? x[blockIdx.x - 1] : 0) + n;
  }
}

/// Groups of two warps sum up and wait for each other: their barriers lie in the runtime's reserved shared
/// memory.
extern "C" __global__ void sum_of_tiles(int* out) {
  namespace cg = cooperative_groups;
  __shared__ int own[128];
  auto const tile = cg::tiled_partition<64>(cg::this_thread_block());
  own[threadIdx.x] = static_cast<int>(threadIdx.x);
  tile.sync();
  int const first = own[threadIdx.x / 64 * 64], last = own[threadIdx.x / 64 * 64 + 63];
  out[threadIdx.x] = cg::reduce(tile, first + last, cg::plus<int>());
}
