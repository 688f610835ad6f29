#include "reference/bound_product.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace flashdiff::detail {
namespace {

using Eigen::Index;
using Eight = float __attribute__((vector_size(32)));
using Four = float __attribute__((vector_size(16)));

template <class Value>
constexpr Index lanes_of = sizeof(Value) / sizeof(float);

/// So many columns are summed at once: with two vectors of rows they take 12 of the 16 registers of AVX.
constexpr Index kColumns = 6;

struct Place {
  const float* a;
  Index a_right;
  BoundFactor b;
  float* c;
  Index c_right, depth;
  bool add;
};

template <class Value>
Value load(const float* from) {
  Value value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// kVectors vectors of rows and kWide columns of C. The loops over those are unrolled, so that their sums
/// stay in registers.
template <class Value, int kVectors, int kWide>
void tile(const Place& place) {
  const Place at = place;  // a copy, which nothing that is written can change
  Value sums[kWide][kVectors] = {};
  const float *a = at.a, *b = at.b.data;
  const Index right = at.b.right;
  for (Index k = 0; k < at.depth; ++k, a += at.a_right, b += at.b.down) {
    Value rows[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) rows[v] = load<Value>(a + v * lanes_of<Value>);
#pragma GCC unroll 6
    for (int n = 0; n < kWide; ++n)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[n][v] += rows[v] * b[n * right];
  }
#pragma GCC unroll 6
  for (int n = 0; n < kWide; ++n)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      float* const to = at.c + n * at.c_right + v * lanes_of<Value>;
      const Value sum = at.add ? load<Value>(to) + sums[n][v] : sums[n][v];
      std::memcpy(to, &sum, sizeof sum);
    }
}

template <class Value, int kVectors>
void columns_of(Place at, Index columns) {
  constexpr void (*kTiles[])(const Place&) = {tile<Value, kVectors, 1>, tile<Value, kVectors, 2>,
                                              tile<Value, kVectors, 3>, tile<Value, kVectors, 4>,
                                              tile<Value, kVectors, 5>, tile<Value, kVectors, 6>};
  for (Index n = 0; n < columns; n += kColumns) {
    kTiles[std::min(kColumns, columns - n) - 1](at);
    at.b.data += kColumns * at.b.right;
    at.c += kColumns * at.c_right;
  }
}

}  // namespace

void bound_product(Eigen::Ref<const Eigen::MatrixXf, 0, Eigen::OuterStride<>> a, BoundFactor b,
                   Eigen::Ref<Eigen::MatrixXf, 0, Eigen::OuterStride<>> c, Product how) {
  // The rows that a tile takes of A, one after another: where columns lie a multiple of 512 bytes apart, as
  // those of 128 coordinates do, a few lines of a cache would have to hold all of them.
  constexpr Index kDeep = 256;
  alignas(64) std::array<float, kDeep * 2 * lanes_of<Eight>> panel;
  bool add = how == Product::added;
  Index begin = 0;
  do {  // once where the depth is 0: nothing, written
    const Index deep = std::min(kDeep, a.cols() - begin);
    Index row = 0;
    const auto rows_of = [&]<class Value, int kVectors>() {
      constexpr Index wide = kVectors * lanes_of<Value>;
      for (; row + wide <= c.rows(); row += wide) {
        for (Index k = 0; k < deep; ++k)
          std::memcpy(panel.data() + k * wide, a.col(begin + k).data() + row, wide * sizeof(float));
        columns_of<Value, kVectors>({panel.data(), wide, b, c.data() + row, c.outerStride(), deep, add},
                                    c.cols());
      }
    };
    rows_of.template operator()<Eight, 2>();
    rows_of.template operator()<Eight, 1>();
    rows_of.template operator()<Four, 1>();
    rows_of.template operator()<float, 1>();
    b.data += deep * b.down;
    add = true;
    begin += deep;
  } while (begin < a.cols());
}

}  // namespace flashdiff::detail
