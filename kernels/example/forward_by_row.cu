/// Attention forward as one writes it first, a warp a query and a key at a time: the pair to begin a kernel
/// with (kernels/README.md, "To add a kernel"). O = softmax(scale * Q K^T) V and LSE.
///
/// For each query, its warp's lanes side by side along the head dim:
///   for each key that the mask lets it see (online softmax, Milakov and Gimelshein 2018):
///     s = scale * log2(e) * q . k
///     m' = max(m, s), alpha = 2^(m - m'), weight = 2^(s - m')
///     l = alpha * l + weight, o = alpha * o + weight * v, m = m'
///   O = o / l, LSE = ln 2 * (m + log2 l); a query that sees no key gives O = 0, LSE = -inf.
///
/// No shared memory. Numerics: f32 throughout (inputs are widened), CUDA's exp2f and log2f, division as IEEE
/// has it. Run: flashdiff check --backend forward_by_row.
#include "kernels/elements.cuh"
#include "kernels/params.h"

namespace flashdiff::kernels {
namespace {

constexpr int kWarps = 4, kLanes = 32;
constexpr int kColumns = 4;           // of a lane: its own number, and that plus 32, 64, 96
constexpr float kLowest = -0x1p127f;  // below any score, and finite: kLowest - kLowest is 0

template <class Element>
__device__ Element* row_of(const TensorView& view, int sequence, std::int64_t row, int head) {
  return reinterpret_cast<Element*>(view.base) + sequence * view.batch_stride + row * view.row_stride +
         head * view.head_stride;
}

__device__ int column_of(int c) { return threadIdx.x % kLanes + kLanes * c; }

/// A lane's columns of a row; 0 beyond its width, where nothing is read.
template <class Element>
struct RowOf {
  float value[kColumns];
  __device__ RowOf(const Element* row, int width) {
    for (int c = 0; c < kColumns; ++c) value[c] = column_of(c) < width ? widened(row[column_of(c)]) : 0.0f;
  }
};

/// In every lane the same bits.
template <class Row>
__device__ float dot(const Row& a, const Row& b) {
  float sum = 0;
  for (int c = 0; c < kColumns; ++c) sum += a.value[c] * b.value[c];
  for (int lanes = kLanes / 2; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
  return sum;
}

template <class Element>
__device__ void forward(const ForwardParams& p) {
  const int index = blockIdx.z, head = blockIdx.y, kv_head = head / p.group;
  const int query = blockIdx.x * kWarps + threadIdx.x / kLanes;
  const Sequence sequence = reinterpret_cast<const Sequence*>(p.sequences)[index];
  if (query >= sequence.q_len) return;

  const int diagonal = query + (p.mask.bottom_right ? sequence.kv_len - sequence.q_len : 0);
  const int first = max(0, diagonal - p.mask.left), end = min(sequence.kv_len, diagonal + p.mask.right + 1);
  const std::int64_t row = sequence.q_first_row + query;
  const RowOf<const Element> q(row_of<const Element>(p.q, index, row, head), p.d_qk);

  float m = kLowest, l = 0, o[kColumns] = {};
  for (int key = first; key < end; ++key) {
    const std::int64_t kv_row = sequence.kv_first_row + key;
    const RowOf<const Element> k(row_of<const Element>(p.k, index, kv_row, kv_head), p.d_qk);
    const RowOf<const Element> v(row_of<const Element>(p.v, index, kv_row, kv_head), p.d_v);
    const float s = p.scale_log2 * dot(q, k), largest = fmaxf(m, s);
    const float alpha = exp2f(m - largest), weight = exp2f(s - largest);
    l = alpha * l + weight;
    for (int c = 0; c < kColumns; ++c) o[c] = alpha * o[c] + weight * v.value[c];
    m = largest;
  }

  const bool saw_none = first >= end;
  Element* const out = row_of<Element>(p.o, index, row, head);
  for (int c = 0; c < kColumns; ++c)
    if (column_of(c) < p.d_v) narrow(saw_none ? 0.0f : o[c] / l, out[column_of(c)]);
  if (threadIdx.x % kLanes == 0)
    *row_of<float>(p.lse, index, row, head) = saw_none ? -INFINITY : (m + log2f(l)) * 0.693147180559945309f;
}

}  // namespace

#define FORWARD_BY_ROW(name, Element)                                  \
  extern "C" __global__ void __launch_bounds__(kWarps* kLanes)         \
      forward_by_row_##name(const __grid_constant__ ForwardParams p) { \
    forward<Element>(p);                                               \
  }
FORWARD_BY_ROW(f32, float)
FORWARD_BY_ROW(f16, __half)
FORWARD_BY_ROW(bf16, __nv_bfloat16)

}  // namespace flashdiff::kernels
