// Wrong use of barriers and member masks. See races.cu for the markers.
#define KERNEL extern "C" __global__ void

// PAIR divergent_barrier: grid 1, block 64
KERNEL divergent_barrier_wrong(const float* in, float* out, int n) {
  if (threadIdx.x % 2 == 0) {
    out[threadIdx.x] = 1;
    __syncthreads();  // OTHER FAULT divergent_barrier
    out[threadIdx.x] += 1;
  } else {
    out[threadIdx.x] = 2;
    __syncthreads();  // FAULT divergent_barrier
    out[threadIdx.x] += 3;
  }
}
KERNEL divergent_barrier_right(const float* in, float* out, int n) {
  out[threadIdx.x] = threadIdx.x % 2 == 0 ? 1 : 2;
  __syncthreads();
  out[threadIdx.x] += threadIdx.x % 2 == 0 ? 1 : 3;
}

// PAIR odd_count: grid 1, block 64
KERNEL odd_count_wrong(const float* in, float* out, int n) {
  if (threadIdx.x < 32) asm volatile("barrier.sync 1, 48;" ::: "memory");  // FAULT barrier_count
  if (threadIdx.x >= 32 && threadIdx.x < 48)
    asm volatile("barrier.sync 1, 48;" ::: "memory");  // FAULT barrier_count
  out[threadIdx.x] = 1;
}
KERNEL odd_count_right(const float* in, float* out, int n) {
  asm volatile("barrier.sync 1, 64;" ::: "memory");
  out[threadIdx.x] = 1;
}

// PAIR counts_disagree: grid 1, block 96
KERNEL counts_disagree_wrong(const float* in, float* out, int n) {
  if (threadIdx.x < 32)
    asm volatile("bar.sync 1, 64;" ::: "memory");  // FAULT barrier_count deadlock
  else if (threadIdx.x < 64)
    asm volatile("bar.sync 1, 96;" ::: "memory");  // FAULT barrier_count deadlock
  else
    asm volatile("bar.sync 1, 96;" ::: "memory");  // FAULT barrier_count deadlock
  out[threadIdx.x] = 1;
}
KERNEL counts_disagree_right(const float* in, float* out, int n) {
  asm volatile("bar.sync 1, 96;" ::: "memory");
  out[threadIdx.x] = 1;
}

// Lanes that have left are named in a mask.
// PAIR mask_of_exited: grid 1, block 32
KERNEL mask_of_exited_wrong(const float* in, float* out, int n) {
  if (threadIdx.x >= 24) return;
  const float x = __shfl_down_sync(0xffffffffu, in[threadIdx.x], 1);  // FAULT absent_member
  out[threadIdx.x] = x;
}
KERNEL mask_of_exited_right(const float* in, float* out, int n) {
  if (threadIdx.x >= 24) return;
  const float x = __shfl_down_sync(0xffffffu, in[threadIdx.x], 1);
  out[threadIdx.x] = x;
}

// PAIR not_in_own_mask: grid 1, block 32
KERNEL not_in_own_mask_wrong(const float* in, float* out, int n) {
  out[threadIdx.x] = __ballot_sync(0xffff, in[threadIdx.x] > 2);  // FAULT divergent_sync
}
KERNEL not_in_own_mask_right(const float* in, float* out, int n) {
  if (threadIdx.x < 16) out[threadIdx.x] = __ballot_sync(0xffff, in[threadIdx.x] > 2);
}

// One warp waits for the others at a barrier that they never come to.
// PAIR skipped_barrier: grid 1, block 64
KERNEL skipped_barrier_wrong(const float* in, float* out, int n) {
  if (threadIdx.x < 32) asm volatile("bar.sync 1, 64;" ::: "memory");  // FAULT deadlock
  out[threadIdx.x] = 1;
  __syncthreads();  // FAULT deadlock
}
KERNEL skipped_barrier_right(const float* in, float* out, int n) {
  asm volatile("bar.sync 1, 64;" ::: "memory");
  out[threadIdx.x] = 1;
  __syncthreads();
}
