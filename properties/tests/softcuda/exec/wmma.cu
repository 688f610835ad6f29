// wmma as CUDA's own header makes it: loads in both orders, an element-wise change between, a store.
#include <mma.h>

using namespace nvcuda;

template <class A, class C, int M, int N, int K, class Raw>
__device__ void product(const Raw* a, const Raw* b, C* c) {
  __shared__ alignas(32) Raw tile[M * (K + 8)];
  for (int k = threadIdx.x; k < M * K; k += 32) tile[k / K * (K + 8) + k % K] = a[k];
  __syncwarp();
  wmma::fragment<wmma::matrix_a, M, N, K, A, wmma::row_major> fa;
  wmma::fragment<wmma::matrix_b, M, N, K, A, wmma::col_major> fb;
  wmma::fragment<wmma::accumulator, M, N, K, C> fc;
  wmma::load_matrix_sync(fa, tile, K + 8);
  wmma::load_matrix_sync(fb, b, K);
  wmma::load_matrix_sync(fc, c, N, wmma::mem_row_major);
  for (int i = 0; i < fc.num_elements; ++i) fc.x[i] = fc.x[i] + fc.x[i];
  wmma::mma_sync(fc, fa, fb, fc);
  wmma::store_matrix_sync(c, fc, N, wmma::mem_row_major);
}

#define KERNEL extern "C" __global__ void
KERNEL f16_16_16_16(const __half* a, const __half* b, float* c) {
  product<__half, float, 16, 16, 16>(a, b, c);
}
KERNEL f16_f16_16_16_16(const __half* a, const __half* b, __half* c) {
  product<__half, __half, 16, 16, 16>(a, b, c);
}
KERNEL bf16_16_16_16(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c) {
  product<__nv_bfloat16, float, 16, 16, 16>(a, b, c);
}
KERNEL s8_16_16_16(const signed char* a, const signed char* b, int* c) {
  product<signed char, int, 16, 16, 16>(a, b, c);
}
KERNEL u8_16_16_16(const unsigned char* a, const unsigned char* b, int* c) {
  product<unsigned char, int, 16, 16, 16>(a, b, c);
}
KERNEL f16_32_8_16(const __half* a, const __half* b, float* c) { product<__half, float, 32, 8, 16>(a, b, c); }
KERNEL f16_f16_32_8_16(const __half* a, const __half* b, __half* c) {
  product<__half, __half, 32, 8, 16>(a, b, c);
}
KERNEL bf16_32_8_16(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c) {
  product<__nv_bfloat16, float, 32, 8, 16>(a, b, c);
}
KERNEL s8_32_8_16(const signed char* a, const signed char* b, int* c) {
  product<signed char, int, 32, 8, 16>(a, b, c);
}
KERNEL u8_32_8_16(const unsigned char* a, const unsigned char* b, int* c) {
  product<unsigned char, int, 32, 8, 16>(a, b, c);
}
KERNEL f16_8_32_16(const __half* a, const __half* b, float* c) { product<__half, float, 8, 32, 16>(a, b, c); }
KERNEL f16_f16_8_32_16(const __half* a, const __half* b, __half* c) {
  product<__half, __half, 8, 32, 16>(a, b, c);
}
KERNEL bf16_8_32_16(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c) {
  product<__nv_bfloat16, float, 8, 32, 16>(a, b, c);
}
KERNEL s8_8_32_16(const signed char* a, const signed char* b, int* c) {
  product<signed char, int, 8, 32, 16>(a, b, c);
}
KERNEL u8_8_32_16(const unsigned char* a, const unsigned char* b, int* c) {
  product<unsigned char, int, 8, 32, 16>(a, b, c);
}
KERNEL tf32_16_16_8(const float* a, const float* b, float* c) {
  product<wmma::precision::tf32, float, 16, 16, 8>(a, b, c);
}
KERNEL f64_8_8_4(const double* a, const double* b, double* c) { product<double, double, 8, 8, 4>(a, b, c); }
