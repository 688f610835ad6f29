#pragma once
#include <string>
#include <vector>

#include "harness/lint/lint.h"

namespace flashdiff::lint {

/// Whether what was handed over beside a step's mask agrees with it.
struct Agreement {
  const char* what;                ///< "positions"
  std::string how;                 ///< "count tokens, and go on where the step before ended"
  std::vector<const char*> codes;  ///< of the findings that say no; none: it agrees
  [[nodiscard]] bool agrees() const { return codes.empty(); }
};
/// Of everything that was given for step `i`, in a fixed order.
[[nodiscard]] std::vector<Agreement> agreements(const Report& report, std::size_t i);

}  // namespace flashdiff::lint
