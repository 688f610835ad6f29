/// Flash attention for decoding: up to 16 new tokens a sequence over a long cache of keys and values, in rows
/// or in pages, in splits that run at the same time and are merged in a second launch.
///
/// Algorithm (Flash-Decoding, Dao, Haziza, Massa, Sizov 2023; query heads of a K/V head packed into one tile,
/// as FlashAttention-3's PackGQA has them). A block has the rows of one K/V head, all its query heads times
/// all new tokens, so that each row of K and V is read once, and one split of the keys:
///   for each tile of keys of the split:
///     S = Q K^T, masked to -inf where the tile is not seen whole
///     m' = max(m, rowmax S), P = 2^(c S - c m'), alpha = 2^(c m - c m'), c = scale * log2(e)
///     l = alpha * l + rowsum P, O = alpha * O + P V, m = m'
///   the only split of its rows: O = O / l, LSE = ln 2 * (c m + log2 l); else O, m and l go to the workspace,
///   and flash_decode_combine does over splits what the loop does over tiles.
/// A row that sees no key of a split has l = 0 there and adds nothing; one that sees none at all gives O = 0
/// and LSE = -inf.
/// Score modifiers have entries of their own (`_mod`): softcap and ALiBi between S and its mask, as in
/// flash_forward, and a sink where a row is finished, once, by its only split or by flash_decode_combine.
///
/// Tiles: decode_tiles.h. With 16 rows each warp has 16 of a tile's 64 keys, a running maximum of its own,
/// and the four are merged in shared memory at the end; with 64 rows each warp has 16 rows. K and V of each
/// tile pass in turn through a ring of slots (cp.async), only rows that some query sees are read. Pages: each
/// lane of a warp holds an entry of the block table, 32 pages at a time, and lanes ask each other for them.
/// Numerics: as flash_forward's, two rescalings more. Run: flashdiff check --backend flash_decode.
#include "kernels/bands.cuh"
#include "kernels/decode_tiles.h"
#include "kernels/entries.cuh"
#include "kernels/tiles.cuh"

namespace flashdiff::kernels {
namespace {

constexpr float kLn2 = 0.693147180559945309f;

/// What one block works on.
struct Work {
  DecodeSplit split;
  Sequence sequence;
  int kv_head;
  int rows;  // of the block, and those that exist

  __device__ Work(const DecodeParams& p)
      : split(reinterpret_cast<const DecodeSplit*>(p.splits)[static_cast<int>(blockIdx.x) / p.kv_heads]),
        sequence(reinterpret_cast<const Sequence*>(p.sequences)[split.sequence]),
        kv_head(static_cast<int>(blockIdx.x) % p.kv_heads),
        rows(min(p.rows, sequence.q_len * p.group - split.first_row)) {}
};

/// Address of a row's first element: row r is query r / group, head r % group of the group.
__device__ std::uint64_t row_address(const TensorView& view, const DecodeParams& p, int sequence,
                                     std::int64_t first_query, int kv_head, int row, int bytes) {
  return address(view, sequence, first_query + row / p.group, kv_head * p.group + row % p.group, bytes);
}

/// A number of the query head of row r, of ModifierParams; `none` without them.
__device__ float of_row(std::uint64_t numbers, const DecodeParams& p, int kv_head, int row, float none) {
  return numbers == 0 ? none : reinterpret_cast<const float*>(numbers)[kv_head * p.group + row % p.group];
}
/// The sink of row r, where there is one: a key of weight 2^(c (sink - m)), and no value.
template <bool kModified>
__device__ float sink_of_row(const DecodeParams& p, int kv_head, int row) {
  return kModified ? of_row(p.modifiers.sinks, p, kv_head, row, -INFINITY) : -INFINITY;
}

/// K and V of the split's kv tiles, on their way through the ring: K0 V0 K1 V1 ...
template <class T>
struct KvPipeline {
  static constexpr int kAhead = T::kStages - 1;  // copies under way while a slot is in use
  static_assert(T::kStages % 2 == 0, "while K is in use, V is copied");
  using Copy = TileCopy<T::kThreads, T::kKeys, T::kDim, T::kAligned>;

  const DecodeParams& p;
  Range keys;                // of the split
  int tiles;                 // end of the tiles
  std::int64_t first_row;    // of the sequence
  std::uint64_t k, v;        // this K/V head, row 0 of the sequence or of the pool
  std::uint64_t table = 0;   // the sequence's block table
  int window = 0, page = 0;  // first of the 32 entries that the warp holds, and this lane's
  int step = 0;              // 2 x tile, or 2 x tile + 1 for V, that is copied next
  unsigned ring;

  __device__ KvPipeline(const DecodeParams& params, const Work& work, unsigned at)
      : p(params),
        keys{work.split.key_begin, work.split.key_end},
        tiles((keys.end + T::kKeys - 1) / T::kKeys),
        first_row(work.sequence.kv_first_row),
        ring(at) {
    const std::int64_t block = p.pages.rows == 0 ? work.split.sequence : 0;
    k = p.k.base + 2 * (block * p.k.batch_stride + work.kv_head * p.k.head_stride);
    v = p.v.base + 2 * (block * p.v.batch_stride + work.kv_head * p.v.head_stride);
    step = keys.begin / T::kKeys * 2;
    if (p.pages.rows > 0) {
      table = p.pages.table + 4ull * work.split.sequence * p.pages.columns;
      hold_pages(keys.begin / T::kKeys);
    }
  }

  __device__ void start() {
#pragma unroll
    for (int i = 0; i < kAhead; ++i) load_next();
  }
  /// K, or V, of the tile whose turn it is is there, for all threads; the slot before it is filled again.
  __device__ __forceinline__ unsigned next() {
    wait_for_copies<kAhead - 1>();
    __syncthreads();
    const unsigned ready = slot(step - kAhead);
    load_next();
    return ready;
  }

 private:
  __device__ __forceinline__ unsigned slot(int of) const {
    return ring + static_cast<unsigned>(of) % T::kStages * T::kSlotBytes;
  }
  __device__ int page_of(int row) const { return __umulhi(static_cast<unsigned>(row), p.pages.inverse); }
  __device__ __forceinline__ int row_of_tile(int tile) const {
    return static_cast<int>(first_row) + tile * T::kKeys;
  }
  /// The block table's entries from the tile's first page on, one a lane.
  __device__ __forceinline__ void hold_pages(int tile) {
    window = page_of(row_of_tile(tile));
    const int mine = window + static_cast<int>(threadIdx.x) % 32;
    const int last = page_of(static_cast<int>(first_row) + keys.end - 1);
    page = mine <= last ? reinterpret_cast<const int*>(table)[mine] : 0;
  }
  __device__ __forceinline__ void load_next() {
    const int tile = step / 2;
    if (tile < tiles) {
      // V follows K by one tile at most: the tile before must stay within the entries.
      if (p.pages.rows > 0 && step % 2 == 0 && page_of(row_of_tile(tile) + T::kKeys - 1) >= window + 32)
        hold_pages(max(tile - 1, keys.begin / T::kKeys));
      if (step % 2 == 0)
        load(tile, k, p.k, p.d_qk);
      else
        load(tile, v, p.v, p.d_v);
    }
    commit_copies();
    ++step;
  }
  __device__ __forceinline__ void load(int tile, std::uint64_t base, const TensorView& view, int columns) {
    const unsigned to = slot(step) + Copy::to();
    Copy::for_each_pass([&](auto pass) {
      const int key = tile * T::kKeys + pass * Copy::kRowsAtOnce + Copy::row();
      std::int64_t element = (first_row + key) * view.row_stride;
      if (p.pages.rows > 0) {
        const int row = static_cast<int>(first_row) + key, index = page_of(row);
        const std::int64_t there = __shfl_sync(0xffffffffu, page, index - window);
        element = there * view.batch_stride + (row - index * p.pages.rows) * view.row_stride;
      }
      Copy::copy_row(pass, to, base + 2 * element + 16 * Copy::chunk(), keys.holds(key) ? columns : 0);
    });
  }
};

template <class T>
__device__ void load_queries(const DecodeParams& p, const Work& work) {
  using Copy = TileCopy<T::kThreads, T::kRows, T::kDim, T::kAligned>;
  Copy::for_each_pass([&](auto pass) {
    const int row = pass * Copy::kRowsAtOnce + Copy::row();
    const std::uint64_t from = row_address(p.q, p, work.split.sequence, work.sequence.q_first_row,
                                           work.kv_head, work.split.first_row + row, 2);
    const unsigned to = shared_memory() + Copy::to();
    const int there = row < work.rows ? p.d_qk : 0;
    Copy::copy_row(pass, to, from + 16 * Copy::chunk(), there);
  });
}

/// What softcap and ALiBi make of the scores of this lane's two rows; ModifierParams says how.
template <class T>
struct ScoreModifiers {
  float argument;   // of softcap's tanh; 0: none
  float slope[2];   // 0: none
  int diagonal[2];  // ALiBi's, whatever the mask

  __device__ ScoreModifiers(const DecodeParams& p, const Work& work, int first_row)
      : argument(p.modifiers.softcap_argument) {
    for (int half = 0; half < 2; ++half) {
      const int row = first_row + 8 * half;
      slope[half] = of_row(p.modifiers.slopes, p, work.kv_head, row, 0);
      diagonal[half] = row / p.group + work.sequence.kv_len - work.sequence.q_len;
    }
  }

  /// `first_key`: of this lane.
  __device__ __forceinline__ void apply(float (&s)[T::kWarpKeys / 8][4], int first_key) const {
    if (argument != 0)
#pragma unroll
      for (int x = 0; x < T::kWarpKeys / 2; ++x) s[x / 4][x % 4] = tanhf(s[x / 4][x % 4] * argument);
    if (slope[0] == 0) return;  // of all heads
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const auto ahead = static_cast<float>(diagonal[half] - first_key);
#pragma unroll
      for (int j = 0; j < T::kWarpKeys / 8; ++j)
#pragma unroll
        for (int x = 0; x < 2; ++x)
          s[j][2 * half + x] =
              fmaf(-slope[half], fabsf(ahead - static_cast<float>(8 * j + x)), s[j][2 * half + x]);
    }
  }
};

/// One warp: 16 rows, its share of a tile's keys.
template <class T>
struct WarpTile {
  float o[T::kDim / 8][4] = {};
  float m[2], l[2] = {0, 0};
  float scale_log2;

  /// m starts at the lowest score whose product with the scale is finite, see flash_forward.
  __device__ explicit WarpTile(float scale) : scale_log2(scale) {
    m[0] = m[1] = -0x1.fffff8p+127f / fmaxf(1.0f, scale);
  }

  /// s = q k^T
  __device__ __forceinline__ void multiply(float (&s)[T::kWarpKeys / 8][4], const SharedTile<T::kDim>& q,
                                           const SharedTile<T::kDim>& keys) const {
    constexpr float kZero[4] = {};
    unrolled<T::kDim / 16>([&](auto step) {
      unsigned rows[4];
      q.template load<0, 16 * step>(rows);
      unrolled<T::kWarpKeys / 16>([&](auto j) {
        unsigned k[4];
        keys.template load<16 * j, 16 * step>(k);
        T::Fragments::mma(s[2 * j], rows, k[0], k[2], step == 0 ? kZero : s[2 * j]);
        T::Fragments::mma(s[2 * j + 1], rows, k[1], k[3], step == 0 ? kZero : s[2 * j + 1]);
      });
    });
  }

  /// Scores to weights, O to the new maximum.
  __device__ __forceinline__ void update(float (&s)[T::kWarpKeys / 8][4],
                                         unsigned (&weights)[T::kWarpKeys / 16][4]) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float largest = m[half];
#pragma unroll
      for (int j = 0; j < T::kWarpKeys / 8; ++j)
        largest = fmaxf(fmaxf(largest, s[j][2 * half]), s[j][2 * half + 1]);
      largest = quad_max(largest);
      const float top = largest * scale_log2;
      const float alpha = exp2_approx((m[half] - largest) * scale_log2);  // 1 where m stays
      m[half] = largest;
      l[half] *= alpha;
#pragma unroll
      for (int j = 0; j < T::kWarpKeys / 8; ++j)
#pragma unroll
        for (int x = 2 * half; x < 2 * half + 2; ++x) {
          s[j][x] = exp2_approx(fmaf(s[j][x], scale_log2, -top));
          l[half] += s[j][x];
        }
#pragma unroll
      for (int j = 0; j < T::kDim / 8; ++j) o[j][2 * half] *= alpha, o[j][2 * half + 1] *= alpha;
    }
#pragma unroll
    for (int j = 0; j < T::kWarpKeys / 8; ++j)
#pragma unroll
      for (int half = 0; half < 2; ++half)
        weights[j / 2][j % 2 * 2 + half] = T::Fragments::rounded(s[j][2 * half], s[j][2 * half + 1]);
  }

  /// o += p v
  __device__ __forceinline__ void multiply_add(const unsigned (&weights)[T::kWarpKeys / 16][4],
                                               const SharedTile<T::kDim>& values) {
    unrolled<T::kWarpKeys / 16>([&](auto step) {
      unrolled<T::kDim / 16>([&](auto j) {
        unsigned v[4];
        values.template load_transposed<16 * step, 16 * j>(v);
        T::Fragments::mma(o[2 * j], weights[step], v[0], v[1], o[2 * j]);
        T::Fragments::mma(o[2 * j + 1], weights[step], v[2], v[3], o[2 * j + 1]);
      });
    });
  }
};

__device__ __forceinline__ void store_elements(std::uint64_t to, const unsigned (&pairs)[2], int columns,
                                               bool aligned) {
  if (aligned && columns >= 4)
    *reinterpret_cast<uint2*>(to) = make_uint2(pairs[0], pairs[1]);
  else
#pragma unroll
    for (int c = 0; c < 4; ++c)
      if (c < columns)
        reinterpret_cast<std::uint16_t*>(to)[c] = static_cast<std::uint16_t>(pairs[c / 2] >> c % 2 * 16);
}

__device__ float lse_of(float m, float sum, float scale_log2) {
  return sum == 0 ? -INFINITY : fmaf(m, scale_log2, log2_approx(sum)) * kLn2;
}

/// Columns a row of the partial results.
__device__ int partial_columns(const DecodeParams& p) { return (p.d_v + 3) / 4 * 4; }

/// The warps' results, merged over keys, to O and LSE or to the workspace.
template <class T>
__device__ void store(const DecodeParams& p, const Work& work, const WarpTile<T>& tile, int first_row,
                      int key_warp) {
  constexpr int kPitch = T::kDim + 8;  // a store of fragments of 4 rows then goes to all banks once
  float2* const sums = reinterpret_cast<float2*>(shared);  // [key warp][row]: m and l, then the merged ones
  float* const values = reinterpret_cast<float*>(sums + (T::kKeyWarps + 1) * T::kRows);
  static_assert((T::kKeyWarps + 1) * T::kRows * 8 + T::kKeyWarps * T::kRows * kPitch * 4 <= T::kSharedBytes);
  const int lane = static_cast<int>(threadIdx.x) % 32;
  wait_for_copies<0>();
  __syncthreads();  // tiles have been read
  for (int half = 0; half < 2; ++half) {
    const float sum = quad_sum(tile.l[half]);
    if (lane % 4 == 0)
      sums[key_warp * T::kRows + first_row + 8 * half + lane / 4] = make_float2(tile.m[half], sum);
  }
  __syncthreads();
  for (int half = 0; half < 2; ++half) {
    const int row = first_row + 8 * half + lane / 4;
    float largest = tile.m[half];
    for (int w = 0; w < T::kKeyWarps; ++w) largest = fmaxf(largest, sums[w * T::kRows + row].x);
    const float sink = work.split.slot >= 0
                           ? -INFINITY
                           : sink_of_row<T::kModified>(p, work.kv_head, work.split.first_row + row);
    if constexpr (T::kModified) largest = fmaxf(largest, sink);
    const float alpha = exp2_approx((tile.m[half] - largest) * p.scale_log2);
    float* const to = values + (key_warp * T::kRows + row) * kPitch + lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < T::kDim / 8; ++j)
      *reinterpret_cast<float2*>(to + 8 * j) =
          make_float2(tile.o[j][2 * half] * alpha, tile.o[j][2 * half + 1] * alpha);
    if (key_warp == 0 && lane % 4 == 0) {
      float sum = 0;
      for (int w = 0; w < T::kKeyWarps; ++w) {
        const float2 one = sums[w * T::kRows + row];
        sum += one.y * exp2_approx((one.x - largest) * p.scale_log2);
      }
      if constexpr (T::kModified) sum += exp2_approx((sink - largest) * p.scale_log2);
      sums[T::kKeyWarps * T::kRows + row] = make_float2(largest, sum);
    }
  }
  __syncthreads();

  const int columns = partial_columns(p);
  const std::int64_t partial = (std::int64_t{work.split.slot} * p.kv_heads + work.kv_head) * T::kRows;
  for (int x = static_cast<int>(threadIdx.x); x < work.rows * (columns / 4); x += T::kThreads) {
    const int row = x / (columns / 4), column = x % (columns / 4) * 4;
    float4 sum = make_float4(0, 0, 0, 0);
    for (int w = 0; w < T::kKeyWarps; ++w) {
      const float4 one = *reinterpret_cast<const float4*>(values + (w * T::kRows + row) * kPitch + column);
      sum.x += one.x, sum.y += one.y, sum.z += one.z, sum.w += one.w;
    }
    const float2 merged = sums[T::kKeyWarps * T::kRows + row];
    if (work.split.slot >= 0) {
      reinterpret_cast<float4*>(p.partial_o)[((partial + row) * columns + column) / 4] = sum;
      if (column == 0) reinterpret_cast<float2*>(p.partial_l)[partial + row] = merged;
      continue;
    }
    const float inverse = merged.y == 0 ? 0.0f : 1.0f / merged.y;
    const unsigned pairs[2] = {T::Fragments::rounded(sum.x * inverse, sum.y * inverse),
                               T::Fragments::rounded(sum.z * inverse, sum.w * inverse)};
    const int of_sequence = work.split.first_row + row;
    store_elements(
        row_address(p.o, p, work.split.sequence, work.sequence.q_first_row, work.kv_head, of_sequence, 2) +
            2 * column,
        pairs, p.d_v - column, T::kAligned);
    if (column == 0)
      *reinterpret_cast<float*>(row_address(p.lse, p, work.split.sequence, work.sequence.q_first_row,
                                            work.kv_head, of_sequence, 4)) =
          lse_of(merged.x, merged.y, p.scale_log2);
  }
}

template <class T>
__device__ void flash_decode(const DecodeParams& p) {
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const int first_row = warp % T::kRowWarps * 16, key_warp = warp / T::kRowWarps;
  const Work work(p);
  WarpTile<T> tile(p.scale_log2);

  if (work.split.key_begin < work.split.key_end) {
    const Band band = band_of_queries(p.mask, work.sequence);
    const int row = work.split.first_row;
    const Range first = band.visible(row / p.group);
    const Range last = band.visible((row + work.rows - 1) / p.group);
    int query[2];
    for (int half = 0; half < 2; ++half) query[half] = (row + first_row + 8 * half + lane / 4) / p.group;
    const ScoreModifiers<T> modifiers(p, work, row + first_row + lane / 4);

    KvPipeline<T> kv(p, work, shared_memory() + T::kQueryBytes);
    load_queries<T>(p, work);  // of the first group of copies
    kv.start();
    const SharedTile<T::kDim> q{shared_memory() + first_row * 2 * T::kDim +
                                SharedTile<T::kDim>::lane_offset()};
    const unsigned mine = key_warp * T::kWarpKeys * 2 * T::kDim + SharedTile<T::kDim>::lane_offset();

    for (int t = work.split.key_begin / T::kKeys; t < kv.tiles; ++t) {
      const int begin = t * T::kKeys;
      float s[T::kWarpKeys / 8][4];
      unsigned weights[T::kWarpKeys / 16][4];
      tile.multiply(s, q, SharedTile<T::kDim>{kv.next() + mine});
      if constexpr (T::kModified) modifiers.apply(s, begin + key_warp * T::kWarpKeys + lane % 4 * 2);
      if (last.begin > begin || first.end < begin + T::kKeys) {  // some row does not see some key
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const Range seen = band.visible(query[half]);
#pragma unroll
          for (int j = 0; j < T::kWarpKeys / 8; ++j)
#pragma unroll
            for (int x = 0; x < 2; ++x)
              if (!seen.holds(begin + key_warp * T::kWarpKeys + 8 * j + lane % 4 * 2 + x))
                s[j][2 * half + x] = -INFINITY;
        }
      }
      tile.update(s, weights);
      tile.multiply_add(weights, SharedTile<T::kDim>{kv.next() + mine});
    }
  }
  store(p, work, tile, first_row, key_warp);
}

/// A warp a row: O and LSE from the row's partial results, one a split.
template <class Element, bool kModified>
__device__ void flash_decode_combine(const DecodeParams& p) {
  const DecodeMerge merge =
      reinterpret_cast<const DecodeMerge*>(p.merges)[static_cast<int>(blockIdx.x) / p.kv_heads];
  const int kv_head = static_cast<int>(blockIdx.x) % p.kv_heads;
  const Sequence sequence = reinterpret_cast<const Sequence*>(p.sequences)[merge.sequence];
  const int rows = min(p.rows, sequence.q_len * p.group - merge.first_row), columns = partial_columns(p);
  const auto* const partial_l = reinterpret_cast<const float2*>(p.partial_l);
  const auto* const partial_o = reinterpret_cast<const float4*>(p.partial_o);
  for (int row = static_cast<int>(threadIdx.x) / 32; row < rows; row += DecodeTiles::kThreads / 32) {
    const auto of_split = [&](int split) {
      return (std::int64_t{merge.first_slot + split} * p.kv_heads + kv_head) * p.rows + row;
    };
    float largest = partial_l[of_split(0)].x;
    for (int split = 1; split < merge.splits; ++split) largest = fmaxf(largest, partial_l[of_split(split)].x);
    const float sink = sink_of_row<kModified>(p, kv_head, merge.first_row + row);
    if constexpr (kModified) largest = fmaxf(largest, sink);
    float sum = kModified ? exp2_approx((sink - largest) * p.scale_log2) : 0;
    for (int split = 0; split < merge.splits; ++split) {
      const float2 one = partial_l[of_split(split)];
      sum += one.y * exp2_approx((one.x - largest) * p.scale_log2);
    }
    const float inverse = sum == 0 ? 0.0f : 1.0f / sum;
    const int lane = static_cast<int>(threadIdx.x) % 32, of_sequence = merge.first_row + row;
    for (int column = 4 * lane; column < columns; column += 4 * 32) {
      float4 o = make_float4(0, 0, 0, 0);
      for (int split = 0; split < merge.splits; ++split) {
        const float alpha = exp2_approx((partial_l[of_split(split)].x - largest) * p.scale_log2);
        const float4 one = partial_o[(of_split(split) * columns + column) / 4];
        o.x = fmaf(one.x, alpha, o.x), o.y = fmaf(one.y, alpha, o.y);
        o.z = fmaf(one.z, alpha, o.z), o.w = fmaf(one.w, alpha, o.w);
      }
      const unsigned pairs[2] = {Fragments<Element>::rounded(o.x * inverse, o.y * inverse),
                                 Fragments<Element>::rounded(o.z * inverse, o.w * inverse)};
      store_elements(
          row_address(p.o, p, merge.sequence, sequence.q_first_row, kv_head, of_sequence, 2) + 2 * column,
          pairs, p.d_v - column, p.aligned != 0);
    }
    if (lane == 0)
      *reinterpret_cast<float*>(row_address(p.lse, p, merge.sequence, sequence.q_first_row, kv_head,
                                            of_sequence, 4)) = lse_of(largest, sum, p.scale_log2);
  }
}

/// An entry's types and numbers.
template <class ElementType, DecodeTiles kTiles, bool kAlignedRows, bool kModifiedScores>
struct Entry {
  using Fragments = kernels::Fragments<ElementType>;
  static constexpr bool kAligned = kAlignedRows;      ///< rows of all tensors start at multiples of 16 bytes
  static constexpr bool kModified = kModifiedScores;  ///< by softcap, ALiBi or a sink
  static constexpr int kDim = kTiles.dim, kRows = kTiles.rows, kStages = kTiles.stages;
  static constexpr int kThreads = DecodeTiles::kThreads, kKeys = DecodeTiles::kKeys;
  static constexpr int kRowWarps = kTiles.row_warps(), kKeyWarps = kTiles.key_warps();
  static constexpr int kWarpKeys = kKeys / kKeyWarps;
  static constexpr int kQueryBytes = kTiles.query_bytes(), kSlotBytes = kTiles.slot_bytes();
  static constexpr int kSharedBytes = kTiles.shared_bytes();
};

}  // namespace

#define FLASH_DECODE(name, Element, suffix, aligned, modified, index, columns, tile_rows)                   \
  static_assert(kDecodeTiles[index].dim == columns && kDecodeTiles[index].rows == tile_rows);               \
  FLASHDIFF_ENTRY(                                                                                          \
      name##_d##columns##_r##tile_rows##suffix,                                                             \
      extern "C" __global__ void __launch_bounds__(DecodeTiles::kThreads, 2)                                \
          flash_decode_##name##_d##columns##_r##tile_rows##suffix(const __grid_constant__ DecodeParams p) { \
            flash_decode<Entry<Element, kDecodeTiles[index], aligned, modified>>(p);                        \
          })
#define FLASH_DECODE_COMBINE(name, Element, suffix, modified)                       \
  extern "C" __global__ void __launch_bounds__(DecodeTiles::kThreads, 2)            \
      flash_decode_combine_##name##suffix(const __grid_constant__ DecodeParams p) { \
    flash_decode_combine<Element, modified>(p);                                     \
  }
#define FLASH_DECODE_ALL(name, Element)                          \
  FLASH_DECODE(name, Element, , true, false, 0, 64, 16)          \
  FLASH_DECODE(name, Element, , true, false, 1, 64, 64)          \
  FLASH_DECODE(name, Element, , true, false, 2, 128, 16)         \
  FLASH_DECODE(name, Element, , true, false, 3, 128, 64)         \
  FLASH_DECODE(name, Element, , true, false, 4, 256, 16)         \
  FLASH_DECODE(name, Element, , true, false, 5, 256, 64)         \
  FLASH_DECODE(name, Element, _any, false, false, 1, 64, 64)     \
  FLASH_DECODE(name, Element, _any, false, false, 3, 128, 64)    \
  FLASH_DECODE(name, Element, _any, false, false, 5, 256, 64)    \
  FLASH_DECODE(name, Element, _mod, true, true, 2, 128, 16)      \
  FLASH_DECODE(name, Element, _mod, true, true, 3, 128, 64)      \
  FLASH_DECODE(name, Element, _mod, true, true, 4, 256, 16)      \
  FLASH_DECODE(name, Element, _mod, true, true, 5, 256, 64)      \
  FLASH_DECODE(name, Element, _any_mod, false, true, 5, 256, 64) \
  FLASH_DECODE_COMBINE(name, Element, , false)                   \
  FLASH_DECODE_COMBINE(name, Element, _mod, true)

FLASH_DECODE_ALL(f16, __half)
FLASH_DECODE_ALL(bf16, __nv_bfloat16)

}  // namespace flashdiff::kernels
