#pragma once
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/generation/cache.h"

namespace flashdiff::generation {

/// Who answers a step: one backend or several, as far as each takes what it is asked.
struct Answerers {
  Backend* append = nullptr;     ///< pass append: rotary embedding, new K and V
  Backend* attention = nullptr;  ///< any number of queries
  Backend* decode = nullptr;     ///< few queries, pages; asked first
};

/// What attention was handed and said in one step.
struct Step {
  std::vector<HandedRow> handed;
  LogicalTensor<float> o;  ///< sequence: row of the batch; row: query
  Numerics attention, turned;
  std::string backend;  ///< who computed attention
  std::string line;     ///< the case that it was asked, as `flashdiff repro` takes it; other numbers
};

/// Runs a step: the new columns' Q and K are turned by the append kernel and stored, and attention is asked
/// as the convention says. `cache` grows by what is stored. Errors: a device's fault, or a kernel that does
/// not take the case, with its reason.
[[nodiscard]] Outcome<Step> run_step(const Model& model, const Truth& truth, const Convention& how,
                                     const Columns& columns, bool in_prompt, Cache& cache,
                                     const Answerers& answerers);

}  // namespace flashdiff::generation
