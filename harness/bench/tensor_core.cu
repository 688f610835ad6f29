// The load that the software driver's speed is measured by: attention forward in the manner of
// FlashAttention-2 (Dao, arXiv:2307.08691), f16 in, f32 accumulate, on tensor cores. One block a tile of 64
// queries of one head, 4 warps of 16 queries; tiles of 64 keys and values come by cp.async while the tile
// before is multiplied; shared memory is swizzled by 16-byte chunks, so that ldmatrix has no bank conflicts.
// Sequences are multiples of 64 long: what a kernel has to know of padding is no part of this measurement
// (kernels/ has those).
//
// Q, K, V, O: [batch * heads][n][D], contiguous. Shared memory: Q[64][D], then 2 stages of K[64][D] and
// V[64][D].
#include <cstdint>

#include <cuda_fp16.h>

namespace {

constexpr int kTile = 64, kThreads = 128;

__device__ unsigned shared_address(const void* p) {
  return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

// Element offset of chunk `c` (8 elements) of row `r`: neighbouring rows keep a chunk in different banks.
template <int D>
__device__ int swizzled(int r, int c) {
  return r * D + ((c ^ (r & 7)) * 8);
}

template <int D>
__device__ void copy_tile(__half* to, const __half* from) {
#pragma unroll
  for (int k = threadIdx.x; k < kTile * D / 8; k += kThreads) {
    const int r = k / (D / 8), c = k % (D / 8);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to + swizzled<D>(r, c))),
                 "l"(from + r * D + c * 8));
  }
}
__device__ void commit() { asm volatile("cp.async.commit_group;"); }
template <int kLeft>
__device__ void wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kLeft));
}

__device__ void load_matrices(unsigned (&d)[4], const __half* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
               : "r"(shared_address(p)));
}
__device__ void load_transposed(unsigned (&d)[4], const __half* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
               : "r"(shared_address(p)));
}
__device__ void multiply(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, "
      "%1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ float exp2_approximate(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ unsigned packed(float low, float high) {
  const __half2 pair = __floats2half2_rn(low, high);
  return *reinterpret_cast<const unsigned*>(&pair);
}
// Over the four lanes that share a row of a fragment.
__device__ float row_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}
__device__ float row_sum(float x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

template <int D, bool kCausal>
__device__ void forward(const __half* q, const __half* k, const __half* v, __half* o, int n,
                        float scale_log2) {
  extern __shared__ __align__(16) __half shared[];
  __half* const q_tile = shared;
  const auto k_tile = [&](int stage) { return shared + (1 + 2 * stage) * kTile * D; };
  const auto v_tile = [&](int stage) { return shared + (2 + 2 * stage) * kTile * D; };
  const std::int64_t head = static_cast<std::int64_t>(blockIdx.y) * n * D;
  const int first_row = blockIdx.x * kTile, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int tiles = kCausal ? blockIdx.x + 1 : n / kTile;

  copy_tile<D>(q_tile, q + head + first_row * D);
  copy_tile<D>(k_tile(0), k + head);
  commit();
  copy_tile<D>(v_tile(0), v + head);
  commit();

  unsigned q_fragments[D / 16][4];
  float out[D / 8][4] = {};
  float most[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
  for (int tile = 0; tile < tiles; ++tile) {
    const int stage = tile % 2;
    wait<1>();  // K of this tile; its V may be under way
    __syncthreads();
    if (tile == 0) {
#pragma unroll
      for (int s = 0; s < D / 16; ++s)
        load_matrices(q_fragments[s], q_tile + swizzled<D>(warp * 16 + lane % 16, 2 * s + lane / 16));
    }
    if (tile + 1 < tiles)
      copy_tile<D>(k_tile(1 - stage), k + head + static_cast<std::int64_t>(tile + 1) * kTile * D);
    commit();

    float scores[kTile / 8][4] = {};
#pragma unroll
    for (int s = 0; s < D / 16; ++s) {
#pragma unroll
      for (int j = 0; j < kTile / 16; ++j) {  // 16 keys: two tiles of 8
        unsigned b[4];
        load_matrices(b,
                      k_tile(stage) + swizzled<D>(16 * j + lane % 8 + lane / 16 * 8, 2 * s + lane / 8 % 2));
        multiply(scores[2 * j], q_fragments[s], b[0], b[1]);
        multiply(scores[2 * j + 1], q_fragments[s], b[2], b[3]);
      }
    }
    if (kCausal && tile + 1 == tiles) {
#pragma unroll
      for (int j = 0; j < kTile / 8; ++j) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int row = warp * 16 + lane / 4 + 8 * (i / 2), column = 8 * j + 2 * (lane % 4) + i % 2;
          if (column > row) scores[j][i] = -INFINITY;
        }
      }
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = most[half];
#pragma unroll
      for (int j = 0; j < kTile / 8; ++j)
        top = fmaxf(top, fmaxf(scores[j][2 * half], scores[j][2 * half + 1]));
      top = row_max(top);
      const float scaled = top * scale_log2, shrink = exp2_approximate(most[half] * scale_log2 - scaled);
      most[half] = top;
      float part = 0;
#pragma unroll
      for (int j = 0; j < kTile / 8; ++j) {
#pragma unroll
        for (int i = 2 * half; i < 2 * half + 2; ++i) {
          scores[j][i] = exp2_approximate(scores[j][i] * scale_log2 - scaled);
          part += scores[j][i];
        }
      }
      sum[half] = sum[half] * shrink + part;
#pragma unroll
      for (int j = 0; j < D / 8; ++j) {
        out[j][2 * half] *= shrink;
        out[j][2 * half + 1] *= shrink;
      }
    }
    wait<1>();  // V of this tile; the next K may be under way
    __syncthreads();
#pragma unroll
    for (int s = 0; s < kTile / 16; ++s) {
      const unsigned p[4] = {packed(scores[2 * s][0], scores[2 * s][1]),
                             packed(scores[2 * s][2], scores[2 * s][3]),
                             packed(scores[2 * s + 1][0], scores[2 * s + 1][1]),
                             packed(scores[2 * s + 1][2], scores[2 * s + 1][3])};
#pragma unroll
      for (int j = 0; j < D / 16; ++j) {
        unsigned b[4];
        load_transposed(b, v_tile(stage) + swizzled<D>(16 * s + lane % 16, 2 * j + lane / 16));
        multiply(out[2 * j], p, b[0], b[1]);
        multiply(out[2 * j + 1], p, b[2], b[3]);
      }
    }
    if (tile + 1 < tiles)
      copy_tile<D>(v_tile(1 - stage), v + head + static_cast<std::int64_t>(tile + 1) * kTile * D);
    commit();
  }
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float inverse = 1.0f / row_sum(sum[half]);
    __half* row = o + head + static_cast<std::int64_t>(first_row + warp * 16 + lane / 4 + 8 * half) * D;
#pragma unroll
    for (int j = 0; j < D / 8; ++j)
      *reinterpret_cast<unsigned*>(row + 8 * j + 2 * (lane % 4)) =
          packed(out[j][2 * half] * inverse, out[j][2 * half + 1] * inverse);
  }
}

}  // namespace

#define FORWARD(D, NAME, CAUSAL)                                                               \
  extern "C" __global__ void __launch_bounds__(kThreads) forward_d##D##NAME(                   \
      const __half* q, const __half* k, const __half* v, __half* o, int n, float scale_log2) { \
    forward<D, CAUSAL>(q, k, v, o, n, scale_log2);                                             \
  }
FORWARD(64, , false)
FORWARD(64, _causal, true)
FORWARD(128, , false)
FORWARD(128, _causal, true)

// What one mma costs by one model or another: n times 8 of them a warp, and little else.
extern "C" __global__ void __launch_bounds__(kThreads)
    multiply_only(const __half* q, const __half*, const __half*, __half* o, int n, float) {
  const unsigned* const words = reinterpret_cast<const unsigned*>(q) + threadIdx.x;
  unsigned a[4], b[2];
#pragma unroll
  for (int k = 0; k < 4; ++k) a[k] = words[k * kThreads];
#pragma unroll
  for (int k = 0; k < 2; ++k) b[k] = words[(4 + k) * kThreads];
  float out[8][4] = {};
#pragma unroll 1
  for (int k = 0; k < n; ++k) {
#pragma unroll
    for (int j = 0; j < 8; ++j) multiply(out[j], a, b[0], b[1]);
  }
  float sum = 0;
#pragma unroll
  for (int j = 0; j < 8; ++j) sum += out[j][0] + out[j][1] + out[j][2] + out[j][3];
  o[blockIdx.x * kThreads + threadIdx.x] = __float2half(sum);
}
