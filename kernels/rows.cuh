#pragma once
#include "kernels/params.h"
#include "kernels/tiles.cuh"

/// Row by row: 8 elements of them at a time, and the three short kernels of the backward pass
/// that go through rows and not through tiles. A block has 64 rows of one head, 8 threads a row.
namespace flashdiff::kernels {

/// 8 elements of 16 bits.
struct Chunk {
  unsigned x[4];
};
/// `elements` of them are there (8 or more: all); the rest are zeros, and are not read.
__device__ __forceinline__ Chunk load_chunk(std::uint64_t from, int elements, bool aligned) {
  Chunk chunk;
  if (aligned && elements >= 8) {
    const uint4 all = *reinterpret_cast<const uint4*>(from);
    chunk.x[0] = all.x, chunk.x[1] = all.y, chunk.x[2] = all.z, chunk.x[3] = all.w;
    return chunk;
  }
  const auto* source = reinterpret_cast<const std::uint16_t*>(from);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const unsigned low = 2 * i < elements ? source[2 * i] : 0u;
    const unsigned high = 2 * i + 1 < elements ? source[2 * i + 1] : 0u;
    chunk.x[i] = low | high << 16;
  }
  return chunk;
}
__device__ __forceinline__ void store_chunk(std::uint64_t to, const Chunk& chunk, int elements,
                                            bool aligned) {
  if (aligned && elements >= 8) {
    *reinterpret_cast<uint4*>(to) = make_uint4(chunk.x[0], chunk.x[1], chunk.x[2], chunk.x[3]);
    return;
  }
#pragma unroll
  for (int c = 0; c < 8; ++c)
    if (c < elements)
      reinterpret_cast<std::uint16_t*>(to)[c] = static_cast<std::uint16_t>(chunk.x[c / 2] >> c % 2 * 16);
}

inline constexpr int kRowsAtOnce = 16, kRowPasses = 4;  // 128 threads, 64 rows

/// The 64 rows of a block.
struct RowsOfBlock {
  Sequence sequence, workspace;
  int index, head, first, rows;
  __device__ RowsOfBlock(std::uint64_t tiles, std::uint64_t sequences, std::uint64_t workspace_sequences,
                         int heads, bool of_queries) {
    const RowTile tile = reinterpret_cast<const RowTile*>(tiles)[static_cast<int>(blockIdx.x) / heads];
    index = tile.sequence, first = tile.first_row;
    head = static_cast<int>(blockIdx.x) % heads;
    sequence = reinterpret_cast<const Sequence*>(sequences)[index];
    workspace = reinterpret_cast<const Sequence*>(workspace_sequences)[index];
    rows = (of_queries ? sequence.q_len : sequence.kv_len) - first;  // of the tile, or more
  }
};
__device__ inline int row_of_pass(int pass) { return static_cast<int>(threadIdx.x) / 8 + pass * kRowsAtOnce; }

/// LSE in powers of two and D = rowsum(dO * O), for every row of the workspace; and zeros for dQ's sum,
/// where there is one. A row that sees no key, or is none, has LSE = +inf (so that P is 0) and D = 0.
template <class Element>
__device__ void row_stats(const BackwardParams& p, int dim) {
  const RowsOfBlock block(p.tiles, p.sequences, p.workspace_sequences, p.heads, true);
  const std::int64_t first_row = block.sequence.q_first_row + block.first;
  const std::int64_t to = block.head * p.query_rows + block.workspace.q_first_row + block.first;
  const int part = static_cast<int>(threadIdx.x) % 8;
  auto* const lse = reinterpret_cast<float*>(p.stats) + to;
  for (int pass = 0; pass < kRowPasses; ++pass) {
    const int row = row_of_pass(pass);
    float sum = 0;
    if (row < block.rows) {
      const std::uint64_t o = address(p.o, block.index, first_row + row, block.head, 2);
      const std::uint64_t d_o = address(p.d_o_given, block.index, first_row + row, block.head, 2);
      for (int c = part; 8 * c < p.d_v; c += 8) {
        const Chunk x = load_chunk(o + 16 * c, p.d_v - 8 * c, p.aligned != 0);
        const Chunk y = load_chunk(d_o + 16 * c, p.d_v - 8 * c, p.aligned != 0);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float2 a = Fragments<Element>::widened(x.x[i]), b = Fragments<Element>::widened(y.x[i]);
          sum = fmaf(a.x, b.x, sum);
          sum = fmaf(a.y, b.y, sum);
        }
      }
    }
    sum = quad_sum(sum);
    sum += exchanged<4>(sum);
    if (part != 0) continue;
    float of_row = INFINITY;
    if (row < block.rows) {
      const float given =
          *reinterpret_cast<const float*>(address(p.lse, block.index, first_row + row, block.head, 4));
      if (given != -INFINITY) of_row = given * 1.44269504088896341f;
    }
    lse[row] = of_row;
    lse[p.query_heads * p.query_rows + row] = sum;
  }
  if (p.dq_sum == 0) return;
  auto* const zeros = reinterpret_cast<uint4*>(p.dq_sum) + to * dim / 4;
  for (int x = static_cast<int>(threadIdx.x); x < 64 * dim / 4; x += 8 * kRowsAtOnce)
    zeros[x] = make_uint4(0, 0, 0, 0);
}

/// dQ from its sum (add_to_dq in backward_gradients.cuh says how that lies): times the scale, rounded.
template <class Element>
__device__ void dq_of_sum(const BackwardParams& p, int dim) {
  const RowsOfBlock block(p.tiles, p.sequences, p.workspace_sequences, p.heads, true);
  const std::int64_t first_row = block.sequence.q_first_row + block.first;
  const std::int64_t from = block.head * p.query_rows + block.workspace.q_first_row + block.first;
  for (int pass = 0; pass < kRowPasses; ++pass) {
    const int row = row_of_pass(pass);
    if (row >= block.rows) continue;
    const std::uint64_t dq = address(p.dq, block.index, first_row + row, block.head, 2);
    for (int c = static_cast<int>(threadIdx.x) % 8; 8 * c < p.d_qk; c += 8) {
      const float* const fragment = reinterpret_cast<const float*>(p.dq_sum) +
                                    ((from + row) / 16 * (dim / 8) + c) * 128 + row % 16 / 8 * 64 +
                                    row % 8 * 4;
      const float4 even = *reinterpret_cast<const float4*>(fragment);
      const float4 odd = *reinterpret_cast<const float4*>(fragment + 32);
      const auto pair = [&](float low, float high) {
        return Fragments<Element>::rounded(low * p.scale, high * p.scale);
      };
      store_chunk(dq + 16 * c,
                  {pair(even.x, odd.x), pair(even.y, odd.y), pair(even.z, odd.z), pair(even.w, odd.w)},
                  p.d_qk - 8 * c, p.aligned != 0);
    }
  }
}

/// Rows at any address, to rows at multiples of 16 bytes.
__device__ inline void pack_rows(const PackParams& p) {
  const bool of_queries = p.of_queries != 0;
  const RowsOfBlock block(p.tiles, p.from_sequences, p.to_sequences, p.heads, of_queries);
  const auto first_row = [&](const Sequence& s) {
    return (of_queries ? s.q_first_row : s.kv_first_row) + block.first;
  };
  for (int pass = 0; pass < kRowPasses; ++pass) {
    const int row = row_of_pass(pass);
    if (row >= block.rows) continue;
    const std::uint64_t from = address(p.from, block.index, first_row(block.sequence) + row, block.head, 2);
    const std::uint64_t to = address(p.to, block.index, first_row(block.workspace) + row, block.head, 2);
    for (int c = static_cast<int>(threadIdx.x) % 8; 8 * c < p.width; c += 8)
      store_chunk(to + 16 * c, load_chunk(from + 16 * c, p.width - 8 * c, false), 8, true);
  }
}

}  // namespace flashdiff::kernels
