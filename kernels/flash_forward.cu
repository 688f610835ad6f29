/// Flash attention forward on tensor cores: O = softmax(scale * Q K^T) V and LSE, one pass over the keys.
///
/// Algorithm (FlashAttention-2, Dao 2023, Algorithm 1; online softmax, Milakov and Gimelshein 2018), for each
/// tile of queries:
///   for each tile of keys that the mask lets through:
///     S = Q K^T, modified where asked (softcap, ALiBi), masked to -inf where the tile is not seen whole
///     m' = max(m, rowmax S), P = 2^(c S - c m'), alpha = 2^(c m - c m'), c = scale * log2(e)
///     l = alpha * l + rowsum P, O = alpha * O + P V, m = m'
///   O = O / l, LSE = ln 2 * (c m + log2 l); a query that sees no key gives O = 0, LSE = -inf.
/// A sink is where a row starts: m = sink, l = 1. Score modifiers have entries of their own (`_mod`), where c
/// is softcap * log2(e) if there is a softcap, and slopes and sinks are in units of S.
///
/// Tiles: forward_tiles.h. A block has a tile of queries of one head (the plan lists them, so that no block
/// is empty), a warp 32 or 16 rows of it: S, P and O never leave its registers. Shared memory: Q, then a ring
/// of slots through which K and V of each kv tile pass in turn, each copied (cp.async) while the tiles before
/// it are multiplied: one barrier a slot. In the end O goes through Q's place, to be stored in whole chunks.
/// Numerics: products on tensor cores with f32 accumulators, P rounded to the dtype for the second one,
/// the row sum of P as it is before; ex2.approx (flushes subnormals), correctly rounded reciprocal,
/// lg2.approx, CUDA's tanhf. Run: flashdiff check --backend flash_forward.
#include "kernels/bands.cuh"
#include "kernels/entries.cuh"
#include "kernels/forward_tiles.h"
#include "kernels/params.h"
#include "kernels/tiles.cuh"

namespace flashdiff::kernels {
namespace {

/// What one block works on: a tile of queries of one head of one sequence.
struct Work {
  Sequence sequence;
  int index, head, kv_head;
  int first_query, queries;  // of the tile; `queries` of them exist
  Band band;                 // of the mask
};

__device__ Work work_of_block(const ForwardParams& p, int tile_queries) {
  Work work;
  const RowTile tile = reinterpret_cast<const RowTile*>(p.query_tiles)[blockIdx.x / p.heads];
  work.index = tile.sequence;
  work.sequence = reinterpret_cast<const Sequence*>(p.sequences)[tile.sequence];
  work.head = static_cast<int>(blockIdx.x) % p.heads;
  work.kv_head = work.head / p.group;
  work.first_query = tile.first_row;
  work.queries = min(tile_queries, work.sequence.q_len - tile.first_row);
  work.band = band_of_queries(p.mask, work.sequence);
  return work;
}

/// K and V of the block's kv tiles, on their way through the ring: K0 V0 K1 V1 ...
template <class T>
struct KvPipeline {
  static constexpr int kAhead = T::kStages - 1;  // copies under way while a slot is in use
  using CopyK = TileCopy<T::kThreads, T::kKeys, T::kDim, T::kAligned>;
  using CopyV = TileCopy<T::kThreads, T::kKeys, T::kDimV, T::kAligned>;

  std::uint64_t k, v;           // this thread's sources in the next tiles
  std::int64_t k_step, v_step;  // bytes to its next row
  int tiles, whole;             // ends: of the tiles, of those that are copied without looking at bounds
  unsigned slot, freed;         // what this lane reads first of the next slot, and of the one in use before
  unsigned copy;                // from there to where this thread copies to
  int kv_len, d_qk, d_v;

  __device__ __forceinline__ KvPipeline(const ForwardParams& p, const Work& work, Range range, unsigned ring)
      : k_step(CopyK::step(2 * p.k.row_stride)),
        v_step(CopyV::step(2 * p.v.row_stride)),
        tiles(range.end),
        whole(0),
        slot(ring + SharedTile<T::kDim>::lane_offset()),
        freed(slot + kAhead * T::kSlotBytes),
        copy(CopyK::to() - SharedTile<T::kDim>::lane_offset()),
        kv_len(work.sequence.kv_len),
        d_qk(p.d_qk),
        d_v(p.d_v) {
    const std::int64_t row = work.sequence.kv_first_row + std::int64_t{range.begin} * T::kKeys;
    k = CopyK::from(address(p.k, work.index, row, work.kv_head, 2), 2 * p.k.row_stride);
    v = CopyV::from(address(p.v, work.index, row, work.kv_head, 2), 2 * p.v.row_stride);
    if (T::kAligned && d_qk == T::kDim && d_v == T::kDimV) whole = min(tiles, kv_len / T::kKeys);
  }

  /// Issues the first copies; Q's have been issued, and belong to the first group.
  __device__ __forceinline__ void start(int tile) {
    unsigned to = slot;
    unrolled<kAhead>([&](auto copy) {
      if constexpr (copy % 2 == 0)
        load_keys(tile + copy / 2, to);
      else
        load_values(tile + copy / 2, to);
      to += T::kSlotBytes;
    });
  }

  /// K, or V, of this tile is there, for all threads; the slot before it is free, and is filled again.
  __device__ __forceinline__ SharedTile<T::kDim> next_keys(int tile) {
    await();
    if constexpr (kAhead % 2 == 0)
      load_keys(tile + kAhead / 2, freed);
    else
      load_values(tile + kAhead / 2, freed);
    return {advanced()};
  }
  __device__ __forceinline__ SharedTile<T::kDimV> next_values(int tile) {
    await();
    if constexpr (kAhead % 2 == 0)
      load_values(tile + kAhead / 2, freed);
    else
      load_keys(tile + (kAhead + 1) / 2, freed);
    return {advanced()};
  }

 private:
  __device__ __forceinline__ void await() {
    wait_for_copies<kAhead - 1>();
    __syncthreads();
  }
  __device__ __forceinline__ unsigned advanced() {
    const unsigned end = shared_memory() + T::kQueryBytes + T::kStages * T::kSlotBytes;
    freed = slot;
    slot += T::kSlotBytes;
    if (slot >= end) slot -= T::kStages * T::kSlotBytes;
    return freed;
  }
  __device__ __forceinline__ void load_keys(int tile, unsigned to) {
    if (tile < whole)
      CopyK::whole(to + copy, k, k_step);
    else if (tile < tiles)
      CopyK::part(to + copy, k, k_step, kv_len - tile * T::kKeys, d_qk);
    commit_copies();
  }
  __device__ __forceinline__ void load_values(int tile, unsigned to) {
    if (tile < whole)
      CopyV::whole(to + copy, v, v_step);
    else if (tile < tiles)
      CopyV::part(to + copy, v, v_step, kv_len - tile * T::kKeys, d_v);
    commit_copies();
  }
};

template <class T>
__device__ __forceinline__ void load_queries(const ForwardParams& p, const Work& work) {
  using Copy = TileCopy<T::kThreads, T::kQueries, T::kDim, T::kAligned>;
  const std::int64_t row = work.sequence.q_first_row + work.first_query;
  std::uint64_t from = Copy::from(address(p.q, work.index, row, work.head, 2), 2 * p.q.row_stride);
  Copy::part(shared_memory() + Copy::to(), from, Copy::step(2 * p.q.row_stride), work.queries, p.d_qk);
}

/// This warp's rows of Q: in registers, or fragment by fragment from shared memory.
template <class T>
struct QueryFragments {
  SharedTile<T::kDim> shared;
  unsigned kept[T::kQInRegisters ? T::kDim / 16 : 1][T::kRowTiles][4];

  __device__ __forceinline__ explicit QueryFragments(unsigned at) : shared{at} {
    if constexpr (T::kQInRegisters) unrolled<T::kDim / 16>([&](auto step) { load<step>(kept[step]); });
  }
  /// Columns 16 kStep to 16 kStep + 15.
  template <int kStep>
  __device__ __forceinline__ void take(unsigned (&q)[T::kRowTiles][4]) const {
    if constexpr (!T::kQInRegisters)
      load<kStep>(q);
    else
#pragma unroll
      for (int x = 0; x < 4 * T::kRowTiles; ++x) q[x / 4][x % 4] = kept[kStep][x / 4][x % 4];
  }

 private:
  template <int kStep>
  __device__ __forceinline__ void load(unsigned (&q)[T::kRowTiles][4]) const {
    unrolled<T::kRowTiles>([&](auto i) { shared.template load<16 * i, 16 * kStep>(q[i]); });
  }
};

template <class T>
struct ScoreTile {
  float value[T::kRowTiles][T::kKeys / 8][4];
};
template <class T>
struct WeightTile {
  unsigned value[T::kRowTiles][T::kKeys / 16][4];
};
template <class T>
struct OutputTile {
  float value[T::kRowTiles][T::kDimV / 8][4];
};

/// s = q k^T
template <class T>
__device__ __forceinline__ void multiply(ScoreTile<T>& s, const QueryFragments<T>& q,
                                         const SharedTile<T::kDim>& keys) {
  constexpr float kZero[4] = {};
  unrolled<T::kDim / 16>([&](auto step) {
    unsigned rows[T::kRowTiles][4];
    q.template take<step>(rows);
    unrolled<T::kKeys / 16>([&](auto j) {
      unsigned k[4];
      keys.template load<16 * j, 16 * step>(k);
      unrolled<T::kRowTiles>([&](auto i) {
        float(&left)[4] = s.value[i][2 * j];
        float(&right)[4] = s.value[i][2 * j + 1];
        T::Fragments::mma(left, rows[i], k[0], k[2], step == 0 ? kZero : left);
        T::Fragments::mma(right, rows[i], k[1], k[3], step == 0 ? kZero : right);
      });
    });
  });
}

/// o += p v
template <class T>
__device__ __forceinline__ void multiply_add(OutputTile<T>& o, const WeightTile<T>& p,
                                             const SharedTile<T::kDimV>& values) {
  unrolled<T::kKeys / 16>([&](auto step) {
    unrolled<T::kDimV / 16>([&](auto j) {
      unsigned v[4];
      values.template load_transposed<16 * step, 16 * j>(v);
      unrolled<T::kRowTiles>([&](auto i) {
        float(&left)[4] = o.value[i][2 * j];
        float(&right)[4] = o.value[i][2 * j + 1];
        T::Fragments::mma(left, p.value[i][step], v[0], v[1], left);
        T::Fragments::mma(right, p.value[i][step], v[2], v[3], right);
      });
    });
  });
}

/// Row 16 i + 8 half + lane / 4 of the warp's rows: where fragments put it.
__device__ __forceinline__ int row_of_lane(int i, int half) {
  return 16 * i + 8 * half + static_cast<int>(threadIdx.x) % 32 / 4;
}
__device__ __forceinline__ int column_of_lane() { return static_cast<int>(threadIdx.x) % 4 * 2; }

/// Scores of the tile from `first_key` on that the mask hides become -inf. `diagonal`: of this lane's first
/// row.
template <class T>
__device__ __forceinline__ void hide(ScoreTile<T>& s, const MaskParams& mask, int kv_len, int diagonal,
                                     int first_key) {
  diagonal = kept(diagonal);  // what follows is not made before the loop, to lie in registers through it
#pragma unroll
  for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const Range keys = visible(mask.left, mask.right, kv_len, diagonal + 16 * i + 8 * half);
      const int begin = keys.begin - first_key - column_of_lane();
      const auto size = static_cast<unsigned>(max(0, keys.end - keys.begin));
#pragma unroll
      for (int j = 0; j < T::kKeys / 8; ++j)
#pragma unroll
        for (int x = 0; x < 2; ++x) {
          float& score = s.value[i][j][2 * half + x];
          if (static_cast<unsigned>(8 * j + x - begin) >= size) score = -INFINITY;
        }
    }
}

/// A number of each query head, of ModifierParams.
__device__ __forceinline__ float of_head(std::uint64_t numbers, int head) {
  return reinterpret_cast<const float*>(numbers)[head];
}

/// What softcap and ALiBi make of scores; ModifierParams says how.
struct ScoreModifiers {
  float argument, slope;  // 0: none
  int diagonal;           // ALiBi's, of this lane's first row, whatever the mask

  __device__ __forceinline__ ScoreModifiers(const ForwardParams& p, const Work& work, int first_row)
      : argument(p.modifiers.softcap_argument),
        slope(p.modifiers.slopes == 0 ? 0 : of_head(p.modifiers.slopes, work.head)),
        diagonal(work.first_query + first_row + row_of_lane(0, 0) + work.sequence.kv_len -
                 work.sequence.q_len) {}

  /// The tile from `first_key` on.
  template <class T>
  __device__ __forceinline__ void apply(ScoreTile<T>& s, int first_key) const {
    if (argument != 0)
#pragma unroll
      for (int x = 0; x < T::kRowTiles * T::kKeys / 2; ++x) {
        float& score = s.value[x / (T::kKeys / 2)][x / 4 % (T::kKeys / 8)][x % 4];
        score = tanhf(score * argument);
      }
    if (slope == 0) return;
#pragma unroll
    for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const auto ahead = static_cast<float>(diagonal + 16 * i + 8 * half - first_key - column_of_lane());
#pragma unroll
        for (int j = 0; j < T::kKeys / 8; ++j)
#pragma unroll
          for (int x = 0; x < 2; ++x) {
            float& score = s.value[i][j][2 * half + x];
            score = fmaf(-slope, fabsf(ahead - static_cast<float>(8 * j + x)), score);
          }
      }
  }
};

/// Running maximum m and this lane's part of the sum l of each of its rows.
template <class T>
struct OnlineSoftmax {
  float scale_log2;
  float m[T::kRowTiles][2], l[T::kRowTiles][2];

  /// m starts at the lowest score whose product with the scale is finite, and not at -inf: for a row without
  /// a visible key so far, -inf - m is then -inf and not NaN, and nothing has to be asked in the loop.
  __device__ __forceinline__ explicit OnlineSoftmax(float scale) : scale_log2(scale) {
    const float lowest = -0x1.fffff8p+127f / fmaxf(1.0f, scale);
#pragma unroll
    for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) m[i][half] = lowest, l[i][half] = 0;
  }

  /// A key that every row has seen before the first, and that has no value.
  __device__ __forceinline__ void start_with_sink(float sink) {
#pragma unroll
    for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half)
        m[i][half] = sink, l[i][half] = threadIdx.x % 4 == 0 ? 1 : 0;  // once in the sum over four lanes
  }

  /// Scores to weights P, O to the new maximum.
  __device__ __forceinline__ void update(ScoreTile<T>& s, WeightTile<T>& p, OutputTile<T>& o) {
#pragma unroll
    for (int i = 0; i < T::kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float largest = m[i][half];
#pragma unroll
        for (int j = 0; j < T::kKeys / 8; ++j)
          largest = fmaxf(fmaxf(largest, s.value[i][j][2 * half]), s.value[i][j][2 * half + 1]);
        largest = quad_max(largest);
        const float top = largest * scale_log2;
        const float alpha = exp2_approx((m[i][half] - largest) * scale_log2);  // 1 where m stays
        m[i][half] = largest;
        l[i][half] *= alpha;
#pragma unroll
        for (int j = 0; j < T::kKeys / 8; ++j)
#pragma unroll
          for (int x = 2 * half; x < 2 * half + 2; ++x) {
            float& weight = s.value[i][j][x];
            weight = exp2_approx(fmaf(weight, scale_log2, -top));
            l[i][half] += weight;
          }
#pragma unroll
        for (int j = 0; j < T::kDimV / 8; ++j) {
          o.value[i][j][2 * half] *= alpha;
          o.value[i][j][2 * half + 1] *= alpha;
        }
      }
      // An accumulator's fragments of two times 8 keys are the first factor's fragment of 16.
#pragma unroll
      for (int j = 0; j < T::kKeys / 8; ++j)
#pragma unroll
        for (int half = 0; half < 2; ++half)
          p.value[i][j / 2][j % 2 * 2 + half] =
              T::Fragments::rounded(s.value[i][j][2 * half], s.value[i][j][2 * half + 1]);
    }
  }
};

/// O / l and LSE of this warp's rows, by way of where its rows of Q were.
template <class T>
__device__ __forceinline__ void store(const ForwardParams& p, const Work& work, int first_row,
                                      const OutputTile<T>& o, const OnlineSoftmax<T>& softmax) {
  using Rows = Swizzle<T::kDimV>;
  const unsigned at = shared_memory() + first_row * Rows::kRowBytes;
  const std::int64_t first = work.sequence.q_first_row + work.first_query;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  __syncwarp();  // Q has been read
#pragma unroll
  for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = row_of_lane(i, half);
      const float sum = quad_sum(softmax.l[i][half]);
      const bool saw_none = sum == 0;  // the largest score of a row weighs 1
      const float inverse = saw_none ? 0.0f : 1.0f / sum;
#pragma unroll
      for (int j = 0; j < T::kDimV / 8; ++j)
        store_shared_4(
            at + Rows::offset(static_cast<unsigned>(row), j % Rows::kWidth) +
                j / Rows::kWidth * Rows::kWidth * 16 + column_of_lane() * 2,
            T::Fragments::rounded(o.value[i][j][2 * half] * inverse, o.value[i][j][2 * half + 1] * inverse));
      if (lane % 4 == 0 && first_row + row < work.queries)
        *reinterpret_cast<float*>(address(p.lse, work.index, first + first_row + row, work.head, 4)) =
            saw_none ? -INFINITY
                     : fmaf(softmax.m[i][half], softmax.scale_log2, log2_approx(sum)) * 0.693147180559945309f;
    }
  __syncwarp();
  for (int x = lane; x < 16 * T::kRowTiles * (T::kDimV / 8); x += 32) {
    const int row = x / (T::kDimV / 8), chunk = x % (T::kDimV / 8);
    const int columns = min(8, p.d_v - 8 * chunk);
    if (first_row + row >= work.queries || columns <= 0) continue;
    unsigned values[4];
    load_shared_16(values, at + Rows::offset(static_cast<unsigned>(row), chunk % Rows::kWidth) +
                               chunk / Rows::kWidth * Rows::kWidth * 16);
    const std::uint64_t to = address(p.o, work.index, first + first_row + row, work.head, 2) + 16 * chunk;
    if (T::kAligned && columns == 8)
      *reinterpret_cast<uint4*>(to) = make_uint4(values[0], values[1], values[2], values[3]);
    else
#pragma unroll
      for (int c = 0; c < 8; ++c)
        if (c < columns)
          reinterpret_cast<std::uint16_t*>(to)[c] = static_cast<std::uint16_t>(values[c / 2] >> c % 2 * 16);
  }
}

template <class T>
__device__ void flash_forward(const ForwardParams& p) {
  const int first_row = static_cast<int>(threadIdx.x) / 32 * T::kRows;  // of this warp
  OutputTile<T> o = {};
  OnlineSoftmax<T> softmax(p.scale_log2);

  const Work work = work_of_block(p, T::kQueries);
  if constexpr (T::kModified)
    if (p.modifiers.sinks != 0) softmax.start_with_sink(of_head(p.modifiers.sinks, work.head));
  const Range tiles = BandTiles<T::kKeys>(work.band, work.first_query, work.queries).seen;
  if (tiles.begin < tiles.end) {
    const BandTiles<T::kKeys> mine(work.band, work.first_query + first_row,
                                   min(T::kRows, work.queries - first_row));
    const int diagonal = work.first_query + first_row + row_of_lane(0, 0) + work.band.shift;
    const ScoreModifiers modifiers(p, work, first_row);
    KvPipeline<T> kv(p, work, tiles, shared_memory() + T::kQueryBytes);
    load_queries<T>(p, work);
    kv.start(tiles.begin);
    wait_for_copies<T::kStages - 2>();
    __syncthreads();
    const QueryFragments<T> q(
        kept(shared_memory() + first_row * 2 * T::kDim + SharedTile<T::kDim>::lane_offset()));

    for (int tile = tiles.begin; tile < tiles.end; ++tile) {
      const bool seen = mine.seen.holds(tile);
      WeightTile<T> weights;
      const SharedTile<T::kDim> keys = kv.next_keys(tile);
      if (seen) {
        ScoreTile<T> s;
        multiply(s, q, keys);
        if constexpr (T::kModified) modifiers.apply(s, tile * T::kKeys);
        if (!mine.whole.holds(tile)) hide(s, p.mask, kv.kv_len, diagonal, tile * T::kKeys);
        softmax.update(s, weights, o);
      }
      const SharedTile<T::kDimV> values = kv.next_values(tile);
      if (seen) multiply_add(o, weights, values);
    }
  }
  // Asked again: nothing of it has to stay in registers for so long.
  store(p, work_of_block(p, T::kQueries), first_row, o, softmax);
}

/// An entry's types and numbers.
template <class ElementType, ForwardTiles kTiles, bool kAlignedRows, bool kModifiedScores>
struct Entry {
  using Fragments = kernels::Fragments<ElementType>;
  static constexpr bool kAligned = kAlignedRows;      ///< rows of all tensors start at multiples of 16 bytes
  static constexpr bool kModified = kModifiedScores;  ///< by softcap, ALiBi or a sink
  static constexpr int kDim = kTiles.d_qk, kDimV = kTiles.d_v;
  static constexpr int kThreads = kTiles.threads(), kQueries = kTiles.queries(), kKeys = kTiles.keys;
  static constexpr int kRows = kTiles.rows, kRowTiles = kTiles.rows / 16, kStages = kTiles.stages;
  static constexpr int kSlotBytes = kTiles.slot_bytes(), kQueryBytes = kTiles.query_bytes();
  static constexpr bool kQInRegisters = kTiles.q_in_registers;
};

}  // namespace

#define FLASH_FORWARD(name, Element, suffix, aligned, modified, tiles, dim)                            \
  static_assert(tiles.d_qk == dim);                                                                    \
  FLASHDIFF_ENTRY(                                                                                     \
      name##_d##dim##suffix,                                                                           \
      extern "C" __global__ void __launch_bounds__(Entry<Element, tiles, aligned, modified>::kThreads) \
          flash_forward_##name##_d##dim##suffix(const __grid_constant__ ForwardParams p) {             \
            flash_forward<Entry<Element, tiles, aligned, modified>>(p);                                \
          })
#define FLASH_FORWARD_DIMS(name, Element)                                \
  FLASH_FORWARD(name, Element, , true, false, kForwardTiles[0], 32)      \
  FLASH_FORWARD(name, Element, , true, false, kForwardTiles[1], 64)      \
  FLASH_FORWARD(name, Element, , true, false, kForwardTiles[2], 96)      \
  FLASH_FORWARD(name, Element, , true, false, kForwardTiles[3], 128)     \
  FLASH_FORWARD(name, Element, , true, false, kForwardTiles[4], 192)     \
  FLASH_FORWARD(name, Element, , true, false, kForwardTiles[5], 256)     \
  FLASH_FORWARD(name, Element, _any, false, false, kAnyTiles[0], 64)     \
  FLASH_FORWARD(name, Element, _any, false, false, kAnyTiles[1], 128)    \
  FLASH_FORWARD(name, Element, _any, false, false, kAnyTiles[2], 256)    \
  FLASH_FORWARD(name, Element, _mod, true, true, kModifiedTiles[0], 64)  \
  FLASH_FORWARD(name, Element, _mod, true, true, kModifiedTiles[1], 128) \
  FLASH_FORWARD(name, Element, _mod, true, true, kModifiedTiles[2], 256) \
  FLASH_FORWARD(name, Element, _any_mod, false, true, kAnyModifiedTiles[0], 256)

FLASH_FORWARD_DIMS(f16, __half)
FLASH_FORWARD_DIMS(bf16, __nv_bfloat16)

}  // namespace flashdiff::kernels
