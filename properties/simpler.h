#pragma once
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/case.h"

namespace flashdiff {

/// One step simpler, the most promising first: fewer sequences, one head, shorter rows, narrower heads,
/// normal data, no mask, plain scores, right padding. Each is valid and differs from `c` only by having less
/// of something, so every chain of them ends. Works on any case, however it came to be: drawn, from a line,
/// from a capture.
[[nodiscard]] std::vector<Case> simpler(const Case& c);

/// The case as the root of RapidCheck's shrink tree of it, made lazily.
[[nodiscard]] rc::Shrinkable<Case> shrinkable(Case c);

}  // namespace flashdiff
