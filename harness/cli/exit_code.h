#pragma once
#include "harness/outcome/outcome.h"

namespace flashdiff::cli {

/// What the program's exit tells; README.md has the same list.
enum ExitCode : int {
  as_expected = 0,
  kernel_wrong = 1,    ///< of `lint`: the batch is
  bad_usage = 2,       ///< or bad input
  harness_failed = 3,  ///< flashdiff itself
  slower_than_gate = 4,
  incomplete = 5,  ///< nothing ran, or the run ended before its time
};

[[nodiscard]] ExitCode exit_code_of(ErrorKind kind);

/// Says `flashdiff: what` on stderr, one line, and gives the exit code of its kind.
[[nodiscard]] ExitCode complain(const Error& error);

}  // namespace flashdiff::cli
