#pragma once
#include "harness/generation/scenario.h"

namespace flashdiff::generation {

/// Compares a step's outputs with the truth and adds what it finds to the cell. `number`: the step's in its
/// stage. `reads`: whether it is the step whose last column a caller of logits[:, -1] reads.
void judge_step(const Asked& asked, const Truth& truth, const Columns& columns, const Cache& cache,
                const Step& step, int number, bool reads, Cell& cell);

}  // namespace flashdiff::generation
