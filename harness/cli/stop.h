#pragma once
#include <atomic>

namespace flashdiff::cli {

/// From now on the first Ctrl-C or TERM sets what is returned, so that a long run ends after the cases in
/// flight; the second one ends the program.
[[nodiscard]] const std::atomic<bool>& stop_on_signals();

}  // namespace flashdiff::cli
