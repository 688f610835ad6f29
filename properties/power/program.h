#pragma once
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff::power {

struct Ended {
  int code = 0;      ///< exit code, or 128 and the signal, as a shell says it
  std::string said;  ///< standard output and error together
};
/// Runs a program to its end. It is in a process group of its own: Ctrl-C is for who waits for it. Errors
/// (harness): it cannot be started.
[[nodiscard]] Outcome<Ended> run_program(const std::vector<std::string>& command);

}  // namespace flashdiff::power
