#pragma once
#include <rapidcheck.h>

#include "harness/problem/problem.h"
#include "properties/axis.h"

namespace flashdiff {

/// The same sequences, heads and values, appended: at most as many new tokens as the cache then holds, no
/// mask and no scores, and mostly a rotary embedding, of all columns or of a part.
[[nodiscard]] rc::Gen<Problem> any_append(Problem problem);

/// Takes back what an append cannot be: new tokens beyond kv_len, columns to turn beyond d_qk. For shrinking;
/// does nothing to other passes.
void fit_append(Problem& problem);

[[nodiscard]] std::vector<Axis> append_axes();

}  // namespace flashdiff
