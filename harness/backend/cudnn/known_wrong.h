#pragma once
#include <span>
#include <string>

#include "harness/backend/cudnn/graph.h"

namespace flashdiff::cudnn {

/// Versions of cuDNN that answer a class of cases wrongly, or crash on it, though they say yes.
struct KnownWrong {
  int first = 0, fixed = 0;  ///< versions [first, fixed), as 91900
  int sm = 0;                ///< only this one; 0: any
  const char* what;          ///< "a sequence of length 0: NaN in its rows"
  const char* evidence;      ///< where it was reported
  bool (*applies)(const Case& c, const Graph& graph);
};
[[nodiscard]] std::span<const KnownWrong> all_known_wrong();

/// Why a case is refused of this version on this GPU, with the evidence; empty: nothing is known against it.
[[nodiscard]] std::string why_known_wrong(int version, int sm, const Case& c, const Graph& graph);

}  // namespace flashdiff::cudnn
