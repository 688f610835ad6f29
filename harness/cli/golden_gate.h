#pragma once
#include <filesystem>

#include "harness/cli/exit_code.h"
#include "harness/cli/terminal.h"
#include "harness/compare/golden.h"

namespace flashdiff::cli {

/// What was counted is told against golden counters, on stderr, a line for each that is other. `all`: nothing
/// was filtered, so what is golden and was not counted is missing. Returns as_expected; slower_than_gate
/// where a counter is worse; incomplete where there is nothing to be held to: an entry without golden
/// counters or the reverse, or golden counters of another nvcc, whose code has others.
[[nodiscard]] ExitCode held_to_golden(const compare::Golden& counted, const std::filesystem::path& folder,
                                      bool all, const Terminal& terminal);

/// Rewrites the golden counters of what was counted. Of some of them (`all` is false) only by the nvcc that
/// the others are of.
[[nodiscard]] ExitCode update_golden(compare::Golden counted, const std::filesystem::path& folder, bool all);

}  // namespace flashdiff::cli
