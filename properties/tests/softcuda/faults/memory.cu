// Accesses that memory does not allow. See races.cu for the markers.
#define KERNEL extern "C" __global__ void

// PAIR one_behind: grid 2, block 32
KERNEL one_behind_wrong(const float* in, float* out, int n) {
  out[threadIdx.x] = in[n - 32 + blockIdx.x + threadIdx.x];  // FAULT out_of_bounds
}
KERNEL one_behind_right(const float* in, float* out, int n) {
  out[blockIdx.x * 32 + threadIdx.x] = in[n - 32 + threadIdx.x];
}

// PAIR before_the_start: grid 1, block 32
KERNEL before_the_start_wrong(const float* in, float* out, int n) {
  out[static_cast<int>(threadIdx.x) - 1] = 1;  // FAULT out_of_bounds
}
KERNEL before_the_start_right(const float* in, float* out, int n) {
  if (threadIdx.x > 0) out[static_cast<int>(threadIdx.x) - 1] = 1;
}

// PAIR misaligned_vector: grid 1, block 32
KERNEL misaligned_vector_wrong(const float* in, float* out, int n) {
  const float4 x = *reinterpret_cast<const float4*>(in + threadIdx.x);  // FAULT misaligned
  out[threadIdx.x] = x.x + x.y + x.z + x.w;
}
KERNEL misaligned_vector_right(const float* in, float* out, int n) {
  const float4 x = *reinterpret_cast<const float4*>(in + 4 * threadIdx.x);
  out[threadIdx.x] = x.x + x.y + x.z + x.w;
}

// PAIR behind_shared: grid 1, block 32
KERNEL behind_shared_wrong(const float* in, float* out, int n) {
  __shared__ float tile[32];
  tile[threadIdx.x + (n > 0)] = in[threadIdx.x];  // FAULT out_of_bounds
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}
KERNEL behind_shared_right(const float* in, float* out, int n) {
  __shared__ float tile[33];
  tile[threadIdx.x + (n > 0)] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x + 1];
}

// PAIR null_pointer: grid 1, block 32
KERNEL null_pointer_wrong(const float* in, float* out, int n) {
  const float* none;
  asm volatile("mov.u64 %0, 0;" : "=l"(none));  // the compiler takes a null that it sees for impossible
  out[threadIdx.x] = none[threadIdx.x];         // FAULT null_pointer
}
KERNEL null_pointer_right(const float* in, float* out, int n) {
  const float* some;
  asm volatile("mov.u64 %0, %1;" : "=l"(some) : "l"(in));
  out[threadIdx.x] = some[threadIdx.x];
}

// A generic address of shared memory, taken for one of global memory.
// PAIR other_space: grid 1, block 32
KERNEL other_space_wrong(const float* in, float* out, int n) {
  __shared__ float tile[32];
  tile[threadIdx.x] = in[threadIdx.x];
  float x;
  asm volatile("ld.global.f32 %0, [%1];" : "=f"(x) : "l"(tile + threadIdx.x));  // FAULT wrong_space
  out[threadIdx.x] = x;
}
KERNEL other_space_right(const float* in, float* out, int n) {
  __shared__ float tile[32];
  tile[threadIdx.x] = in[threadIdx.x];
  float x;
  asm volatile("ld.f32 %0, [%1];" : "=f"(x) : "l"(tile + threadIdx.x));
  out[threadIdx.x] = x;
}

__constant__ float table[32];

// A pointer to constant memory that has lost its const, and that the compiler cannot follow.
// PAIR constant: grid 1, block 32
KERNEL constant_wrong(const float* in, float* out, int n) {
  float* entry;
  asm volatile("mov.u64 %0, %1;" : "=l"(entry) : "l"(table + threadIdx.x));
  *entry = in[threadIdx.x];  // FAULT constant_written
  out[threadIdx.x] = *entry;
}
KERNEL constant_right(const float* in, float* out, int n) {
  out[threadIdx.x] = in[threadIdx.x] + table[threadIdx.x];
}

// PAIR failed: grid 1, block 32
KERNEL failed_wrong(const float* in, float* out, int n) {
  if (threadIdx.x == 7) __trap();  // FAULT trap
  out[threadIdx.x] = 1;
}
KERNEL failed_right(const float* in, float* out, int n) {
  if (threadIdx.x == 77) __trap();
  out[threadIdx.x] = 1;
}
