// Asynchronous copies: waits that are missing, too weak, or for too few groups. See races.cu for the markers.
#include <cuda_pipeline_primitives.h>

#define KERNEL extern "C" __global__ void

// PAIR read_before_wait: grid 1, block 32
KERNEL read_before_wait_wrong(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[128];
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, in + 4 * threadIdx.x, 16);  // OTHER
  __pipeline_commit();
  const float x = tile[4 * threadIdx.x];  // FAULT copy_race
  __pipeline_wait_prior(0);
  out[threadIdx.x] = x;
}
KERNEL read_before_wait_right(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[128];
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, in + 4 * threadIdx.x, 16);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  out[threadIdx.x] = tile[4 * threadIdx.x];
}

// A thread waits for its own copies only: those of others are there behind a barrier.
// PAIR wait_without_barrier: grid 1, block 64
KERNEL wait_without_barrier_wrong(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[256];
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, in + 4 * threadIdx.x, 16);  // OTHER
  __pipeline_commit();
  __pipeline_wait_prior(0);
  out[threadIdx.x] = tile[4 * (63 - threadIdx.x)];  // FAULT shared_race copy_race
}
KERNEL wait_without_barrier_right(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[256];
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, in + 4 * threadIdx.x, 16);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  out[threadIdx.x] = tile[4 * (63 - threadIdx.x)];
}

// Two stages: one group may stay under way, not two.
// PAIR wait_for_too_few: grid 1, block 64
KERNEL wait_for_too_few_wrong(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[2][256];
  const int at = 4 * threadIdx.x;
  __pipeline_memcpy_async(&tile[0][at], in + at, 16);  // FAULT copy_race
  __pipeline_commit();
  float sum = 0;
  for (int k = 0; k < 4; ++k) {
    if (k < 3)
      __pipeline_memcpy_async(&tile[(k + 1) % 2][at], in + 256 * ((k + 1) % 2) + at, 16);  // FAULT copy_race
    __pipeline_commit();
    __pipeline_wait_prior(2);
    __syncthreads();
    sum += tile[k % 2][255 - at];  // FAULT copy_race
    __syncthreads();
  }
  out[threadIdx.x] = sum;
}
KERNEL wait_for_too_few_right(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[2][256];
  const int at = 4 * threadIdx.x;
  __pipeline_memcpy_async(&tile[0][at], in + at, 16);
  __pipeline_commit();
  float sum = 0;
  for (int k = 0; k < 4; ++k) {
    if (k < 3) __pipeline_memcpy_async(&tile[(k + 1) % 2][at], in + 256 * ((k + 1) % 2) + at, 16);
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    sum += tile[k % 2][255 - at];
    __syncthreads();
  }
  out[threadIdx.x] = sum;
}

// A stage is filled again while slower warps still read it.
// PAIR refilled_too_early: grid 1, block 64
KERNEL refilled_too_early_wrong(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[256];
  const int at = 4 * threadIdx.x;
  float sum = 0;
  for (int k = 0; k < 3; ++k) {
    __pipeline_memcpy_async(tile + at, in + at, 16);  // FAULT shared_race copy_race
    __pipeline_commit();
    __pipeline_wait_prior(0);
    __syncthreads();
    sum += tile[255 - at];  // OTHER
  }
  out[threadIdx.x] = sum;
}
KERNEL refilled_too_early_right(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[256];
  const int at = 4 * threadIdx.x;
  float sum = 0;
  for (int k = 0; k < 3; ++k) {
    __pipeline_memcpy_async(tile + at, in + at, 16);
    __pipeline_commit();
    __pipeline_wait_prior(0);
    __syncthreads();
    sum += tile[255 - at];
    __syncthreads();
  }
  out[threadIdx.x] = sum;
}

// PAIR never_committed: grid 1, block 32
KERNEL never_committed_wrong(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[128];
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, in + 4 * threadIdx.x, 16);
  __pipeline_wait_prior(0);  // FAULT uncommitted_copy
  out[threadIdx.x] = threadIdx.x;
}
KERNEL never_committed_right(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[128];
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, in + 4 * threadIdx.x, 16);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  out[threadIdx.x] = threadIdx.x;
}

// The last rows of a tile lie behind the tensor: a copy with source size 0 reads nothing.
// PAIR copy_behind_the_end: grid 1, block 64
KERNEL copy_behind_the_end_wrong(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[256];
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, in + n - 128 + 4 * threadIdx.x, 16);  // FAULT out_of_bounds
  __pipeline_commit();
  __pipeline_wait_prior(0);
  out[threadIdx.x] = tile[4 * threadIdx.x];
}
KERNEL copy_behind_the_end_right(const float* in, float* out, int n) {
  __shared__ alignas(16) float tile[256];
  const bool there = threadIdx.x < 32;
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, in + n - 128 + 4 * threadIdx.x, 16, there ? 0 : 16);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  out[threadIdx.x] = tile[4 * threadIdx.x];
}
