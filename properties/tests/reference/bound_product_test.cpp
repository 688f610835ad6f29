#include "reference/bound_product.h"

#include <Eigen/Core>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace flashdiff {
namespace {

using Floats = Eigen::MatrixXf;

void expect_the_product(int rows, int columns, int depth, bool across, bool add) {
  SCOPED_TRACE(
      fmt::format("{} x {} x {}{}{}", rows, columns, depth, across ? " across" : "", add ? " added" : ""));
  constexpr int margin = 3;  // of each matrix, rows and columns that belong to somebody else
  const auto random = [](int r, int c) -> Floats {
    return Floats::Random(r + margin, c + margin).array() + 1;
  };
  const Floats a = random(rows, depth), b = across ? random(columns, depth) : random(depth, columns);
  const Floats before = random(rows, columns);
  Floats c = before;
  const auto factor = across ? detail::BoundFactor(b.topLeftCorner(columns, depth).transpose())
                             : detail::BoundFactor(b.topLeftCorner(depth, columns));
  detail::bound_product(a.topLeftCorner(rows, depth), factor, c.topLeftCorner(rows, columns),
                        add ? detail::Product::added : detail::Product::written);

  const Eigen::MatrixXd left = a.topLeftCorner(rows, depth).cast<double>();
  const Eigen::MatrixXd right =
      across ? Eigen::MatrixXd(b.topLeftCorner(columns, depth).cast<double>().transpose())
             : Eigen::MatrixXd(b.topLeftCorner(depth, columns).cast<double>());
  Eigen::MatrixXd wanted = left * right;
  if (add) wanted += before.topLeftCorner(rows, columns).cast<double>();
  // No term is negative: n roundings are at most n 2^-24 of the sum, to first order.
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      EXPECT_NEAR(c(i, j), wanted(i, j), (depth + 1) * 0x1p-23 * wanted(i, j)) << i << ", " << j;
  c.topLeftCorner(rows, columns) = before.topLeftCorner(rows, columns);
  EXPECT_EQ(c, before) << "written beside the product";
}

/// Rows beside every width of vector, columns beside every width of tile, depths from nothing; both ways
/// round.
TEST(BoundProducts, AreTheProductAndLeaveTheirSurroundings) {
  for (const int rows : {0, 1, 3, 4, 7, 12, 16, 29, 47, 64})
    for (const int columns : {0, 1, 2, 3, 4, 5, 6, 7, 11, 13})
      for (const int depth : {0, 1, 2, 33, 257})
        for (const bool across : {false, true})
          for (const bool add : {false, true}) expect_the_product(rows, columns, depth, across, add);
}

}  // namespace
}  // namespace flashdiff
