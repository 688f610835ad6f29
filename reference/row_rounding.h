#pragma once

namespace flashdiff {

/// What rounding P (backward: P and dS) to 16 bits does to one row of an output, as far as it is random:
/// errors e_c = sum_j r_j x_jc, where x_j is what key j adds to the row and the r_j are uniform, relative,
/// and at most the dtype's unit roundoff.
struct RowRounding {
  /// Of sum_c a_c e_c, for each |a|^2: at most u^2/3 sum_j |x_j|^2, by Cauchy, since r_j is common to all
  /// columns.
  double variance = 0;
  /// What rounding the reference's own P makes of sum_j r_j |x_j|, in units of its standard deviation: about
  /// 1 where the r_j are independent, up to the square root of their number where they are all alike (equal
  /// or nearly equal scores).
  double sample = 0;
};

}  // namespace flashdiff
