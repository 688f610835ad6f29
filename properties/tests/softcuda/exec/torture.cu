#include "properties/tests/softcuda/exec/torture.h"

#define KERNEL(name)                                                                          \
  extern "C" __global__ void name(const unsigned* in, unsigned* out, unsigned* meet, int n) { \
    const int i = blockIdx.x * blockDim.x + threadIdx.x;                                      \
    if (i >= n) return;                                                                       \
    const unsigned r = torture::name(in[i]);                                                  \
    out[i] = r;                                                                               \
    /* behind all of it the warp must be whole again */                                       \
    const unsigned here = __ballot_sync(__activemask(), 1);                                   \
    meet[i] = here;                                                                           \
    out[i + n] = __shfl_xor_sync(here, r, 1);                                                 \
  }
KERNEL(nested_loops)
KERNEL(switches)
KERNEL(irregular)
KERNEL(early)
KERNEL(conditions)
KERNEL(long_loop)
KERNEL(calls)
