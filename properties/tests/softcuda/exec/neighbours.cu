// Two blocks that do everything beside each other: what is kept about the memory of both shares bytes and
// words.
#include <cuda_pipeline_primitives.h>

/// Device memory of one launch, by elements; every array but `read` and `unwritten` is written beside the
/// other block's elements.
struct Beside {
  const float4* read;      ///< 64, written by the host
  const float* unwritten;  ///< 64, that nobody has written
  unsigned char* bytes;    ///< 64 a block, alternating: eight to a byte of bits
  float* words;            ///< likewise, two to a byte of bits
  float4* vectors;         ///< likewise, four to a word of bits
  float* rows;             ///< 64 a block, one block's behind the other's, from element 1 on
  float* results;          ///< 64 a block
  unsigned* counted;       ///< one, that all threads count in
  unsigned* here;          ///< one: blocks that have come so far
  unsigned meet;           ///< blocks that wait for each other before they begin; 0: none does
};

extern "C" __global__ void neighbours(Beside p) {
  __shared__ float4 tile[64];
  const unsigned t = threadIdx.x, mine = t * gridDim.x + blockIdx.x;
  if (t == 0 && p.meet != 0) {
    atomicAdd(p.here, 1);
    while (atomicAdd(p.here, 0) < p.meet) {
    }
  }
  __syncthreads();

  p.bytes[mine] = static_cast<unsigned char>(mine);
  p.words[mine] = p.read[t].x;
  p.vectors[mine] = p.read[63 - t];
  p.rows[1 + blockIdx.x * 64 + t] = p.read[t].y;

  __pipeline_memcpy_async(tile + t, p.read + t, 16);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  float sum = 0;
#pragma unroll 1
  for (unsigned k = 0; k < 40; ++k) {  // often enough for what is kept by instruction
    sum += tile[(5 * t + k) % 64].z + static_cast<float>(p.bytes[mine]) + p.vectors[mine].w;
    __syncthreads();
    tile[(t + k) % 64].y = sum;
    __syncthreads();
  }
  p.results[blockIdx.x * 64 + t] = sum + tile[t].y;
  atomicAdd(p.counted, 1);

  p.words[mine] = p.unwritten[t];           // a report
  if (t == 5) p.words[mine] = p.rows[129];  // another: an element of no tensor
}
