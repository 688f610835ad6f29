#pragma once
#include "harness/cli/check_options.h"

namespace flashdiff::cli {

/// The pass that `check` asks: --pass, else the one that all named backends compute, else forward. Errors: a
/// named backend that does not compute it, backends that have no pass in common, a capture or a mask where
/// the pass has none.
[[nodiscard]] Outcome<Pass> asked_pass(const CheckOptions& options);

}  // namespace flashdiff::cli
