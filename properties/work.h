#pragma once
#include <rapidcheck.h>

#include "harness/problem/problem.h"

namespace flashdiff {

/// Multiply-adds that a tiled kernel does without a mask: queries rounded up to 32, keys to 64, head dims
/// to 32. What a case costs on the software driver; a single query costs a tile there, too.
[[nodiscard]] double work_of(const Problem& problem);

/// How much work a case may be, growing with RapidCheck's size: at the full size mostly 4 to 8 million,
/// rarely 32.
[[nodiscard]] rc::Gen<double> any_work();

/// The problem with as much taken away as exceeds `work`. What goes is drawn (a sequence, heads, width, rows
/// of the longest sequence), so that no axis of the distribution pays for all the others.
[[nodiscard]] rc::Gen<Problem> within_work(Problem problem, double work);

}  // namespace flashdiff
