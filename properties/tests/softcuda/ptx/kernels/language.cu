// CUDA C++ that makes nvcc emit each form of PTX that it has: calls, tables of branches, local frames,
// constants, asm blocks.
#include <cassert>
#include <cstdio>

#include <cuda_fp16.h>

__constant__ float kWeights[4] = {0.5f, 1.0f, -2.0f, 3.25f};
__device__ int counter = 7;
__device__ const char* words[2] = {"one", "two"};
__shared__ int at_module_level[64];
extern __shared__ float dynamic_shared[];

struct Params {
  const float* in;
  float* out;
  long long stride;
  int n;
  float scale;
};

__device__ __noinline__ float folded(const Params& p, int i) {
  float sum = 0;
  for (int k = 0; k < 4; ++k) sum += p.in[(i + k) % p.n] * kWeights[k];
  return sum;
}

extern "C" __global__ void __launch_bounds__(128, 2) by_value(Params p) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  dynamic_shared[threadIdx.x] = p.in[i];
  at_module_level[threadIdx.x & 63] = i;
  __syncthreads();
  if (i < p.n) p.out[i * p.stride] = p.scale * dynamic_shared[threadIdx.x ^ 1] + folded(p, i);
}

extern "C" __global__ void asks(int* x, int n) {
  assert(x != nullptr);
  if (threadIdx.x == 0) printf("%d of %s\n", n, words[n & 1]);
  atomicAdd(&counter, 1);
  x[threadIdx.x] = __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 16);
}

extern "C" __global__ void branches(int* x, int which) {
  int v = x[threadIdx.x];
  switch (which) {
    case 0: v = atomicAdd(x, 3); break;
    case 1: v *= v; break;
    case 2: v = __popc(v); break;
    case 3: v = __brev(v); break;
    case 4: v = __clz(v); break;
    case 5: v = v / 7; break;
    case 6: v = __ffs(v); break;
    case 7: v = v % 11; break;
    default: v = -1;
  }
  x[threadIdx.x] = v;
}

// nvcc 13.0 makes a tree of comparisons of every switch; a table of branches reaches PTX from asm blocks and
// from other compilers.
extern "C" __global__ void table_of_branches(int* x, int which) {
  int v;
  asm volatile(
      "{\n TABLE: .branchtargets ONE, TWO, ONE;\n brx.idx %1, TABLE;\n"
      " ONE: mov.s32 %0, 1;\n bra.uni OUT;\n TWO: mov.s32 %0, 2;\n OUT:\n}\n"
      : "=r"(v)
      : "r"(which % 3));
  x[threadIdx.x] = v;
}

extern "C" __global__ void local_frame(int* x, int n) {
  int frame[33];
  for (int i = 0; i < 33; ++i) frame[i] = x[i];
  for (int i = 0; i < n; ++i) frame[(i * 7) % 33] += frame[i % 33];
  for (int i = 0; i < 33; ++i) x[i] = frame[i];
}

extern "C" __global__ void asm_blocks(const __half* in, float* out) {
  for (int i = 0; i < 2; ++i) {
    unsigned ready;
    asm volatile(
        "{\n .reg .pred p;\n AGAIN:\n setp.ne.b32 p, %1, 0;\n @p bra DONE;\n bra.uni DONE;\n DONE:\n "
        "selp.u32 %0, 1, 0, p;\n}\n"
        : "=r"(ready)
        : "r"(i));
    out[i] = __half2float(in[ready]);
  }
}
