#pragma once
#include "harness/oracle/deviations.h"

namespace flashdiff::detail {

/// The map of the worst (sequence, head) of O, or of LSE where O is right. At most 64 x 64 cells.
[[nodiscard]] ErrorMap error_map(const Deviations& found);

}  // namespace flashdiff::detail
