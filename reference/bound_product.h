#pragma once
#include <cstddef>

namespace flashdiff::detail {

/// A factor or a sum of a product of bounds: f32, element (i, j) at data[i * down + j * right].
struct BoundFactor {
  const float* data;
  std::ptrdiff_t down, right;
};

/// C = A B, or C += A B: A of `rows` x `depth` and C of `rows` x `columns` column-major with these distances
/// between columns, B of `depth` x `columns` any way round. For bounds, which may be summed in any order, and
/// with or without an intermediate rounding. Their matrices are of 16 to 256 rows, for which a general
/// product (Eigen's) spends much on what pays for large ones: at 64 keys it took one and a half times as
/// long. Here only A is copied, by panels of the rows that a tile takes; B is broadcast as it lies (the inner
/// kernel of Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008).
void bound_product(const float* a, std::ptrdiff_t a_right, BoundFactor b, float* c, std::ptrdiff_t c_right,
                   std::ptrdiff_t rows, std::ptrdiff_t columns, std::ptrdiff_t depth, bool add);

}  // namespace flashdiff::detail
