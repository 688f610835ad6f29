#pragma once
#include <string>

#include "harness/oracle/deviations.h"
#include "harness/problem/laid_out.h"

namespace flashdiff::detail {

/// What the wrong values look like: never written, NaN or Inf or huge as the poison is, zero. Empty where
/// they look like ordinary numbers. `sent` is the case as it was laid out, outputs poisoned.
[[nodiscard]] std::string symptoms(const LaidOut& sent, const Answer& answer, const Deviations& found);

}  // namespace flashdiff::detail
