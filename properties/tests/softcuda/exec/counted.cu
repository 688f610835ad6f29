/// Kernels whose sectors, wavefronts and operations follow on paper: counted_test.cpp does the sums. Each
/// memory access stands on a line of its own.
#include <cuda_fp16.h>

// One warp a block; lane l takes element stride * l + first.
extern "C" __global__ void strided(const float* in, float* out, int stride, int first) {
  out[threadIdx.x] = in[stride * threadIdx.x + first];
}
extern "C" __global__ void vectors(const float4* in, float4* out) { out[threadIdx.x] = in[threadIdx.x]; }
extern "C" __global__ void backwards(const float* in, float* out) { out[threadIdx.x] = in[31 - threadIdx.x]; }

// A 32 x 32 tile, written by rows and read by columns; one warp. kPitch floats a row.
template <int kPitch>
__device__ void transpose(const float* in, float* out) {
  __shared__ float tile[32 * kPitch];
#pragma unroll 1
  for (int row = 0; row < 32; ++row) tile[row * kPitch + threadIdx.x] = in[row * 32 + threadIdx.x];
  __syncwarp();
#pragma unroll 1
  for (int row = 0; row < 32; ++row) out[row * 32 + threadIdx.x] = tile[threadIdx.x * kPitch + row];
}
extern "C" __global__ void transpose_naive(const float* in, float* out) { transpose<32>(in, out); }
extern "C" __global__ void transpose_padded(const float* in, float* out) { transpose<33>(in, out); }
// Without padding: column c of row r lies at c ^ r.
extern "C" __global__ void transpose_swizzled(const float* in, float* out) {
  __shared__ float tile[32 * 32];
#pragma unroll 1
  for (int row = 0; row < 32; ++row) tile[row * 32 + (threadIdx.x ^ row)] = in[row * 32 + threadIdx.x];
  __syncwarp();
#pragma unroll 1
  for (int row = 0; row < 32; ++row)
    out[row * 32 + threadIdx.x] = tile[threadIdx.x * 32 + (row ^ threadIdx.x)];
}
// Without shared memory: the writes go down a column of 32 floats.
extern "C" __global__ void transpose_in_global(const float* in, float* out) {
#pragma unroll 1
  for (int row = 0; row < 32; ++row) out[threadIdx.x * 32 + row] = in[row * 32 + threadIdx.x];
}

// Lane l reads word stride * l of shared memory, or all half a warp's lanes the same word.
extern "C" __global__ void shared_stride(float* out, int stride) {
  extern __shared__ float words[];
  out[threadIdx.x] = ((volatile float*)words)[stride * threadIdx.x];
}
extern "C" __global__ void shared_halves(float* out, int distance) {
  extern __shared__ float words[];
  out[threadIdx.x] = ((volatile float*)words)[threadIdx.x / 16 * distance];
}
extern "C" __global__ void shared_vectors(float4* out, int stride) {
  extern __shared__ float4 quads[];
  float4 value;
  unsigned at = (unsigned)__cvta_generic_to_shared(quads + stride * threadIdx.x);
  asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];"
               : "=f"(value.x), "=f"(value.y), "=f"(value.z), "=f"(value.w)
               : "r"(at));
  out[threadIdx.x] = value;
}
extern "C" __global__ void shared_atomics(int distance) {
  extern __shared__ int bins[];
  atomicAdd(&bins[threadIdx.x * distance], 1);
}

// Four 8 x 8 matrices, their rows `pitch` bytes apart.
extern "C" __global__ void matrices(unsigned* out, int pitch) {
  extern __shared__ char bytes[];
  unsigned at = (unsigned)__cvta_generic_to_shared(bytes + threadIdx.x * pitch), r[4];
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(at));
  out[threadIdx.x] = r[0] + r[1] + r[2] + r[3];
}

// 16 bytes a lane; the odd lanes' are zeros where `sized` says so.
extern "C" __global__ void copies(const char* in, char* out, int odd_bytes) {
  __shared__ alignas(16) char tile[512];
  unsigned to = (unsigned)__cvta_generic_to_shared(tile + 16 * threadIdx.x);
  int bytes = threadIdx.x % 2 == 0 ? 16 : odd_bytes;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(in + 16 * threadIdx.x),
               "r"(bytes));
  asm volatile("cp.async.wait_all;");
  __syncthreads();
  out[threadIdx.x] = tile[16 * threadIdx.x];
}

// Even and odd lanes go different ways, `times` times.
extern "C" __global__ void diverges(volatile float* out, int times) {
#pragma unroll 1
  for (int i = 0; i < times; ++i) {
    if (threadIdx.x % 2 == 0) {
      out[threadIdx.x] = i;
      __threadfence();
    } else {
      out[threadIdx.x + 64] = i;
    }
  }
}

// An array that is indexed by what only the input knows lies in local memory.
extern "C" __global__ void local_array(const int* in, int* out) {
  int array[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) ((volatile int*)array)[i] = i;
  out[threadIdx.x] = ((volatile int*)array)[in[threadIdx.x]];
}

// `times` products of 16 x 8 x 16, and as many additions of f32, f64 and pairs of f16 a lane.
extern "C" __global__ void operations(float* out, int times) {
  float d[4] = {}, f = threadIdx.x;
  double g = threadIdx.x;
  __half2 h = __float2half2_rn(f);
  unsigned a = threadIdx.x;
#pragma unroll 1
  for (int i = 0; i < times; ++i) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %4, %4, %4}, {%4, %4}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a));
    asm volatile("fma.rn.f32 %0, %0, %0, %0;" : "+f"(f));
    asm volatile("add.f64 %0, %0, %0;" : "+d"(g));
    asm volatile("fma.rn.f16x2 %0, %0, %0, %0;" : "+r"(*(unsigned*)&h));
  }
  out[threadIdx.x] = d[0] + f + (float)g + __low2float(h);
}
