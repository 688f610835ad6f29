/// What stands before attention in a decoder: K and V of new tokens go into the cache, K and Q turned by
/// their positions.
///
/// Algorithm (rotary embedding: Su et al., RoFormer, arXiv:2104.09864, equation 34; a cache in pages: Kwon et
/// al., PagedAttention, 2023). A block has one new token, whose position counts the tokens of its sequence,
/// and no padding: kv_len - q_len + its number among the new ones.
///   for each head of Q:  turned Q = R Q
///   for each head of K:  K of the cache at the position = R (new K)
///   for each head of V:  V of the cache at the position = new V
/// R turns pair j of the first rope_dim columns by the position's angle j,
///   x' = x cos_j - y sin_j,  y' = y cos_j + x sin_j,
/// and leaves the others. The pair is columns j and j + rope_dim / 2 (`half`, GPT-NeoX), or 2 j and 2 j + 1
/// (`interleaved`, RoFormer).
///
/// Threads: x along a row, 16 bytes a piece (entries `_any`, rows at any address: by elements); y over heads.
/// Cosines and sines of the position are read once a block, from a table that the caller has, into shared
/// memory. Numerics: two products and a sum in f32, fused where the compiler likes, then rounded to the
/// dtype; what is not turned is copied. Run: flashdiff check --pass append --backend append_kv.
#include <cstring>

#include "kernels/append_params.h"
#include "kernels/elements.cuh"
#include "kernels/entries.cuh"

namespace flashdiff::kernels {
namespace {

/// Where a block's token lies.
struct Token {
  int sequence, position;
  std::int64_t row;        // of Q, new K and new V
  int block;               // of the cache: the sequence, or a page
  std::int64_t cache_row;  // of the block

  __device__ Token(const AppendParams& p) {
    const NewToken mine = reinterpret_cast<const NewToken*>(p.tokens)[blockIdx.x];
    const Sequence lengths = reinterpret_cast<const Sequence*>(p.sequences)[mine.sequence];
    sequence = mine.sequence;
    position = lengths.kv_len - lengths.q_len + mine.index;
    row = lengths.q_first_row + mine.index;
    block = sequence;
    cache_row = lengths.kv_first_row + position;
    if (p.pages.rows > 0) {
      const auto* const pages = reinterpret_cast<const std::int32_t*>(p.pages.table) +
                                static_cast<std::int64_t>(sequence) * p.pages.columns;
      block = pages[cache_row / p.pages.rows];
      cache_row %= p.pages.rows;
    }
  }
};

template <class Element>
__device__ Element* row_at(const TensorView& view, int block, std::int64_t row, int head) {
  return reinterpret_cast<Element*>(view.base) + block * view.batch_stride + row * view.row_stride +
         head * view.head_stride;
}

/// One head of the token, on its way: the first `turned` columns are turned, all `width` written.
template <class Element>
struct Row {
  const Element* from;
  Element* to;
  int turned, width;
};
/// Number `head` of all: those of Q, of K, of V.
template <class Element>
__device__ Row<Element> row_of(const AppendParams& p, const Token& token, int head) {
  const auto given = [&](const TensorView& view, int of) {
    return row_at<const Element>(view, token.sequence, token.row, of);
  };
  const auto cached = [&](const TensorView& view, int of) {
    return row_at<Element>(view, token.block, token.cache_row, of);
  };
  const int k_head = head - p.q_heads, v_head = k_head - p.kv_heads;
  if (k_head < 0)
    return {given(p.q, head), row_at<Element>(p.q_rot, token.sequence, token.row, head), p.rope_dim, p.d_qk};
  if (v_head < 0) return {given(p.k_new, k_head), cached(p.k, k_head), p.rope_dim, p.d_qk};
  return {given(p.v_new, v_head), cached(p.v, v_head), 0, p.d_v};
}

/// kCount elements side by side, moved at once where they are 16 bytes.
template <class Element, int kCount>
struct Piece {
  static constexpr bool kAtOnce = kCount * sizeof(Element) == sizeof(uint4);
  Element x[kCount];

  __device__ explicit Piece(const Element* from) {
    if constexpr (kAtOnce) {
      const uint4 all = *reinterpret_cast<const uint4*>(from);
      memcpy(x, &all, sizeof all);
    } else {
#pragma unroll
      for (int i = 0; i < kCount; ++i) x[i] = from[i];
    }
  }
  __device__ void store(Element* to) const {
    if constexpr (kAtOnce) {
      uint4 all;
      memcpy(&all, x, sizeof all);
      *reinterpret_cast<uint4*>(to) = all;
    } else {
#pragma unroll
      for (int i = 0; i < kCount; ++i) to[i] = x[i];
    }
  }
};

/// body(first column of each of this thread's pieces within [begin, end)).
template <int kCount, class Body>
__device__ void for_each_piece(int begin, int end, Body body) {
  for (int column = begin + static_cast<int>(threadIdx.x) * kCount; column < end;
       column += static_cast<int>(blockDim.x) * kCount)
    body(column);
}

/// Which product is fused into the sum is said, not left to the compiler: it chose otherwise in entries for
/// other rows, and the same tokens had other last bits in another layout.
template <class Element>
__device__ void turn(Element& x, Element& y, float cosine, float sine) {
  const float a = widened(x), b = widened(y);
  narrow(__fmaf_rn(a, cosine, -__fmul_rn(b, sine)), x);
  narrow(__fmaf_rn(b, cosine, __fmul_rn(a, sine)), y);
}

struct Half {
  template <class Element, bool kAligned>
  __device__ static void turn_row(const Row<Element>& row, const float* cosines, const float* sines) {
    constexpr int kCount = kAligned ? 16 / sizeof(Element) : 1;
    const int pairs = row.turned / 2;
    for_each_piece<kCount>(0, pairs, [&](int j) {
      Piece<Element, kCount> x(row.from + j), y(row.from + pairs + j);
#pragma unroll
      for (int i = 0; i < kCount; ++i) turn(x.x[i], y.x[i], cosines[j + i], sines[j + i]);
      x.store(row.to + j);
      y.store(row.to + pairs + j);
    });
  }
};

struct Interleaved {
  template <class Element, bool kAligned>
  __device__ static void turn_row(const Row<Element>& row, const float* cosines, const float* sines) {
    constexpr int kCount = kAligned ? 16 / sizeof(Element) : 2;
    for_each_piece<kCount>(0, row.turned, [&](int column) {
      Piece<Element, kCount> pairs(row.from + column);
#pragma unroll
      for (int i = 0; i < kCount; i += 2)
        turn(pairs.x[i], pairs.x[i + 1], cosines[(column + i) / 2], sines[(column + i) / 2]);
      pairs.store(row.to + column);
    });
  }
};

template <class Element, class Form, bool kAligned>
__device__ void append_kv(const AppendParams& p) {
  const Token token(p);
  __shared__ float angles[AppendParams::kMostDim];  // the position's cosines, then its sines
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  for (int i = thread; i < p.rope_dim; i += static_cast<int>(blockDim.x * blockDim.y))
    angles[i] = row_at<const float>(p.rope, 0, token.position, 0)[i];
  __syncthreads();

  const int heads = p.q_heads + 2 * p.kv_heads;
  for (int head = static_cast<int>(threadIdx.y); head < heads; head += static_cast<int>(blockDim.y)) {
    const Row<Element> row = row_of<Element>(p, token, head);
    Form::template turn_row<Element, kAligned>(row, angles, angles + p.rope_dim / 2);
    constexpr int kCount = kAligned ? 16 / sizeof(Element) : 1;
    for_each_piece<kCount>(row.turned, row.width, [&](int column) {
      Piece<Element, kCount>(row.from + column).store(row.to + column);
    });
  }
}

}  // namespace

#define APPEND_KV(form, Form, name, Element, suffix, aligned)                                                \
  FLASHDIFF_ENTRY(                                                                                           \
      form##_##name##suffix, extern "C" __global__ void __launch_bounds__(AppendParams::kThreads)            \
                                 append_kv_##form##_##name##suffix(const __grid_constant__ AppendParams p) { \
                                   append_kv<Element, Form, aligned>(p);                                     \
                                 })
#define APPEND_KV_ROWS(form, Form, name, Element) \
  APPEND_KV(form, Form, name, Element, , true)    \
  APPEND_KV(form, Form, name, Element, _any, false)
#define APPEND_KV_FORMS(name, Element)      \
  APPEND_KV_ROWS(half, Half, name, Element) \
  APPEND_KV_ROWS(interleaved, Interleaved, name, Element)

APPEND_KV_FORMS(f32, float)
APPEND_KV_FORMS(f16, __half)
APPEND_KV_FORMS(bf16, __nv_bfloat16)

}  // namespace flashdiff::kernels
