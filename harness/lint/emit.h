#pragma once
#include <string>
#include <vector>

#include "harness/lint/lint.h"

namespace flashdiff::lint {

/// Writes the arrays of every expressible form of every step into a folder (made if it is not there), each as
/// step0.cu_seqlens.indices_k.npy. Returns the paths. Errors: what cannot be written.
[[nodiscard]] Outcome<std::vector<std::string>> emit(const Report& report, const std::string& folder);

}  // namespace flashdiff::lint
