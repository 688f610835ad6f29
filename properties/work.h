#pragma once
#include <rapidcheck.h>

#include "harness/problem/problem.h"

namespace flashdiff {

/// Multiply-adds that a tiled kernel does without a mask: queries times keys rounded up to tiles of 64, times
/// heads, times d_qk + d_v. What a case costs on the software driver.
[[nodiscard]] double work_of(const Problem& problem);

/// How much work a case may be, growing with RapidCheck's size: at the full size mostly 2 to 4 million,
/// rarely 16.
[[nodiscard]] rc::Gen<double> any_work();

/// The problem with as much taken away as exceeds `work`. What goes is drawn (a sequence, heads, width, rows
/// of the longest sequence), so that no axis of the distribution pays for all the others.
[[nodiscard]] rc::Gen<Problem> within_work(Problem problem, double work);

}  // namespace flashdiff
