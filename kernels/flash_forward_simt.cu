/// Flash attention forward without tensor cores: O = softmax(scale * Q K^T) V and LSE, one pass over the
/// keys.
///
/// Algorithm (FlashAttention-2, Dao 2023, Algorithm 1; online softmax, Milakov and Gimelshein 2018), for each
/// tile of queries:
///   for each tile of keys that the mask lets through:
///     S = scale * log2(e) * Q K^T, modified where asked (softcap, ALiBi), masked to -inf
///     m' = max(m, rowmax S), P = 2^(S - m'), alpha = 2^(m - m')
///     l = alpha * l + rowsum P, O = alpha * O + P V, m = m'
///   O = O / l, LSE = ln 2 * (m + log2 l); a query that sees no key gives O = 0, LSE = -inf.
/// A sink is where a row starts: m = sink, l = 1. Score modifiers have entries of their own (`_mod`, two
/// shapes).
///
/// Tiles: 32 queries x 64 keys, 128 threads; a thread owns 4 queries x 4 keys of S and 4 queries x kDim/16
/// columns of O. Thread t has queries t/16 + 8 i and keys t%16 + 16 j, so that the 16 threads of a query row
/// are one half of a warp. Shared memory, in floats: Q [32][kDim + 4], then K or V [64][kDim + 4] in turn,
/// then P [32][64 + 4]; the 4 make 16-byte reads of consecutive rows hit different banks. Numerics: f32
/// throughout (inputs are widened), fused multiply-adds, P not rounded, ex2.approx (flushes subnormals),
/// correctly rounded division, lg2.approx, CUDA's tanhf. Run: flashdiff check --backend flash_forward_simt.
#include "kernels/elements.cuh"
#include "kernels/entries.cuh"
#include "kernels/params.h"

namespace flashdiff::kernels {
namespace {

constexpr int kQueries = 32, kKeys = 64, kThreads = 128;
constexpr int kPad = 4;
constexpr int kRowGroups = 8, kColumnGroups = 16;  // threads: 8 x 16
constexpr int kRows = kQueries / kRowGroups;       // of S and O, a thread
constexpr int kColumns = kKeys / kColumnGroups;    // of S, a thread

__device__ float exp2_approx(float x) {  // PTX ISA, ex2.approx.ftz.f32: 2 ulp; ex2(-inf) = 0
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ float log2_approx(
    float x) {  // PTX ISA, lg2.approx.ftz.f32: 2^-22 absolute in [0.5, 2], 2 ulp elsewhere
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

struct Range {
  int begin, end;
};

/// What one block works on: the rows of one query tile of one head of one sequence.
struct Work {
  Sequence sequence;
  int index, head, kv_head;
  int first_query, queries;  // of the tile; `queries` of them exist
  int shift;                 // of the mask's diagonal
  Range keys;                // that any of the tile's queries sees
};

__device__ Range visible(const MaskParams& mask, const Work& work, int query) {
  const int diagonal = query + work.shift;
  return {max(0, diagonal - mask.left), min(work.sequence.kv_len, diagonal + mask.right + 1)};
}

__device__ Work work_of_block(const ForwardParams& p) {
  Work work;
  work.index = blockIdx.z;
  work.sequence = reinterpret_cast<const Sequence*>(p.sequences)[work.index];
  work.head = blockIdx.y;
  work.kv_head = work.head / p.group;
  work.first_query = blockIdx.x * kQueries;
  work.queries = min(kQueries, work.sequence.q_len - work.first_query);
  work.shift = p.mask.bottom_right ? work.sequence.kv_len - work.sequence.q_len : 0;
  work.keys = {visible(p.mask, work, work.first_query).begin,
               visible(p.mask, work, work.first_query + work.queries - 1).end};
  return work;
}

/// What softcap and ALiBi make of a dot product, and the sink that a row starts with; in units of log2.
template <bool kModified>
struct Modifiers {
  __device__ Modifiers(const ForwardParams&, const Work&) {}
  __device__ float score(float dot, float scale_log2, int, int) const { return dot * scale_log2; }
  __device__ float first_max() const { return -INFINITY; }
  __device__ float first_sum() const { return 0; }
};
template <>
struct Modifiers<true> {
  float argument, slope = 0, sink = -INFINITY;
  int shift;  // of ALiBi's diagonal, whatever the mask
  __device__ Modifiers(const ForwardParams& p, const Work& work)
      : argument(p.modifiers.softcap_argument), shift(work.sequence.kv_len - work.sequence.q_len) {
    if (p.modifiers.slopes != 0) slope = reinterpret_cast<const float*>(p.modifiers.slopes)[work.head];
    if (p.modifiers.sinks != 0) sink = reinterpret_cast<const float*>(p.modifiers.sinks)[work.head];
  }
  __device__ float score(float dot, float scale_log2, int query, int key) const {
    if (argument != 0) dot = tanhf(dot * argument);
    return fmaf(-slope, static_cast<float>(abs(query + shift - key)), dot * scale_log2);
  }
  __device__ float first_max() const { return sink; }
  /// Of the thread that adds the sink.
  __device__ float first_sum() const { return sink == -INFINITY ? 0.0f : 1.0f; }
};

template <class Element>
__device__ Element* row_of(const TensorView& view, int sequence, std::int64_t row, int head) {
  return reinterpret_cast<Element*>(view.base) + sequence * view.batch_stride + row * view.row_stride +
         head * view.head_stride;
}

/// Rows [0, rows) of `from` into shared memory as f32; what lies beyond `rows` or `width` becomes 0 and is
/// not read: padding may hold NaN, and 0 * NaN is NaN.
template <class Element, int kTileRows, int kDim>
__device__ void load_tile(float* to, const Element* from, std::int64_t stride, int rows, int width) {
  for (int row = threadIdx.x / 32; row < kTileRows; row += kThreads / 32) {
#pragma unroll
    for (int column = threadIdx.x % 32; column < kDim; column += 32) {
      float value = 0;
      if (row < rows && column < width) value = widened(from[row * stride + column]);
      to[row * (kDim + kPad) + column] = value;
    }
  }
}

/// s[i][j] = q_row(i) . k_row(j)
template <int kDim>
__device__ void multiply_qk(float (&s)[kRows][kColumns], const float* q, const float* k) {
  const float* const my_q = q + threadIdx.x / kColumnGroups * (kDim + kPad);
  const float* const my_k = k + threadIdx.x % kColumnGroups * (kDim + kPad);
#pragma unroll 2
  for (int c = 0; c < kDim; c += 4) {
    float4 a[kRows], b[kColumns];
#pragma unroll
    for (int i = 0; i < kRows; ++i)
      a[i] = *reinterpret_cast<const float4*>(my_q + i * kRowGroups * (kDim + kPad) + c);
#pragma unroll
    for (int j = 0; j < kColumns; ++j)
      b[j] = *reinterpret_cast<const float4*>(my_k + j * kColumnGroups * (kDim + kPad) + c);
#pragma unroll
    for (int i = 0; i < kRows; ++i)
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
        s[i][j] += a[i].x * b[j].x;
        s[i][j] += a[i].y * b[j].y;
        s[i][j] += a[i].z * b[j].z;
        s[i][j] += a[i].w * b[j].w;
      }
  }
}

template <int kDim>
struct OutputTile {
  static constexpr int kOwn = kDim / kColumnGroups;  // columns a thread
  static constexpr int kWidth =
      kOwn % 4 == 0 ? 4 : 2;  // read at once; column kWidth * (t%16) + kWidth * 16 * n
  float value[kRows][kOwn] = {};
  __device__ static int column(int n) {
    return n / kWidth * kWidth * kColumnGroups + threadIdx.x % kColumnGroups * kWidth + n % kWidth;
  }
};

/// o += P V over one tile of keys
template <int kDim>
__device__ void multiply_pv(OutputTile<kDim>& o, const float* p, const float* v) {
  using Tile = OutputTile<kDim>;
  const float* const my_p = p + threadIdx.x / kColumnGroups * (kKeys + kPad);
#pragma unroll 1
  for (int key = 0; key < kKeys; key += 4) {
    float4 weight[kRows];
#pragma unroll
    for (int i = 0; i < kRows; ++i)
      weight[i] = *reinterpret_cast<const float4*>(my_p + i * kRowGroups * (kKeys + kPad) + key);
#pragma unroll
    for (int step = 0; step < 4; ++step) {
      const float* const row = v + (key + step) * (kDim + kPad);
      float x[Tile::kOwn];
#pragma unroll
      for (int n = 0; n < Tile::kOwn; n += Tile::kWidth) {
        if constexpr (Tile::kWidth == 4) {
          const float4 four = *reinterpret_cast<const float4*>(row + Tile::column(n));
          x[n] = four.x, x[n + 1] = four.y, x[n + 2] = four.z, x[n + 3] = four.w;
        } else {
          const float2 two = *reinterpret_cast<const float2*>(row + Tile::column(n));
          x[n] = two.x, x[n + 1] = two.y;
        }
      }
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        const float w = step == 0   ? weight[i].x
                        : step == 1 ? weight[i].y
                        : step == 2 ? weight[i].z
                                    : weight[i].w;
#pragma unroll
        for (int n = 0; n < Tile::kOwn; ++n) o.value[i][n] += w * x[n];
      }
    }
  }
}

/// Largest, and sum, over the 16 threads that share a row.
__device__ float row_max(float x) {
  for (int lanes = kColumnGroups / 2; lanes > 0; lanes /= 2)
    x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, lanes));
  return x;
}
__device__ float row_sum(float x) {
  for (int lanes = kColumnGroups / 2; lanes > 0; lanes /= 2) x += __shfl_xor_sync(0xffffffffu, x, lanes);
  return x;
}

template <class Element, int kDim, bool kModified>
__device__ void flash_forward(const ForwardParams& p) {
  const Work work = work_of_block(p);
  if (work.queries <= 0) return;

  extern __shared__ float4 shared[];
  float* const q = reinterpret_cast<float*>(shared);
  float* const kv = q + kQueries * (kDim + kPad);
  float* const weights = kv + kKeys * (kDim + kPad);

  load_tile<Element, kQueries, kDim>(
      q, row_of<const Element>(p.q, work.index, work.sequence.q_first_row + work.first_query, work.head),
      p.q.row_stride, work.queries, p.d_qk);

  const int row_group = threadIdx.x / kColumnGroups, column_group = threadIdx.x % kColumnGroups;
  const Modifiers<kModified> modifiers(p, work);
  OutputTile<kDim> o;
  float m[kRows], l[kRows];  // running maximum (of 2's exponents) and this thread's part of the sum
  Range keys[kRows];
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    m[i] = modifiers.first_max();
    l[i] = column_group == 0 ? modifiers.first_sum() : 0;
    keys[i] = visible(p.mask, work, work.first_query + row_group + i * kRowGroups);
  }

  for (int first = work.keys.begin / kKeys * kKeys; first < work.keys.end; first += kKeys) {
    const int rows = min(kKeys, work.sequence.kv_len - first);
    const std::int64_t row = work.sequence.kv_first_row + first;
    __syncthreads();  // the tile before has been read
    load_tile<Element, kKeys, kDim>(kv, row_of<const Element>(p.k, work.index, row, work.kv_head),
                                    p.k.row_stride, rows, p.d_qk);
    __syncthreads();

    float s[kRows][kColumns] = {};
    multiply_qk<kDim>(s, q, kv);

#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int query = work.first_query + row_group + i * kRowGroups;
      float largest = m[i];
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
        const int key = first + column_group + j * kColumnGroups;
        const float score = modifiers.score(s[i][j], p.scale_log2, query, key);
        s[i][j] = key >= keys[i].begin && key < keys[i].end ? score : -INFINITY;
        largest = fmaxf(largest, s[i][j]);
      }
      largest = row_max(largest);
      const float reference = largest == -INFINITY ? 0.0f : largest;  // no key yet: -inf - -inf would be NaN
      const float alpha = exp2_approx(m[i] - reference);
      m[i] = largest;
      l[i] *= alpha;
#pragma unroll
      for (int n = 0; n < OutputTile<kDim>::kOwn; ++n) o.value[i][n] *= alpha;
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
        const float weight = exp2_approx(s[i][j] - reference);
        l[i] += weight;
        weights[(row_group + i * kRowGroups) * (kKeys + kPad) + column_group + j * kColumnGroups] = weight;
      }
    }

    __syncthreads();  // K has been read, P is written
    load_tile<Element, kKeys, kDim>(kv, row_of<const Element>(p.v, work.index, row, work.kv_head),
                                    p.v.row_stride, rows, p.d_v);
    __syncthreads();
    multiply_pv<kDim>(o, weights, kv);
  }

#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int query = row_group + i * kRowGroups;
    const float sum = row_sum(l[i]);
    if (query >= work.queries) continue;
    const std::int64_t row = work.sequence.q_first_row + work.first_query + query;
    const bool saw_none = m[i] == -INFINITY;  // asked of the maximum: a NaN in the sum must come out as one
    const float inverse = saw_none ? 0.0f : 1.0f / sum;
    Element* const out = row_of<Element>(p.o, work.index, row, work.head);
#pragma unroll
    for (int n = 0; n < OutputTile<kDim>::kOwn; ++n)
      if (const int column = OutputTile<kDim>::column(n); column < p.d_v)
        narrow(o.value[i][n] * inverse, out[column]);
    if (column_group == 0)
      *row_of<float>(p.lse, work.index, row, work.head) =
          saw_none ? -INFINITY : (m[i] + log2_approx(sum)) * 0.693147180559945309f;
  }
}

}  // namespace

// One block a multiprocessor is enough: without a word, ptxas makes room for four or five, and spills.
#define FLASH_FORWARD_SIMT(name, Element, dim, suffix, modified)                                            \
  FLASHDIFF_ENTRY(                                                                                          \
      name##_d##dim##suffix,                                                                                \
      extern "C" __global__ void __launch_bounds__(kThreads, 1) flash_forward_simt_##name##_d##dim##suffix( \
          const __grid_constant__ ForwardParams p) { flash_forward<Element, dim, modified>(p); })
#define FLASH_FORWARD_SIMT_DIMS(name, Element)      \
  FLASH_FORWARD_SIMT(name, Element, 32, , false)    \
  FLASH_FORWARD_SIMT(name, Element, 64, , false)    \
  FLASH_FORWARD_SIMT(name, Element, 96, , false)    \
  FLASH_FORWARD_SIMT(name, Element, 128, , false)   \
  FLASH_FORWARD_SIMT(name, Element, 64, _mod, true) \
  FLASH_FORWARD_SIMT(name, Element, 128, _mod, true)

FLASH_FORWARD_SIMT_DIMS(f32, float)
FLASH_FORWARD_SIMT_DIMS(f16, __half)
FLASH_FORWARD_SIMT_DIMS(bf16, __nv_bfloat16)

}  // namespace flashdiff::kernels
