#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

/// One element to f32, which is exact, and back, rounded to nearest even.
namespace flashdiff::kernels {

__device__ inline float widened(float x) { return x; }
__device__ inline float widened(__half x) { return __half2float(x); }
__device__ inline float widened(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ inline void narrow(float x, float& out) { out = x; }
__device__ inline void narrow(float x, __half& out) { out = __float2half_rn(x); }
__device__ inline void narrow(float x, __nv_bfloat16& out) { out = __float2bfloat16_rn(x); }

}  // namespace flashdiff::kernels
