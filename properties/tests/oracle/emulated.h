#pragma once
#include <cstdint>

#include "harness/backend/backend.h"
#include "properties/tests/reference/flash_simulation.h"

namespace flashdiff::testing {

/// A whole answer of a simulated kernel (flash_simulation.h, backward_simulation.h).
[[nodiscard]] Answer emulated(const Kernel& kernel, const Problem& problem, const LogicalData& data);

/// small_problem(number) with few queries, since simulated arithmetic is slow.
[[nodiscard]] Problem emulated_problem(std::uint64_t number, Pass pass);

}  // namespace flashdiff::testing
