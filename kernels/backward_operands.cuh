#pragma once
#include "kernels/backward_tiles.h"
#include "kernels/bands.cuh"
#include "kernels/params.h"
#include "kernels/tiles.cuh"

/// What a block of a backward pass works on: the rows that it owns, and the tiles of the other side on their
/// way through shared memory. Names: `first` is Q, K or a gradient of theirs, `second` V, dO or dV; `others`
/// are the tiles of the side that is gone through.
namespace flashdiff::kernels {

/// An entry's types and numbers.
template <class ElementType, BackwardTiles kTiles, BackwardJob kJob, bool kModifiedScores>
struct BackwardEntry {
  using Fragments = kernels::Fragments<ElementType>;
  static constexpr bool kOwnsKeys = kJob.owns_keys, kFirst = kJob.first, kSecond = kJob.second;
  static constexpr bool kAddsDq = kJob.adds_dq;
  static constexpr bool kModified = kModifiedScores;  ///< by softcap or ALiBi
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

/// Row 16 i + 8 half + lane / 4 of the warp's rows, columns from 2 (lane % 4) on: where fragments put them.
__device__ __forceinline__ int row_of_lane(int i, int half) {
  return 16 * i + 8 * half + static_cast<int>(threadIdx.x) % 32 / 4;
}
__device__ __forceinline__ int column_of_lane() { return 2 * (static_cast<int>(threadIdx.x) % 4); }

}  // namespace flashdiff::kernels
