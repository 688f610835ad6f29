#pragma once
#include "kernels/backward_operands.cuh"
#include "kernels/rows.cuh"

/// Gradients on their way out: dQ's sum over the keys of all blocks, and dQ, dK and dV as they are stored.
namespace flashdiff::kernels {

/// dQ / scale of a tile of queries, summed over keys in global memory: fragments of 16 x 8, as accumulators
/// have them, a register of all lanes after the other, so that a warp adds to 128 bytes in a row.
///   [query head][16 queries of the workspace][8 columns][4 registers][32 lanes]
template <class T>
__device__ __forceinline__ void add_to_dq(const BackwardParams& p, std::int64_t first_query, int head) {
  constexpr int kQueryTiles = T::kOthers / 16 / T::kRowWarps, kPairs = T::kDim / 16 / T::kColumnWarps;
  const int warp_row = warp_of_block() / T::kColumnWarps, warp_column = warp_of_block() % T::kColumnWarps;
  const SharedTile<T::kOthers> ds{
      kept(shared_memory() + T::kDsAt + SharedTile<T::kOthers>::lane_offset(2 * warp_row))};
  const SharedTile<T::kDim> keys{kept(shared_memory() + SharedTile<T::kDim>::lane_offset(2 * warp_column))};
  float sum[kQueryTiles][2 * kPairs][4] = {};
  unrolled<T::kOwned / 16>([&](auto step) {
    unsigned a[kQueryTiles][4];
    unrolled<kQueryTiles>([&](auto i) {
      unsigned f[4];  // rows are keys: queries, the rows of dQ, come by transposing
      ds.template load_transposed<16 * step, 16 * T::kRowWarps * i>(f);
      a[i][0] = f[0], a[i][1] = f[2], a[i][2] = f[1], a[i][3] = f[3];
    });
    unrolled<kPairs>([&](auto j) {
      unsigned b[4];
      keys.template load_transposed<16 * step, 16 * T::kColumnWarps * j>(b);
      unrolled<kQueryTiles>([&](auto i) {
        T::Fragments::mma(sum[i][2 * j], a[i], b[0], b[1], sum[i][2 * j]);
        T::Fragments::mma(sum[i][2 * j + 1], a[i], b[2], b[3], sum[i][2 * j + 1]);
      });
    });
  });
  const std::int64_t fragment =
      ((head * p.query_rows + first_query) / 16 + warp_row) * (T::kDim / 8) + 2 * warp_column;
  const std::uint64_t to = p.dq_sum + 4 * (fragment * 128 + static_cast<int>(threadIdx.x) % 32);
  unrolled<kQueryTiles>([&](auto i) {
    unrolled<2 * kPairs>([&](auto j) {
      unrolled<4>([&](auto x) {
        constexpr int kFragment = T::kRowWarps * i * (T::kDim / 8) + j / 2 * 2 * T::kColumnWarps + j % 2;
        add_global<4 * (128 * kFragment + 32 * x)>(to, sum[i][j][x]);
      });
    });
  });
}

/// dS^T of this warp's keys, for all warps.
template <class T>
__device__ __forceinline__ void share(const FactorTile<T>& ds, int first_row) {
  using Ds = Swizzle<T::kOthers>;
  // Rows 8 apart have the same key, and the address of a chunk is that of chunk 0 with bits flipped.
  const unsigned at = kept(shared_memory() + T::kDsAt + column_of_lane() * 2 +
                           Ds::offset(static_cast<unsigned>(first_row + row_of_lane(0, 0)), 0));
#pragma unroll
  for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
    for (int half = 0; half < 2; ++half)
#pragma unroll
      for (int j = 0; j < T::kOthers / 8; ++j)
        store_shared_4((at ^ j % Ds::kWidth * 16) + (16 * i + 8 * half) * Ds::kRowBytes +
                           j / Ds::kWidth * Ds::kWidth * 16,
                       ds.value[i][j / 2][j % 2 * 2 + half]);
}

/// This warp's rows of a gradient times `factor`, by way of its own rows of shared memory at `at`.
template <class T>
__device__ __forceinline__ void store(const BackwardParams& p, const TensorView& view, const Owned& own,
                                      unsigned at, int first_row, const GradientTile<T>& gradient,
                                      float factor, int width) {
  using Rows = Swizzle<T::kDim>;
  at += first_row * Rows::kRowBytes;
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
    for (int half = 0; half < 2; ++half)
#pragma unroll
      for (int j = 0; j < T::kDim / 8; ++j)
        store_shared_4(at + Rows::offset(static_cast<unsigned>(row_of_lane(i, half)), j % Rows::kWidth) +
                           j / Rows::kWidth * Rows::kWidth * 16 + column_of_lane() * 2,
                       T::Fragments::rounded(gradient.value[i][j][2 * half] * factor,
                                             gradient.value[i][j][2 * half + 1] * factor));
  __syncwarp();
  const std::int64_t first =
      (T::kOwnsKeys ? own.sequence.kv_first_row : own.sequence.q_first_row) + own.first + first_row;
  for (int x = lane; x < T::kRows * (T::kDim / 8); x += 32) {
    const int row = x / (T::kDim / 8), chunk = x % (T::kDim / 8);
    if (first_row + row >= own.rows || 8 * chunk >= width) continue;
    Chunk values;
    load_shared_16(values.x, at + Rows::offset(static_cast<unsigned>(row), chunk % Rows::kWidth) +
                                 chunk / Rows::kWidth * Rows::kWidth * 16);
    store_chunk(address(view, own.index, first + row, own.head, 2) + 16 * chunk, values, width - 8 * chunk,
                p.aligned != 0);
  }
}

}  // namespace flashdiff::kernels
