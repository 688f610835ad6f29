#pragma once
#include "harness/oracle/deviations.h"

namespace flashdiff::detail {

/// The map of the worst (sequence, head) of the output that is most outside of its budget; of LSE only where
/// nothing else is wrong. At most 64 x 64 cells. Something must be wrong.
[[nodiscard]] ErrorMap error_map(const Deviations& found);

}  // namespace flashdiff::detail
