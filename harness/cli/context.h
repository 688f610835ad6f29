#pragma once
#include <cstdint>

#include "harness/cli/subject.h"
#include "harness/outcome/outcome.h"
#include "harness/run/record.h"

namespace flashdiff::cli {

/// Where and on what this process runs, and how it was called. Errors: those of the driver.
[[nodiscard]] Outcome<RunContext> context_of(const Subject& subject, std::uint64_t seed);

}  // namespace flashdiff::cli
