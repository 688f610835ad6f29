#pragma once
#include "kernels/backward_tiles.h"
#include "kernels/bands.cuh"
#include "kernels/params.h"
#include "kernels/rows.cuh"
#include "kernels/tiles.cuh"

/// The pass over tiles of the backward kernels: one function for blocks that own keys and for those that own
/// queries.
///
///   owns keys                                     owns queries
///   S^T  = K Q^T, P^T = 2^(c S^T - LSE)           S  = Q K^T, P = 2^(c S - LSE)
///   dV  += P^T dO
///   dP^T = V dO^T, dS^T = P^T (dP^T - D)          dP = dO V^T, dS = P (dP - D)
///   dK  += dS^T Q                                 dQ += dS K
///   dQ's sum in global memory += (dS^T)^T K
///
/// Either way the block's own rows are those of S, so that P and dS, accumulators of one product, are the
/// first factor of the next as they lie in registers; only the sum of dQ over keys needs dS in shared memory.
/// Names: `first` is Q, K or a gradient of theirs, `second` V, dO or dV; `others` are the tiles of the side
/// that is gone through.
namespace flashdiff::kernels {

/// An entry's types and numbers.
template <class ElementType, BackwardTiles kTiles, BackwardJob kJob>
struct BackwardEntry {
  using Fragments = kernels::Fragments<ElementType>;
  static constexpr bool kOwnsKeys = kJob.owns_keys, kFirst = kJob.first, kSecond = kJob.second;
  static constexpr bool kAddsDq = kJob.adds_dq;
  static constexpr int kDim = kTiles.dim, kThreads = BackwardTiles::threads;
  static constexpr int kRows = kTiles.rows, kRowTiles = kRows / 16, kOwned = kTiles.owned();
  static constexpr int kOthers = kTiles.others;
  static constexpr int kOwnedBytes = kJob.owned_bytes(kTiles), kStageBytes = kJob.stage_bytes(kTiles);
  static constexpr int kStagesAt = (kFirst ? 2 : 1) * kOwnedBytes;
  static constexpr int kDsAt = kStagesAt + BackwardTiles::stages * kStageBytes;
  // dQ of a tile of queries: how the warps share it.
  static constexpr int kColumnWarps = kDim % 64 == 0 ? 4 : 2, kRowWarps = 4 / kColumnWarps;
};

/// The rows that a block owns.
struct Owned {
  Sequence sequence, source, workspace;  // lengths; first rows of outputs, of inputs, of the workspace
  int index, head, first, rows;          // `rows` of the tile exist
  Band band;
};

template <class T>
__device__ Owned owned_by_block(const BackwardParams& p) {
  Owned own;
  const RowTile tile = reinterpret_cast<const RowTile*>(p.tiles)[static_cast<int>(blockIdx.x) / p.heads];
  own.index = tile.sequence;
  own.sequence = reinterpret_cast<const Sequence*>(p.sequences)[own.index];
  own.source = reinterpret_cast<const Sequence*>(p.source_sequences)[own.index];
  own.workspace = reinterpret_cast<const Sequence*>(p.workspace_sequences)[own.index];
  own.head = static_cast<int>(blockIdx.x) % p.heads;
  own.first = tile.first_row;
  own.rows = min(T::kOwned, (T::kOwnsKeys ? own.sequence.kv_len : own.sequence.q_len) - own.first);
  own.band = T::kOwnsKeys ? band_of_keys(p.mask, own.sequence) : band_of_queries(p.mask, own.sequence);
  return own;
}

__device__ inline int warp_of_block() { return static_cast<int>(threadIdx.x) / 32; }

/// Where LSE and D of a query are; D is `query_heads * query_rows` numbers further on.
__device__ inline std::uint64_t stats_of(const BackwardParams& p, const Owned& own, int head, int query) {
  return p.stats + 4 * (head * p.query_rows + own.workspace.q_first_row + query);
}

/// A tile of the other side in shared memory.
template <class T>
struct Stage {
  unsigned at;
  __device__ SharedTile<T::kDim> first() const { return {at + SharedTile<T::kDim>::lane_offset()}; }
  __device__ SharedTile<T::kDim> second() const {
    return {at + T::kOthers * T::kDim * 2 + SharedTile<T::kDim>::lane_offset()};
  }
  __device__ unsigned stats() const { return at + 2 * T::kOthers * T::kDim * 2; }
};

/// The other side's tiles on their way through two stages: each is copied while the one before it is
/// multiplied. Keys go through all query heads that share them: their gradients are sums over the group.
template <class T>
struct Others {
  using Copy = TileCopy<T::kThreads, T::kOthers, T::kDim, true>;
  const BackwardParams& p;
  Range tiles;
  std::uint64_t first, second, stats;  // this thread's sources in the next tile to copy
  int tile, head, heads_end;           // of which it is
  int rows;                            // of the other side
  unsigned stage;                      // to which it goes

  __device__ __forceinline__ Others(const BackwardParams& params, const Owned& own, Range range)
      : p(params),
        tiles(range),
        tile(range.begin),
        head(first_head(params, own)),
        heads_end(head + (T::kOwnsKeys ? params.group : 1)),
        rows(own.band.columns),
        stage(shared_memory() + T::kStagesAt) {
    locate();
  }
  __device__ static int first_head(const BackwardParams& p, const Owned& own) {
    return T::kOwnsKeys ? own.head * p.group : own.head / p.group;
  }

  /// The next tile is there, for all threads; the place of the one before it is free, and is filled again.
  __device__ __forceinline__ Stage<T> next() {
    const Stage<T> there{other_stage()};
    wait_for_copies<0>();
    __syncthreads();
    load();
    return there;
  }

  /// Issues the copies of one tile, if there is one left.
  __device__ __forceinline__ void load() {
    if (head < heads_end) {
      const unsigned to = stage + Copy::to();
      const unsigned second_to = to + T::kOthers * T::kDim * 2;
      const int there = rows - tile * T::kOthers;
      if (there >= T::kOthers && p.d_qk == T::kDim && p.d_v == T::kDim) {
        Copy::whole(to, first, Copy::step(2 * first_view().row_stride));
        Copy::whole(second_to, second, Copy::step(2 * second_view().row_stride));
      } else {
        Copy::part(to, first, Copy::step(2 * first_view().row_stride), there, p.d_qk);
        Copy::part(second_to, second, Copy::step(2 * second_view().row_stride), there, p.d_v);
      }
      if constexpr (T::kOwnsKeys) {
        if (threadIdx.x < kStatsThreads) copy_16<0, 0>(Stage<T>{stage}.stats() + threadIdx.x * 16, stats);
        stats += 4 * T::kOthers;
      }
      if (++tile == tiles.end) {
        tile = tiles.begin, ++head;
        locate();
      }
    }
    stage = other_stage();
    commit_copies();
  }

 private:
  static constexpr int kStatsThreads = T::kOthers / 2;  // half for LSE, half for D, 4 numbers each

  __device__ __forceinline__ unsigned other_stage() const {
    return 2 * (shared_memory() + T::kStagesAt) + T::kStageBytes - stage;
  }
  __device__ __forceinline__ const TensorView& first_view() const { return T::kOwnsKeys ? p.q : p.k; }
  __device__ __forceinline__ const TensorView& second_view() const { return T::kOwnsKeys ? p.d_o : p.v; }
  /// Sources in the first tile of the head. What it takes is asked again, and not kept through the loop.
  __device__ __forceinline__ void locate() {
    const Owned own = owned_by_block<T>(p);
    const std::int64_t row =
        (T::kOwnsKeys ? own.source.q_first_row : own.source.kv_first_row) + tile * T::kOthers;
    first = Copy::from(address(first_view(), own.index, row, head, 2), 2 * first_view().row_stride);
    second = Copy::from(address(second_view(), own.index, row, head, 2), 2 * second_view().row_stride);
    if constexpr (T::kOwnsKeys) {
      const int part = static_cast<int>(threadIdx.x) % (kStatsThreads / 2);
      stats = stats_of(p, own, head, tile * T::kOthers) + 16 * part;
      if (threadIdx.x >= kStatsThreads / 2) stats += 4 * p.query_heads * p.query_rows;
    }
  }
};

/// Issues the copies of the block's own rows.
template <class T>
__device__ __forceinline__ void load_owned(const BackwardParams& p, const Owned& own) {
  using Copy = TileCopy<T::kThreads, T::kOwned, T::kDim, true>;
  const std::int64_t row = (T::kOwnsKeys ? own.source.kv_first_row : own.source.q_first_row) + own.first;
  const auto load = [&](const TensorView& view, unsigned to, int columns) {
    std::uint64_t from = Copy::from(address(view, own.index, row, own.head, 2), 2 * view.row_stride);
    Copy::part(to + Copy::to(), from, Copy::step(2 * view.row_stride), own.rows, columns);
  };
  load(T::kOwnsKeys ? p.k : p.q, shared_memory(), p.d_qk);
  if constexpr (T::kFirst) load(T::kOwnsKeys ? p.v : p.d_o, shared_memory() + T::kOwnedBytes, p.d_v);
}

/// Fragments of this warp's rows: S and dP, P and dS as first factors, gradients.
template <class T>
struct ScoreTile {
  float value[T::kRowTiles][T::kOthers / 8][4];
};
template <class T>
struct FactorTile {
  unsigned value[T::kRowTiles][T::kOthers / 16][4];
};
template <class T>
struct GradientTile {
  float value[T::kRowTiles][T::kDim / 8][4];
};

/// s = own others^T
template <class T>
__device__ __forceinline__ void multiply(ScoreTile<T>& s, const SharedTile<T::kDim>& own,
                                         const SharedTile<T::kDim>& others) {
  constexpr float kZero[4] = {};
  unrolled<T::kDim / 16>([&](auto step) {
    unsigned a[T::kRowTiles][4];
    unrolled<T::kRowTiles>([&](auto i) { own.template load<16 * i, 16 * step>(a[i]); });
    unrolled<T::kOthers / 16>([&](auto j) {
      unsigned b[4];
      others.template load<16 * j, 16 * step>(b);
      unrolled<T::kRowTiles>([&](auto i) {
        float(&left)[4] = s.value[i][2 * j];
        float(&right)[4] = s.value[i][2 * j + 1];
        T::Fragments::mma(left, a[i], b[0], b[2], step == 0 ? kZero : left);
        T::Fragments::mma(right, a[i], b[1], b[3], step == 0 ? kZero : right);
      });
    });
  });
}

/// gradient += factor others
template <class T>
__device__ __forceinline__ void multiply_add(GradientTile<T>& gradient, const FactorTile<T>& factor,
                                             const SharedTile<T::kDim>& others) {
  unrolled<T::kOthers / 16>([&](auto step) {
    unrolled<T::kDim / 16>([&](auto j) {
      unsigned b[4];
      others.template load_transposed<16 * step, 16 * j>(b);
      unrolled<T::kRowTiles>([&](auto i) {
        float(&left)[4] = gradient.value[i][2 * j];
        float(&right)[4] = gradient.value[i][2 * j + 1];
        T::Fragments::mma(left, factor.value[i][step], b[0], b[1], left);
        T::Fragments::mma(right, factor.value[i][step], b[2], b[3], right);
      });
    });
  });
}

/// An accumulator's fragments of two times 8 columns are the first factor's fragment of 16.
template <class T>
__device__ __forceinline__ FactorTile<T> rounded(const ScoreTile<T>& s) {
  FactorTile<T> factor;
#pragma unroll
  for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
    for (int j = 0; j < T::kOthers / 8; ++j)
#pragma unroll
      for (int half = 0; half < 2; ++half)
        factor.value[i][j / 2][j % 2 * 2 + half] =
            T::Fragments::rounded(s.value[i][j][2 * half], s.value[i][j][2 * half + 1]);
  return factor;
}

/// Row 16 i + 8 half + lane / 4 of the warp's rows, columns from 2 (lane % 4) on: where fragments put them.
__device__ __forceinline__ int row_of_lane(int i, int half) {
  return 16 * i + 8 * half + static_cast<int>(threadIdx.x) % 32 / 4;
}
__device__ __forceinline__ int column_of_lane() { return 2 * (static_cast<int>(threadIdx.x) % 4); }

/// A number a query, LSE or D, beside fragments of which queries are the rows ...
template <class T>
struct NumbersOfRows {
  float value[T::kRowTiles][2];
  struct Pair {
    const NumbersOfRows& all;
    __device__ float operator()(int i, int half, int) const { return all.value[i][half]; }
  };
  __device__ __forceinline__ Pair of(int) const { return {*this}; }

  /// `missing` for rows that are not there.
  __device__ __forceinline__ NumbersOfRows(std::uint64_t at, int rows, float missing) {
#pragma unroll
    for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = row_of_lane(i, half);
        value[i][half] = row < rows ? reinterpret_cast<const float*>(at)[row] : missing;
      }
  }
};
/// ... or the columns: read as they are needed.
template <class T>
struct NumbersOfColumns {
  unsigned at;  // shared address of this lane's first two
  struct Pair {
    float2 x;
    __device__ float operator()(int, int, int second) const { return second == 0 ? x.x : x.y; }
  };
  __device__ __forceinline__ Pair of(int j) const { return {load_shared_f32x2(at + 32 * j)}; }
};

/// P = 2^(c S - LSE)
template <class T, class Numbers>
__device__ __forceinline__ void to_weights(ScoreTile<T>& s, float scale_log2, const Numbers& lse) {
#pragma unroll
  for (int j = 0; j < T::kOthers / 8; ++j) {
    const auto of_query = lse.of(j);
#pragma unroll
    for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
      for (int x = 0; x < 4; ++x)
        s.value[i][j][x] = exp2_approx(fmaf(s.value[i][j][x], scale_log2, -of_query(i, x / 2, x % 2)));
  }
}

/// From P to dS = P (dP - D).
template <class T, class Numbers>
__device__ __forceinline__ void to_score_gradients(ScoreTile<T>& p, const ScoreTile<T>& dp,
                                                   const Numbers& d) {
#pragma unroll
  for (int j = 0; j < T::kOthers / 8; ++j) {
    const auto of_query = d.of(j);
#pragma unroll
    for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
      for (int x = 0; x < 4; ++x) p.value[i][j][x] *= dp.value[i][j][x] - of_query(i, x / 2, x % 2);
  }
}

/// P = 0 where the band hides the column from the row, or the row is not there. Not sooner: a score that no
/// query has may weigh anything, infinity included.
template <class T>
__device__ __forceinline__ void hide(ScoreTile<T>& p, const Band& band, int first_row, int rows,
                                     int first_column) {
  first_row = kept(first_row);  // what follows is not made before the loop, to lie in registers through it
#pragma unroll
  for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const Range columns = band.visible(first_row + row_of_lane(i, half));
      const int begin = columns.begin - first_column - column_of_lane();
      const auto size =
          static_cast<unsigned>(row_of_lane(i, half) < rows ? max(0, columns.end - columns.begin) : 0);
#pragma unroll
      for (int j = 0; j < T::kOthers / 8; ++j)
#pragma unroll
        for (int x = 0; x < 2; ++x)
          if (static_cast<unsigned>(8 * j + x - begin) >= size) p.value[i][j][2 * half + x] = 0;
    }
}

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

template <class T>
__device__ void flash_backward(const BackwardParams& p) {
  const int first_row = warp_of_block() * T::kRows;  // of this warp
  GradientTile<T> first = {}, second = {};
  const Owned own = owned_by_block<T>(p);
  const Range tiles = BandTiles<T::kOthers>(own.band, own.first, own.rows).seen;
  if (tiles.begin < tiles.end) {
    const int rows = own.rows - first_row;  // of this warp, or more
    BandTiles<T::kOthers> mine(own.band, own.first + first_row, min(T::kRows, rows));
    if (rows < T::kRows) mine.whole = {0, 0};

    Others<T> others(p, own, tiles);
    load_owned<T>(p, own);
    others.load();
    const unsigned at = shared_memory() + first_row * 2 * T::kDim + SharedTile<T::kDim>::lane_offset();
    const int head = Others<T>::first_head(p, own), heads = T::kOwnsKeys ? p.group : 1;

    const auto pass = [&](int tile, int of_head, const Stage<T>& stage, const auto& lse, const auto& d) {
      const bool seen = mine.seen.holds(tile);
      // Flipped bits of these addresses are made again for each tile, and not kept in registers.
      const SharedTile<T::kDim> own_first{kept(at)}, own_second{kept(at + T::kOwnedBytes)};
      FactorTile<T> ds = {};
      if (seen) {
        ScoreTile<T> s;
        multiply<T>(s, own_first, stage.first());
        to_weights<T>(s, p.scale_log2, lse);
        if (!mine.whole.holds(tile)) {
          const Owned asked = owned_by_block<T>(p);  // seldom: not kept through the loop
          hide<T>(s, asked.band, asked.first + first_row, asked.rows - first_row, tile * T::kOthers);
        }
        if constexpr (T::kSecond) multiply_add<T>(second, rounded(s), stage.second());
        if constexpr (T::kFirst) {
          ScoreTile<T> dp;
          multiply<T>(dp, own_second, stage.second());
          to_score_gradients<T>(s, dp, d);
          ds = rounded(s);
        }
      }
      if constexpr (T::kAddsDq) share<T>(ds, first_row);
      if (T::kFirst && seen) multiply_add<T>(first, ds, stage.first());
      if constexpr (T::kAddsDq) {
        __syncthreads();
        add_to_dq<T>(p, own.workspace.q_first_row + tile * T::kOthers, of_head);
      }
    };

    if constexpr (T::kOwnsKeys) {
      for (int h = 0; h < heads; ++h)
        for (int tile = tiles.begin; tile < tiles.end; ++tile) {
          const Stage<T> stage = others.next();
          const NumbersOfColumns<T> lse{stage.stats() + 4 * column_of_lane()};
          const NumbersOfColumns<T> d{lse.at + 4 * T::kOthers};
          pass(tile, head + h, stage, lse, d);
        }
    } else {
      const std::uint64_t stats = stats_of(p, own, own.head, own.first + first_row);
      const NumbersOfRows<T> lse(stats, rows, INFINITY);
      const NumbersOfRows<T> d(stats + 4 * p.query_heads * p.query_rows, rows, 0);
      for (int tile = tiles.begin; tile < tiles.end; ++tile) pass(tile, head, others.next(), lse, d);
    }
  }
  __syncthreads();  // what lay where gradients pass through has been read, by all warps
  const Owned again = owned_by_block<T>(p);  // nothing of it has to stay in registers for so long
  if constexpr (T::kFirst)
    store<T>(p, T::kOwnsKeys ? p.dk : p.dq, again, shared_memory(), first_row, first, p.scale, p.d_qk);
  if constexpr (T::kSecond)
    store<T>(p, p.dv, again, shared_memory() + (T::kFirst ? T::kOwnedBytes : 0), first_row, second, 1.0f,
             p.d_v);
}

}  // namespace flashdiff::kernels
