#pragma once
#include "kernels/backward_gradients.cuh"
#include "kernels/backward_operands.cuh"

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
/// Entries with score modifiers (`_mod`) have P = 2^(c t - b - LSE), t = tanh(S / C) or S, b ALiBi's bias,
/// and dS = P (1 - t^2) (dP - D). A sink needs no entry: it is in LSE.
///
/// Either way the block's own rows are those of S, so that P and dS, accumulators of one product, are the
/// first factor of the next as they lie in registers; only the sum of dQ over keys needs dS in shared memory.
/// backward_operands.cuh has what is loaded and the names, backward_gradients.cuh what is stored.
namespace flashdiff::kernels {

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

/// S modified: what entries with score modifiers have between S and dP.
template <class T>
struct ScoreModifiers {
  float argument;  // of softcap's tanh; 0: none
  int ahead;       // from this lane's first row to its first column of the other side, as ALiBi counts

  __device__ __forceinline__ ScoreModifiers(const BackwardParams& p, const Owned& own, int first_row)
      : argument(p.modifiers.softcap_argument) {
    const int shift = own.sequence.kv_len - own.sequence.q_len;
    ahead = (T::kOwnsKeys ? shift : -shift) + column_of_lane() - own.first - first_row - row_of_lane(0, 0);
  }
  /// t of each score.
  __device__ __forceinline__ void cap(ScoreTile<T>& s) const {
    if (argument == 0) return;
#pragma unroll
    for (int x = 0; x < T::kRowTiles * T::kOthers / 2; ++x) {
      float& score = s.value[x / (T::kOthers / 2)][x / 4 % (T::kOthers / 8)][x % 4];
      score = tanhf(score * argument);
    }
  }

  /// From t, -inf where it is hidden, to P, which is returned, and P (1 - t^2), which is left. The tile's
  /// first column is `first_column`.
  template <class Numbers>
  __device__ __forceinline__ ScoreTile<T> to_weights(ScoreTile<T>& t, const BackwardParams& params, int head,
                                                     const Numbers& lse, int first_column) const {
    ScoreTile<T> p;
    float slope = 0;  // read for each tile, and not kept through the loop
    if (params.modifiers.slopes != 0) slope = reinterpret_cast<const float*>(params.modifiers.slopes)[head];
#pragma unroll
    for (int j = 0; j < T::kOthers / 8; ++j) {
      const auto of_query = lse.of(j);
#pragma unroll
      for (int i = 0; i < T::kRowTiles; ++i)
#pragma unroll
        for (int x = 0; x < 4; ++x) {
          float& score = t.value[i][j][x];
          const auto distance = fabsf(static_cast<float>(first_column + ahead - 16 * i - x / 2 * 8) +
                                      static_cast<float>(8 * j + x % 2));
          const float exponent = fmaf(score, params.scale_log2, -of_query(i, x / 2, x % 2));
          const float weight = exp2_approx(fmaf(-slope, distance, exponent));
          // Where t is -inf, so is 1 - t^2, and its product with P = 0 would be NaN.
          const float derivative = argument == 0 ? 1.0f : fmaxf(fmaf(-score, score, 1.0f), 0.0f);
          p.value[i][j][x] = weight;
          score = weight * derivative;
        }
    }
    return p;
  }
};

/// `value` where the band hides the column from the row, or the row is not there. P = 0, and not S = -inf
/// before it: a score that no query has may weigh anything, infinity included. Modified scores: -inf, which
/// gives P = 0 whatever LSE is (+inf, where there is no query).
template <class T>
__device__ __forceinline__ void hide(ScoreTile<T>& p, const Band& band, int first_row, int rows,
                                     int first_column, float value) {
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
          if (static_cast<unsigned>(8 * j + x - begin) >= size) p.value[i][j][2 * half + x] = value;
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

    const ScoreModifiers<T> modifiers(p, own, first_row);

    const auto hide_in = [&](ScoreTile<T>& s, int tile, float value) {
      if (mine.whole.holds(tile)) return;
      const Owned asked = owned_by_block<T>(p);  // seldom: not kept through the loop
      hide<T>(s, asked.band, asked.first + first_row, asked.rows - first_row, tile * T::kOthers, value);
    };
    const auto pass = [&](int tile, int of_head, const Stage<T>& stage, const auto& lse, const auto& d) {
      const bool seen = mine.seen.holds(tile);
      // Flipped bits of these addresses are made again for each tile, and not kept in registers.
      const SharedTile<T::kDim> own_first{kept(at)}, own_second{kept(at + T::kOwnedBytes)};
      FactorTile<T> ds = {};
      if (seen) {
        ScoreTile<T> s;
        multiply<T>(s, own_first, stage.first());
        if constexpr (T::kModified) {
          modifiers.cap(s);
          hide_in(s, tile, -INFINITY);
          const ScoreTile<T> weights = modifiers.to_weights(s, p, of_head, lse, tile * T::kOthers);
          if constexpr (T::kSecond) multiply_add<T>(second, rounded(weights), stage.second());
        } else {
          to_weights<T>(s, p.scale_log2, lse);
          hide_in(s, tile, 0);
          if constexpr (T::kSecond) multiply_add<T>(second, rounded(s), stage.second());
        }
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
      for (int tile = tiles.begin; tile < tiles.end; ++tile) pass(tile, own.head, others.next(), lse, d);
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
