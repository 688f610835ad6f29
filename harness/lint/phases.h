#pragma once
#include <vector>

#include "harness/lint/step.h"
#include "harness/outcome/outcome.h"

namespace flashdiff::lint {

/// What the caller says of the steps: nothing, one value for all, or one a step.
struct StepWords {
  std::vector<int> q_len, cache_len;
  std::vector<Phase> phase;
};

/// Fills in kv_len (cutting off the free slots of a static cache), q_len, phase and rows of steps whose masks
/// were read. What was not said follows from the masks: a step has as many new tokens as it has more columns
/// than the step before. Errors: numbers that do not fit the masks, batches of different size.
[[nodiscard]] Outcome<void> settle_phases(std::vector<Step>& steps, const StepWords& words);

}  // namespace flashdiff::lint
