#pragma once
#include <string>

#include "harness/oracle/verdict.h"

namespace flashdiff::cli {

/// What `repro` prints below a verdict's name: the worst element, the budget that was used, where it is
/// wrong, what the device reported. Lines that end in a line feed.
[[nodiscard]] std::string details_of(const Verdict& verdict);

}  // namespace flashdiff::cli
