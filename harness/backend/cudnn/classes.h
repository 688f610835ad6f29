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
  std::string mask;    ///< none, causal_tl, causal_br, window, window-left, window-right
  std::string dtype;
  std::string dims;      ///< "64", "128/64" where d_v differs
  std::string modifier;  ///< plain, softcap, alibi, sink; inference: O alone, without stats
  std::string memory;    ///< bshd, bhsd, bshd.view, bhsd.view
  Way way = Way::lengths;
  bool inference = false;
  Case example;
  [[nodiscard]] Handing handing() const { return {way, inference}; }
};

/// Every class that random cases fall into and cuDNN could be asked about: all phases, ways and masks for
/// f16; the head dims, bf16, f32 and modifiers of each phase and way under two masks; orders in memory and
/// inference under one. `every`: the full product of them instead.
[[nodiscard]] std::vector<ProblemClass> problem_classes(bool every);

}  // namespace flashdiff::cudnn
