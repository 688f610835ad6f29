#pragma once
#include <cstddef>
#include <memory>

#include <Eigen/Core>

namespace flashdiff::detail {

/// Column-major throughout: a column is one query (or one key), as a row of a LogicalTensor lies in memory.
template <class T>
using MatrixOf = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>, Eigen::AlignedMax>;
using Matrix = MatrixOf<double>;
using FloatMatrix = MatrixOf<float>;
using Row = Eigen::Map<Eigen::ArrayXd, Eigen::AlignedMax>;

/// Memory that only grows, so that blocks of changing size allocate once a thread and not once a block.
template <class T>
class ScratchOf {
 public:
  [[nodiscard]] MatrixOf<T> matrix(Eigen::Index rows, Eigen::Index columns) {
    return {reserve(rows * columns), rows, columns};
  }
  [[nodiscard]] Row row(Eigen::Index size) { return {reserve(size), size}; }

 private:
  T* reserve(Eigen::Index size) {
    if (size > values_.size()) values_.resize(size);  // old contents are not kept
    return values_.data();
  }
  Eigen::Matrix<T, Eigen::Dynamic, 1> values_;
};
using Scratch = ScratchOf<double>;
using FloatScratch = ScratchOf<float>;

}  // namespace flashdiff::detail
