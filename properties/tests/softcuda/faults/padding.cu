// Accesses inside an allocation, but to no element of the tensors described there. Rows have 32 floats, of
// which 30 are columns; rows 0 to 4 are one sequence, row 6 is another. FAULT NAME marks the line of
// NAME_wrong.
#include <cuda_pipeline_primitives.h>

#define KERNEL extern "C" __global__ void
constexpr int kRow = 32, kColumns = 30;

// A tile of 8 rows is read as a whole, and what is behind the sequence is masked afterwards: the result is
// right, as long as the padding holds no NaN.
KERNEL masked_row_wrong(const float* k, float* o, int rows) {
  if (blockIdx.x != 0 || threadIdx.x >= kColumns) return;
  float sum = 0;
  for (int row = 0; row < 8; ++row) {
    const float x = k[row * kRow + threadIdx.x];  // FAULT masked_row
    sum += row < rows ? x : 0;
  }
  o[threadIdx.x] = sum;
}
KERNEL masked_row_right(const float* k, float* o, int rows) {
  if (blockIdx.x != 0 || threadIdx.x >= kColumns) return;
  float sum = 0;
  for (int row = 0; row < rows; ++row) sum += k[row * kRow + threadIdx.x];
  o[threadIdx.x] = sum;
}

KERNEL masked_column_wrong(const float* k, float* o, int) {
  if (blockIdx.x != 0) return;
  float x;
  asm volatile("ld.global.f32 %0, [%1];" : "=f"(x) : "l"(k + threadIdx.x));  // FAULT masked_column
  if (threadIdx.x < kColumns) o[threadIdx.x] = x;
}
KERNEL masked_column_right(const float* k, float* o, int) {
  if (blockIdx.x == 0 && threadIdx.x < kColumns) o[threadIdx.x] = k[threadIdx.x];
}

// Sixteen bytes a lane: half of the last ones are gap.
KERNEL vector_load_wrong(const float* k, float* o, int) {
  if (blockIdx.x != 0 || threadIdx.x >= 8) return;
  const float4 x = reinterpret_cast<const float4*>(k)[threadIdx.x];  // FAULT vector_load
  o[threadIdx.x] = x.x + x.y + (threadIdx.x < 7 ? x.z + x.w : 0);
}
KERNEL vector_load_right(const float* k, float* o, int) {
  if (blockIdx.x != 0 || threadIdx.x >= 7) return;
  const float4 x = reinterpret_cast<const float4*>(k)[threadIdx.x];
  o[threadIdx.x] = x.x + x.y + x.z + x.w;
}

// A copy with source size 0 reads nothing.
KERNEL copy_wrong(const float* k, float* o, int) {
  __shared__ alignas(16) float tile[64];
  if (blockIdx.x != 0 || threadIdx.x >= 14) return;
  const int row = threadIdx.x / 7, column = threadIdx.x % 7 * 4;
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, k + (6 + row) * kRow + column, 16);  // FAULT copy
  __pipeline_commit();
  __pipeline_wait_prior(0);
  if (row == 0) o[threadIdx.x] = tile[4 * threadIdx.x];
}
KERNEL copy_right(const float* k, float* o, int) {
  __shared__ alignas(16) float tile[64];
  if (blockIdx.x != 0 || threadIdx.x >= 14) return;
  const int row = threadIdx.x / 7, column = threadIdx.x % 7 * 4;
  __pipeline_memcpy_async(tile + 4 * threadIdx.x, k + (6 + row) * kRow + column, 16, row == 0 ? 0 : 16);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  if (row == 0) o[threadIdx.x] = tile[4 * threadIdx.x];
}

KERNEL atomic_wrong(const float*, float* o, int) {
  if (threadIdx.x == 3) atomicAdd(o + 5 * kRow + threadIdx.x, 1.0f);  // FAULT atomic
}
KERNEL atomic_right(const float*, float* o, int) {
  if (threadIdx.x == 3) atomicAdd(o + 6 * kRow + threadIdx.x, 1.0f);
}

KERNEL written_wrong(const float*, float* o, int) {
  if (blockIdx.x == 0 && threadIdx.x < kColumns) o[5 * kRow + threadIdx.x] = 0;  // FAULT written
}
KERNEL written_right(const float*, float* o, int) {
  if (blockIdx.x == 0 && threadIdx.x < kColumns) o[6 * kRow + threadIdx.x] = 0;
}

KERNEL both_blocks_write(const float*, float* o, int) {
  if (threadIdx.x == 7) o[2 * kRow + threadIdx.x] = blockIdx.x;
}
KERNEL behind_the_allocation(const float* k, float* o, int rows) {
  o[threadIdx.x] = k[rows * kRow + threadIdx.x];
}
