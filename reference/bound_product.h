#pragma once
#include <cstdint>

#include <Eigen/Core>

namespace flashdiff::detail {

/// A factor of a product of bounds where it lies, a transposed one too: element (i, j) at
/// data[i * down + j * right].
struct BoundFactor {
  const float* data;
  Eigen::Index down, right;
  template <class Matrix>
  BoundFactor(const Eigen::MatrixBase<Matrix>& of)  // NOLINT(google-explicit-constructor): a factor is one
      : data(of.derived().data()), down(of.derived().rowStride()), right(of.derived().colStride()) {}
};
enum class Product : std::uint8_t { written, added };

/// C = A B, or C += A B, of rows x depth and depth x columns. For bounds, which may be summed in any order,
/// and with or without an intermediate rounding. Their matrices are of 16 to 256 rows, for which a general
/// product (Eigen's) spends much on what pays for large ones: at 64 keys it took one and a half times as
/// long. Here only A is copied, by panels of the rows that a tile takes; B is broadcast as it lies (the inner
/// kernel of Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008).
void bound_product(Eigen::Ref<const Eigen::MatrixXf, 0, Eigen::OuterStride<>> a, BoundFactor b,
                   Eigen::Ref<Eigen::MatrixXf, 0, Eigen::OuterStride<>> c, Product how);

}  // namespace flashdiff::detail
