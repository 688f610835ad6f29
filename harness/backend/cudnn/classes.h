#pragma once
#include <string>
#include <vector>

#include "harness/backend/cudnn/graph.h"

namespace flashdiff::cudnn {

/// A class of problems, and the small batch that stands for it: cuDNN is asked about shapes, not about one
/// case.
struct ProblemClass {
  std::string phase;   ///< prefill, chunked, decode, cross, training
  std::string handed;  ///< "lengths", "ragged", ...: how it is handed over, padding and pages included
  std::string mask;    ///< none, causal_tl, causal_br, window, window-left
  std::string dtype;
  std::string dims;      ///< "64", "128/64" where d_v differs
  std::string modifier;  ///< plain, softcap, alibi, sink
  Way way = Way::lengths;
  Case example;
};

/// Every class that random cases fall into and cuDNN could be asked about: all phases, ways and masks for
/// f16; the head dims and bf16 of the way that a batch is handed over in; modifiers and f32 once a phase and
/// way. `every`: the full product of them instead.
[[nodiscard]] std::vector<ProblemClass> problem_classes(bool every);

}  // namespace flashdiff::cudnn
