// What kernels say: printf and assert.
#include <cassert>
#include <cstdio>

extern "C" __global__ void prints(int* out) {
  if (threadIdx.x % 32 == 7)
    printf("block %d warp %u: %5.2f|%-6s|%c|%#x|%lld|%%\n", blockIdx.x, threadIdx.x / 32, 2.5 + blockIdx.x,
           "text", 'x', 255u, -5ll);
}
extern "C" __global__ void counts(int* out) { out[threadIdx.x] = printf("%d %s\n", 1, "two"); }
extern "C" __global__ void bad_string(int* out) { printf("%s", reinterpret_cast<const char*>(16)); }
extern "C" __global__ void asserts(int* out) {
  assert(out != nullptr);
  assert(threadIdx.x < 40 && "too many");
  out[threadIdx.x] = 1;
}
