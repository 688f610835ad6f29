// What attention kernels are made of: asynchronous copies, ldmatrix, tensor cores, vector accesses, warp
// reductions.
#include <cuda_fp16.h>
#include <mma.h>

template <int kTile>
__global__ void tiles(const __half* __restrict__ a, const __half* __restrict__ b, float* __restrict__ out,
                      int n) {
  __shared__ __align__(16) __half stage[2][kTile * 16];
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(&stage[0][threadIdx.x * 8]));
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;\n" ::"r"(to), "l"(a + threadIdx.x * 8),
               "r"(n > 0 ? 16 : 0));
  asm volatile("cp.async.commit_group;\n");
  asm volatile("cp.async.wait_group %0;\n" ::"n"(0));
  __syncthreads();
  unsigned r[4];
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(to));
  float d[4] = {};
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3]), "r"(r[0]), "r"(r[1]));
  nvcuda::wmma::fragment<nvcuda::wmma::matrix_a, 16, 16, 16, __half, nvcuda::wmma::row_major> fa;
  nvcuda::wmma::fragment<nvcuda::wmma::matrix_b, 16, 16, 16, __half, nvcuda::wmma::col_major> fb;
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, 16, float> acc;
  nvcuda::wmma::fill_fragment(acc, 0.0f);
  nvcuda::wmma::load_matrix_sync(fa, stage[0], 16);
  nvcuda::wmma::load_matrix_sync(fb, b, 16);
  nvcuda::wmma::mma_sync(acc, fa, fb, acc);
  nvcuda::wmma::store_matrix_sync(out, acc, 16, nvcuda::wmma::mem_row_major);
  float top = fmaxf(fmaxf(d[0], d[1]), fmaxf(d[2], d[3]));
  for (int mask = 16; mask > 0; mask /= 2) top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, mask));
  reinterpret_cast<float4*>(out)[threadIdx.x] =
      make_float4(exp2f(d[0] - top), d[1], d[2], __fdividef(d[3], top));
}

template __global__ void tiles<64>(const __half*, const __half*, float*, int);
template __global__ void tiles<128>(const __half*, const __half*, float*, int);
