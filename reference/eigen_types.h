#pragma once
#include <cstddef>
#include <memory>

#include <Eigen/Core>

namespace flashdiff::detail {

/// Column-major throughout: a column is one query (or one key), as a row of a LogicalTensor lies in memory.
using Matrix = Eigen::Map<Eigen::MatrixXd, Eigen::AlignedMax>;
using Row = Eigen::Map<Eigen::ArrayXd, Eigen::AlignedMax>;

/// Memory that only grows, so that blocks of changing size allocate once a thread and not once a block.
class Scratch {
 public:
  [[nodiscard]] Matrix matrix(Eigen::Index rows, Eigen::Index columns) {
    return {reserve(rows * columns), rows, columns};
  }
  [[nodiscard]] Row row(Eigen::Index size) { return {reserve(size), size}; }

 private:
  double* reserve(Eigen::Index size) {
    if (size > values_.size()) values_.resize(size);  // old contents are not kept
    return values_.data();
  }
  Eigen::VectorXd values_;
};

}  // namespace flashdiff::detail
