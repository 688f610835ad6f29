#pragma once

namespace flashdiff {

/// What a test of bias (harness/oracle/bias.h) may know of a correct kernel's errors in one row of an output.
/// They are of two kinds.
struct RowErrors {
  /// All but the roundings to 16 bits of P, dS and the output: approximations that are too small, tensor
  /// cores that truncate. It may all lean to one side. The budget without those roundings, summed over the
  /// row's columns, and the same weighted by |want|.
  double lean = 0, weighted_lean = 0;

  /// Rounding P (or dS) to 16 bits, which is random: errors e_c = sum_j r_j x_jc, where x_j is what key j
  /// adds to the row and the r_j are uniform, relative, and at most the dtype's unit roundoff. Variance of
  /// sum_c a_c e_c for each |a|^2: at most u^2/3 sum_j |x_j|^2, by Cauchy, since r_j is common to all
  /// columns.
  double variance = 0;
  /// What rounding the reference's own P makes of sum_j r_j |x_j|, in units of its standard deviation: about
  /// 1 where the r_j are independent, up to the square root of their number where they are all alike (equal
  /// or nearly equal scores).
  double sample = 0;
};

}  // namespace flashdiff
