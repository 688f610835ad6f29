// Races between blocks in global memory. See races.cu for the markers.
#define KERNEL extern "C" __global__ void

// PAIR overlapping_rows: grid 3, block 32
KERNEL overlapping_rows_wrong(const float* in, float* out, int n) {
  out[blockIdx.x * 31 + threadIdx.x] = blockIdx.x + 1;  // FAULT global_race OTHER
}
KERNEL overlapping_rows_right(const float* in, float* out, int n) {
  out[blockIdx.x * 32 + threadIdx.x] = blockIdx.x + 1;
}

// Rows of an odd number of 16-bit elements share words, but no bytes.
// PAIR odd_rows: grid 4, block 32
KERNEL odd_rows_wrong(const float* in, float* out, int n) {
  auto* rows = reinterpret_cast<unsigned short*>(out);
  if (threadIdx.x < 8) rows[blockIdx.x * 7 + threadIdx.x] = blockIdx.x + 1;  // FAULT global_race OTHER
}
KERNEL odd_rows_right(const float* in, float* out, int n) {
  auto* rows = reinterpret_cast<unsigned short*>(out);
  if (threadIdx.x < 7) rows[blockIdx.x * 7 + threadIdx.x] = blockIdx.x + 1;
}

// A block reads its neighbour's result of the same launch.
// PAIR reads_neighbour: grid 4, block 32
KERNEL reads_neighbour_wrong(const float* in, float* out, int n) {
  const int at = blockIdx.x * 32 + threadIdx.x;
  out[at] = in[at];                                  // FAULT global_race OTHER
  if (blockIdx.x > 0) out[128 + at] = out[at - 32];  // FAULT global_race OTHER
}
KERNEL reads_neighbour_right(const float* in, float* out, int n) {
  const int at = blockIdx.x * 32 + threadIdx.x;
  out[at] = in[at];
  if (blockIdx.x > 0) out[128 + at] = in[at - 32];
}

// The last block adds up what all have left: it may, if each has fenced before it counted itself
// ("threadFenceReduction"). PAIR last_block: grid 4, block 32
KERNEL last_block_wrong(const float* in, float* out, int n) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    out[blockIdx.x] = in[blockIdx.x];  // OTHER
    last = atomicAdd(reinterpret_cast<unsigned*>(out) + 8, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (last && threadIdx.x < 4) out[16 + threadIdx.x] = 2 * out[threadIdx.x];  // FAULT global_race
}
KERNEL last_block_right(const float* in, float* out, int n) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    out[blockIdx.x] = in[blockIdx.x];
    __threadfence();
    last = atomicAdd(reinterpret_cast<unsigned*>(out) + 8, 1u) == gridDim.x - 1;
    __threadfence();
  }
  __syncthreads();
  if (last && threadIdx.x < 4) out[16 + threadIdx.x] = 2 * out[threadIdx.x];
}

// PAIR sum_without_atomic: grid 4, block 32
KERNEL sum_without_atomic_wrong(const float* in, float* out, int n) {
  if (threadIdx.x == 0) out[0] += in[blockIdx.x];  // FAULT global_race OTHER
}
KERNEL sum_without_atomic_right(const float* in, float* out, int n) {
  if (threadIdx.x == 0) atomicAdd(out, in[blockIdx.x]);
}
